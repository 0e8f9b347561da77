"""Extract a target: choose the method, subtract its background, and mark what is not reliable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from reduction.detector import geometry
from reduction.detector.strip import Strip, cut_strip
from reduction.extraction import aperture_sums, background_zones
from reduction.extraction.aperture_sums import ExtractedFlux
from reduction.extraction.background_zones import Apertures, FrameSky
from reduction.extraction.trace_cards import record_trace
from reduction.extraction.tracing import Trace
from reduction.fits import frame_io, provenance, vocabulary
from reduction.frames import PixelFlag, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.sky.background import Background
from reduction.sky.sky_model import SkyModel

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

PLATE_SCALE = 0.15
"""Arcseconds per unbinned pixel along the slit."""
OPTIMAL_WINDOW = 3.0
"""Half range of the optimal weights, in half apertures: the wings still hold light."""
SEEING_MOST = 5.0
"""FWHM above which a target is not a point source, arcsec."""
DISAGREE = 0.04
"""Relative difference between weighted and plain sum from which the profile does not fit."""
DISAGREE_SIGMA = 5.0
DISAGREE_COLUMNS = 16
"""Columns that are averaged for that comparison, about the width of the structures it looks for."""
DISAGREE_SHARE = 0.03
"""Fraction of the columns that must differ."""
MOST_HIDDEN = 0.5
"""Fraction of the light in saturated pixels above which a column has no value."""
IN_BACKGROUND = 0.02
"""Brightness of the target in the background zones, against its peak, from which it is said."""
OWN_LIGHT_ERROR = 1.0
"""Error of the target's own light in the zones, as a fraction of it."""
PROFILE_ERROR = 0.05
"""Error of the profile: of the light that is replaced by it in saturated pixels, as a fraction."""

MOSTLY_SATURATED = 0.1
"""Fraction of the columns with saturated pixels above which the notice is an error."""


@dataclass(frozen=True, slots=True)
class TargetSpectrum:
    """The spectrum of a target, and how it was obtained.

    Parameters
    ----------
    spectrum : Spectrum
        Electron per column, with variance, mask, aperture loss and the sky in the aperture.
    notices : tuple of Notice
    optimal : bool
        Whether the pixels were weighted with the profile; else the aperture was summed.
    saturated : float
        Fraction of the columns with saturated pixels in the aperture.
    """

    spectrum: Spectrum
    notices: tuple[Notice, ...]
    optimal: bool
    saturated: float


def extract_target(
    frame: CCDData,
    trace: Trace,
    others: Sequence[Trace],
    apertures: Apertures,
    *,
    optimal: bool,
    sky: FrameSky | None = None,
) -> TargetSpectrum:
    """Extract one target from a reduced frame.

    Parameters
    ----------
    frame : CCDData
        (n_spatial, n_dispersion), electron, with variance, flags, ``LTM`` and ``LTV``.
    trace : Trace
        The target.
    others : sequence of Trace
        Other targets. Their light is excluded from the background, and fitted together with that of
        the target where they overlap.
    apertures : Apertures
    optimal : bool
        Use Horne's weights instead of a boxcar, if the target is a point source: its profile must
        account for its light. The flux is then all the light of the target, else the light inside
        the aperture. `Spectrum.loss` is the fraction outside it in every column; its median is
        written to ``GSP_LOSS``.
    sky : FrameSky, optional
        Of the frame; given when several of its targets are extracted.

    Returns
    -------
    TargetSpectrum
        A column whose light is mostly in saturated pixels has no value; where they hold less, they
        are left out, and the variance includes the error of the profile that replaces them.
    """
    arcsec = trace.fwhm * geometry.binning_along(frame.meta, 2) * PLATE_SCALE
    sky = sky or FrameSky(frame, (trace, *others))
    point = optimal and arcsec <= SEEING_MOST
    scene = _scene(frame, trace, others, apertures, sky, optimal=point)
    summed, loss = scene.extract()
    if scene.optimal and not _profile_fits(scene, summed):
        scene = replace(scene, optimal=False)  # with the wide zones, most of which it leaves free
        summed, loss = scene.extract()
    notices = list(scene.notices)
    if optimal and not scene.optimal:
        notices.append(notice(NoticeCode.TARGET_EXTENDED, fwhm=round(arcsec, 2)))
    summed, filling = _with_own_light(scene, summed, trace)
    notices += filling
    summed, saturated = _without_saturated(scene, summed)
    notices += saturation_notices(saturated)
    header = frame.meta.copy()
    record_trace(header, trace.polynomial, scene.edges, float(trace.rms))
    _record_light(header, trace, float(np.median(loss)), scene.columns[[0, -1]])
    zones = () if scene.background is None else scene.background.zones
    background_zones.record_zones(header, float(scene.centre[0]), zones)
    spectrum = Spectrum(summed.flux, summed.variance, summed.flags, header, summed.sky, loss=loss)
    return TargetSpectrum(spectrum, tuple(notices), scene.optimal, saturated)


