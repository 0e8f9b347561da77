"""The zones beside a target in which its background is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.detector.strip import Strip
from reduction.extraction.tracing import Trace
from reduction.fits import frame_io, provenance, vocabulary
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.sky import sky_model
from reduction.sky.background import Background, background_beside, pixels_of
from reduction.sky.sky_model import SkyModel
from reduction.sky.slit_curvature import Curvature, measure_curvature

Array = NDArray[np.float64]

OPTIMAL_ZONE, FAINT_ZONE = 5.0, 10.0
"""Factors on the width of the background zones for optimal extraction, so that the background does
not add the noise that the weights avoid: of a bright target, and of one that is much fainter than
its background, where that noise is the larger part."""


TARGET_REACH = (3.0, 1.0, 0.0)
"""Half range of the rows of a target that are not used for the sky lines, FWHM; the first that
leaves half of the slit."""


@dataclass(frozen=True, slots=True)
class Apertures:
    """Widths of the aperture and of the background zones, in FWHM of the target.

    `width` is the whole aperture; zones begin `offset` beyond its edges and are `zone` wide.
    """

    width: float = 2.0
    offset: float = 3.0
    zone: float = 2.0


class FrameSky:
    """What all targets of a frame have in common of the sky: how the slit's image is curved.

    Parameters
    ----------
    frame : CCDData
        (n_spatial, n_dispersion), electron, with variance and flags.
    traces : sequence of Trace
        The targets, whose rows show something else than the sky.
    """

    def __init__(self, frame: CCDData, traces: Sequence[Trace]) -> None:
        self._frame = frame
        self._traces = traces

    @cached_property
    def curvature(self) -> Curvature | None:
        """Tilt and curvature of the sky lines; None when they are too faint to show any."""
        frame = self._frame
        variance = frame_io.variance_of(frame)
        if variance is None:
            return None
        # The continuum of a target that covers most of the slit does no harm.
        free = next(free for n in TARGET_REACH if (free := self._free(n)).mean() > 0.5 or n == 0)
        usable = (frame_io.flags_of(frame) == 0) & np.isfinite(frame.data) & np.isfinite(variance)
        return measure_curvature(frame.data, variance, usable, free)

    def _free(self, reach: float) -> NDArray[np.bool_]:
        """Return the rows farther than some FWHM from all targets, (n_spatial,) bool."""
        rows = np.arange(self._frame.shape[0])
        ends = np.linspace(0, self._frame.shape[1] - 1, 3)
        free = np.ones(rows.size, dtype=bool)
        for trace in self._traces if reach else ():
            centre = np.asarray(trace.polynomial(ends))
            far = reach * trace.fwhm
            free &= (rows < centre.min() - far) | (rows > centre.max() + far)
        return free


Zones = tuple[tuple[float, float], tuple[float, float]]


def zones_of(
    trace: Trace, apertures: Apertures, variance: float, *, optimal: bool
) -> tuple[Zones, Zones]:
    """Return the preferred and the fallback background zones, relative to the trace, rows.

    `variance` is that of a pixel of the background, electron squared.
    """
    edge = apertures.width * trace.fwhm / 2
    near = edge + apertures.offset * trace.fwhm
    width = apertures.zone
    if optimal:
        light = max(float(np.median(trace.light)), 0.0)
        # The background of about 1.5 FWHM counts in the noise of an optimal sum.
        faint = 1 - light / max(light + 1.5 * trace.fwhm * variance, 1e-12)
        width *= OPTIMAL_ZONE + faint * (FAINT_ZONE - OPTIMAL_ZONE)
    far = near + max(width * trace.fwhm, 4.0)
    close, wider = edge + 0.5 * trace.fwhm, far + 3 * trace.fwhm
    return ((-far, -near), (near, far)), ((-wider, -close), (close, wider))


def measure_background(  # noqa: PLR0917 (the pixels, what is in them, and where)
    strip: Strip,
    centre: Array,
    trace: Trace,
    others: Sequence[Trace],
    zones: tuple[Zones, Zones],
    sky: FrameSky,
) -> tuple[Background | SkyModel | None, Notice | None]:
    """Measure the background in both zones, in one of them, or else in the fallback zones.

    It is a straight line along the slit in every column, or a model of the sky along its tilted
    lines where the straight lines leave something of them.
    """
    columns = np.arange(centre.size, dtype=float)
    # The target's own wings reach into the zones.
    contaminated, cleared = None, without_light(strip, trace, columns)
    for other in others:
        offset = np.asarray(strip.rows[:, None] - other.polynomial(columns))
        if np.min(np.abs(offset)) > 8 * other.fwhm:
            continue
        # The core is masked; the extended wings are subtracted.
        core_pixels = np.abs(offset) < 1.5 * other.fwhm + 1
        contaminated = core_pixels if contaminated is None else contaminated | core_pixels
        cleared = without_light(cleared, other, columns)
    preferred, fallback = zones
    remark, chosen = None, preferred
    background = background_beside(cleared, centre, preferred, contaminated)
    if background is not None and len(background.zones) < 2:
        remark = notice(NoticeCode.BACKGROUND_ONE_SIDE)
    if background is None:
        chosen = fallback
        background = background_beside(cleared, centre, fallback, contaminated)
        remark = notice(NoticeCode.BACKGROUND_MOVED)
    if background is None:
        return None, notice(NoticeCode.BACKGROUND_NOT_SUBTRACTED)
    pixels, _ = pixels_of(cleared, centre, chosen, contaminated)
    if sky_model.is_needed(cleared, pixels, background) and sky.curvature is not None:
        model = sky_model.fit_sky(cleared, pixels, background, sky.curvature)
        if model is not None:
            return model, remark
    return background, remark


def without_light(strip: Strip, trace: Trace, columns: Array) -> Strip:
    """Return the strip without the light of a target, which is interpolated between the blocks."""
    profile = trace.pixels(strip.rows[:, None].astype(float), trace.columns)
    share = np.stack([np.interp(columns, trace.columns, one) for one in np.eye(len(trace.columns))])
    light = (profile * trace.light).astype(np.float32) @ share.astype(np.float32)
    return replace(strip, data=strip.data - light)


def record_zones(header: fits.Header, first: float, zones: Sequence[tuple[float, float]]) -> None:
    """Write the background zones to a header, as rows of the first column counted from 1."""
    for number, keyword in enumerate((vocabulary.GSP_BKG1, vocabulary.GSP_BKG2)):
        written = provenance.NONE
        if number < len(zones):
            low, high = (first + edge + 1 for edge in zones[number])
            written = f"{low:.2f}:{high:.2f} column 1"
        provenance.put(header, keyword, written, "background extraction zone")