@dataclass(frozen=True, slots=True)
class _Scene:
    """The pixels around a target, its profile and those of its neighbours, and the background.

    `core` are the rows that are extracted, without their saturated pixels; `lights` are the
    profiles in its pixels, the target's first; `suspect` are its saturated pixels and those beside
    them that received charge.
    """

    core: Strip
    n_rows: int
    columns: Array
    centre: Array
    edges: tuple[float, float]
    background: Background | SkyModel | None
    lights: list[Array]
    suspect: Mask
    notices: tuple[Notice, ...]
    optimal: bool

    def extract(self) -> tuple[ExtractedFlux, Array]:
        """Return the flux, and the fraction of the light outside the aperture per column."""
        others: Array | float = 0.0
        if self.optimal or len(self.lights) > 1:
            summed, others = aperture_sums.optimal_extract(
                self.core, self.centre, self.edges, self.background, self.lights
            )
            if self.optimal:
                return summed, np.zeros(self.centre.size)
        return self.boxcar(others)

    def boxcar(self, others: Array | float = 0.0) -> tuple[ExtractedFlux, Array]:
        """Return the sum of the aperture, and the fraction of the light outside it."""
        summed = aperture_sums.boxcar_extract(
            self.core,
            self.centre,
            self.edges,
            self.background,
            light=self.lights[0],
            others=others,
        )
        return summed, self.loss()

    def inside(self) -> Array:
        """Return how much of every pixel of the core is inside the aperture."""
        low, high = self.centre + self.edges[0], self.centre + self.edges[1]
        return aperture_sums.covered(self.core.rows, low, high)

    def loss(self) -> Array:
        """Return the fraction of the light outside the aperture, (n_dispersion,).

        A pixel at an edge counts in proportion, so this is not exactly the fraction outside the
        edges when the target is only a few rows wide.
        """
        return np.asarray(1 - (self.inside() * self.lights[0]).sum(axis=0))


def _scene(
    frame: CCDData,
    trace: Trace,
    others: Sequence[Trace],
    apertures: Apertures,
    sky: FrameSky,
    *,
    optimal: bool,
) -> _Scene:
    """Cut out a target and measure its background."""
    columns = np.arange(frame.shape[1], dtype=float)
    centre = np.asarray(trace.polynomial(columns))
    half = apertures.width * trace.fwhm / 2
    plane = frame_io.variance_of(frame)
    typical = 0.0 if plane is None else float(np.median(plane[::16, ::16]))
    zones = background_zones.zones_of(trace, apertures, typical, optimal=optimal)
    window = max(half * (OPTIMAL_WINDOW if optimal else 1.0), half + 1)
    near = [other for other in others if _gap(trace, other, columns) < window + 2 * other.fwhm]
    reach = max(window, *(abs(edge) for pair in zones for zone in pair for edge in zone))
    strip = cut_strip(frame, float(centre.min()) - reach, float(centre.max()) + reach)
    background, remark = background_zones.measure_background(
        strip, centre, trace, others, zones, sky
    )
    spans = [float(_gap(trace, other, columns)) + 1.5 * other.fwhm for other in near]
    window = max([window, *spans])
    core = strip.part(float(centre.min()) - window - 1, float(centre.max()) + window + 1)
    suspect = _suspect(core.saturated)
    if suspect.any():
        core = replace(core, good=core.good & ~suspect)
    rows = core.rows[:, None].astype(float)
    return _Scene(
        core,
        frame.shape[0],
        columns,
        centre,
        (-half, half),
        background,
        [source.pixels(rows, columns) for source in (trace, *near)],
        suspect,
        () if remark is None else (remark,),
        optimal,
    )


def _gap(trace: Trace, other: Trace, columns: Array) -> float:
    """Return the smallest distance between two traces, rows."""
    return float(np.min(np.abs(trace.polynomial(columns) - other.polynomial(columns))))


def _suspect(saturated: Mask) -> Mask:
    """Return saturated pixels, and those next to two or more of them along the slit.

    Charge beyond the full well spreads along the slit, the direction in which the rows are read.
    """
    if not saturated.any():
        return saturated
    blooming = np.zeros_like(saturated)
    pair = saturated[1:] & saturated[:-1]
    blooming[2:] |= pair[:-1]
    blooming[:-2] |= pair[1:]
    return np.asarray(saturated | blooming)


def _profile_fits(scene: _Scene, weighted: ExtractedFlux) -> bool:
    """Return whether weighted and plain sum agree, so that the profile accounts for the light.

    An extended source has another profile in its emission lines than in its continuum.
    """
    if len(scene.lights) > 1:
        return True  # overlapping targets have no aperture of their own
    plain, loss = scene.boxcar()
    kept = 1 - loss
    usable = ((weighted.flags | plain.flags) == 0) & np.isfinite(plain.variance)
    if np.count_nonzero(usable) < 2 * DISAGREE_COLUMNS:
        return True
    flux = weighted.flux[usable]
    difference = (plain.flux / kept)[usable] - flux
    # Both sums have the noise of the weighted one in common.
    variance = np.maximum((plain.variance / kept**2)[usable] - weighted.variance[usable], 0)
    mean, level = (uniform_filter1d(one, DISAGREE_COLUMNS) for one in (difference, flux))
    mean_variance = np.maximum(uniform_filter1d(variance, DISAGREE_COLUMNS), 0)  # a running sum
    sigma = np.sqrt(mean_variance / DISAGREE_COLUMNS)
    differs = np.abs(mean) > np.maximum(DISAGREE_SIGMA * sigma, DISAGREE * np.abs(level))
    return float(np.mean(differs)) < DISAGREE_SHARE


def _with_own_light(
    scene: _Scene, summed: ExtractedFlux, trace: Trace
) -> tuple[ExtractedFlux, list[Notice]]:
    """Add the error of the target's own light in the background zones to the variance.

    It was subtracted with the profile, which is extrapolated there when the target fills the slit.
    """
    if scene.background is None:
        return summed, []
    middle = float(np.median(scene.centre))
    offset = np.arange(scene.n_rows) - middle
    inside = np.zeros(offset.size, dtype=bool)
    for low, high in scene.background.zones:
        inside |= (offset >= low) & (offset <= high)
    peak, beside = (
        trace.shape.pixels(at) for at in (np.zeros(1), offset[inside] if inside.any() else offset)
    )
    share = float(np.mean(beside) / max(float(peak[0]), 1e-12))
    if share < IN_BACKGROUND:
        return summed, []
    height = scene.inside().sum(axis=0)
    error = OWN_LIGHT_ERROR * float(np.mean(beside)) * height * np.nan_to_num(summed.flux)
    changed = replace(summed, variance=summed.variance + error**2)
    return changed, [notice(NoticeCode.TARGET_IN_BACKGROUND, fraction=round(share, 3))]


def _without_saturated(scene: _Scene, summed: ExtractedFlux) -> tuple[ExtractedFlux, float]:
    """Remove the value of columns whose light is mostly in saturated pixels; return their share."""
    if not scene.suspect.any():
        return summed, 0.0
    light = scene.lights[0] if scene.optimal else scene.lights[0] * scene.inside()
    hidden = np.where(scene.suspect, light, 0).sum(axis=0) / np.maximum(light.sum(axis=0), 1e-12)
    hit = (summed.flags & np.uint8(PixelFlag.SATURATED)) != 0
    part = np.where(hit, np.minimum(hidden, MOST_HIDDEN), 0.0)
    error = PROFILE_ERROR * part / (1 - part) * np.nan_to_num(summed.flux)
    lost = hit & (hidden > MOST_HIDDEN)
    flags = summed.flags | np.where(lost, np.uint8(PixelFlag.BAD), np.uint8(0))
    changed = replace(
        summed,
        flux=np.where(lost, np.nan, summed.flux),
        variance=np.where(lost, np.inf, summed.variance + error**2),
        flags=flags,
    )
    return changed, float(np.mean(hit))


def saturation_notices(fraction: float) -> list[Notice]:
    """Return the notice of a fraction of columns with saturated pixels in the aperture."""
    if fraction == 0:
        return []
    code = NoticeCode.TARGET_SATURATED
    if fraction > MOSTLY_SATURATED:
        code = NoticeCode.TARGET_MOSTLY_SATURATED
    return [notice(code, fraction=round(fraction, 4))]


def _record_light(header: fits.Header, trace: Trace, loss: float, ends: Array) -> None:
    """Write profile and aperture loss of a target to a header; `ends` are the outer columns."""
    for keyword, fwhm, end in zip(
        (vocabulary.GSP_FWLO, vocabulary.GSP_FWHI),
        trace.fwhm * np.broadcast_to(trace.wider(ends), 2),
        ("first", "last"),
        strict=True,
    ):
        provenance.put(header, keyword, round(float(fwhm), 4), f"FWHM at the {end} column, pixel")
    source = trace.guide or "own"
    provenance.put(header, vocabulary.GSP_TFRM, source, "what the trace was measured on")
    provenance.put(header, vocabulary.GSP_FWHM, round(trace.fwhm, 4), "FWHM along the slit, pixel")
    if trace.shape.beta is not None:
        provenance.put(header, vocabulary.GSP_BETA, round(trace.shape.beta, 3), "Moffat exponent")
    provenance.put(header, vocabulary.GSP_LOSS, round(loss, 5), "share of light outside aperture")
