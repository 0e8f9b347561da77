"""Extract 1-D spectra from a reduced frame with apertures along traces.

Trace and aperture are recorded in the header (`reduction.extraction.trace_cards`), so that the same
physical aperture can be used on a frame of another binning or trim (`extract_along`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction.detector import geometry
from reduction.errors import MissingCalibration
from reduction.extraction import aperture_sums
from reduction.extraction.background import Background, background_beside
from reduction.extraction.strip import Strip, cut_strip
from reduction.extraction.trace_cards import read_trace, record_trace, rows_of
from reduction.extraction.tracing import Trace
from reduction.fits import provenance, vocabulary
from reduction.frames import Spectrum
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

Array = NDArray[np.float64]

LAMP_HALF_WIDTH = 10.0
"""Half height of the aperture of a lamp, around the middle of the slit, unbinned rows."""
OPTIMAL_WINDOW = 3.0
"""Half range of the optimal weights, in half apertures: the wings still hold light."""
OPTIMAL_ZONE = 5.0
"""Factor on the width of the background zones for optimal extraction, so that the background does
not add the noise that the weights avoid."""


@dataclass(frozen=True, slots=True)
class Apertures:
    """Widths of the aperture and of the background zones, in FWHM of the target.

    `width` is the whole aperture; zones begin `offset` beyond its edges and are `zone` wide.
    """

    width: float = 2.0
    offset: float = 3.0
    zone: float = 2.0


def extract_target(
    frame: CCDData,
    trace: Trace,
    others: Sequence[Trace],
    apertures: Apertures,
    *,
    optimal: bool,
) -> tuple[Spectrum, Notice | None]:
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
        Use Horne's weights instead of a boxcar. The flux is then all the light of the target, else
        the light inside the aperture; the fraction outside it is written to ``GSP_LOSS``.

    Returns
    -------
    spectrum : Spectrum
        Electron per column, with variance, mask and the sky in the aperture.
    notice : Notice or None
        Set when the background could not be measured on both sides.
    """
    columns = np.arange(frame.shape[1], dtype=float)
    centre = np.asarray(trace.polynomial(columns))
    half = apertures.width * trace.fwhm / 2
    edges = (-half, half)
    zones = _zones(trace, apertures, optimal=optimal)
    window = max(half * (OPTIMAL_WINDOW if optimal else 1.0), half + 1)
    near = [other for other in others if _gap(trace, other, columns) < window + 2 * other.fwhm]
    reach = max(window, *(abs(edge) for pair in zones for zone in pair for edge in zone))
    strip = cut_strip(frame, float(centre.min()) - reach, float(centre.max()) + reach)
    background, remark = _background(strip, centre, others, zones)
    spans = [float(_gap(trace, other, columns)) + 1.5 * other.fwhm for other in near]
    window = max([window, *spans])
    core = strip.part(float(centre.min()) - window - 1, float(centre.max()) + window + 1)
    lights = [_pixels(core, source, columns) for source in (trace, *near)]
    summed = light_of_others = None
    if optimal or near:
        summed, light_of_others = aperture_sums.optimal_extract(
            core, centre, edges, background, lights
        )
    if not optimal or summed is None:
        taken = 0.0 if light_of_others is None else light_of_others
        summed = aperture_sums.boxcar_extract(
            core, centre, edges, background, light=lights[0], others=taken
        )
    header = frame.meta.copy()
    record_trace(header, trace.polynomial, edges, float(trace.rms))
    loss = 0.0 if optimal else _loss(core, centre, edges, lights[0])
    _record_light(header, trace, loss, columns[[0, -1]])
    record_zones(header, float(centre[0]), () if background is None else background.zones)
    return Spectrum(summed.flux, summed.variance, summed.flags, header, summed.sky), remark


def _gap(trace: Trace, other: Trace, columns: Array) -> float:
    """Return the smallest distance between two traces, rows."""
    return float(np.min(np.abs(trace.polynomial(columns) - other.polynomial(columns))))


def _pixels(strip: Strip, trace: Trace, columns: Array) -> Array:
    """Return the profile of a target in the pixels of a strip, total 1 over an infinite slit."""
    return trace.shape.pixels(strip.rows[:, None] - trace.polynomial(columns), trace.wider(columns))


def _loss(strip: Strip, centre: Array, edges: tuple[float, float], light: Array) -> float:
    """Return the fraction of the light outside the aperture, median of the columns.

    A pixel at an edge counts in proportion, so this is not exactly the fraction outside the edges
    when the target is only a few rows wide.
    """
    part = aperture_sums.covered(strip.rows, centre + edges[0], centre + edges[1])
    return float(1 - np.median((part * light).sum(axis=0)))


Zones = tuple[tuple[float, float], tuple[float, float]]


def _zones(trace: Trace, apertures: Apertures, *, optimal: bool) -> tuple[Zones, Zones]:
    """Return the preferred and the fallback background zones, relative to the trace, rows."""
    edge = apertures.width * trace.fwhm / 2
    near = edge + apertures.offset * trace.fwhm
    width = apertures.zone * (OPTIMAL_ZONE if optimal else 1.0)
    far = near + max(width * trace.fwhm, 4.0)
    close, wider = edge + 0.5 * trace.fwhm, far + 3 * trace.fwhm
    return ((-far, -near), (near, far)), ((-wider, -close), (close, wider))


def _background(
    strip: Strip, centre: Array, others: Sequence[Trace], zones: tuple[Zones, Zones]
) -> tuple[Background | None, Notice | None]:
    """Measure the background in both zones, in one of them, or else in the fallback zones."""
    contaminated, cleared = None, strip
    columns = np.arange(centre.size, dtype=float)
    for other in others:
        offset = np.asarray(strip.rows[:, None] - other.polynomial(columns))
        if np.min(np.abs(offset)) > 8 * other.fwhm:
            continue
        # The core is masked; the extended wings are subtracted.
        core_pixels = np.abs(offset) < 1.5 * other.fwhm + 1
        contaminated = core_pixels if contaminated is None else contaminated | core_pixels
        light = np.interp(columns, other.columns, other.light) * other.shape.pixels(
            offset, other.wider(columns)
        )
        cleared = replace(cleared, data=cleared.data - light)
    preferred, fallback = zones
    background = background_beside(cleared, centre, preferred, contaminated)
    if background is not None and len(background.zones) == 2:
        return background, None
    if background is not None:
        return background, notice(NoticeCode.BACKGROUND_ONE_SIDE)
    background = background_beside(cleared, centre, fallback, contaminated)
    if background is not None:
        return background, notice(NoticeCode.BACKGROUND_MOVED)
    return None, notice(NoticeCode.BACKGROUND_NOT_SUBTRACTED)


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


def record_zones(header: fits.Header, first: float, zones: Sequence[tuple[float, float]]) -> None:
    """Write the background zones to a header, as rows of the first column counted from 1."""
    for number, keyword in enumerate((vocabulary.GSP_BKG1, vocabulary.GSP_BKG2)):
        written = provenance.NONE
        if number < len(zones):
            low, high = (first + edge + 1 for edge in zones[number])
            written = f"{low:.2f}:{high:.2f} column 1"
        provenance.put(header, keyword, written, "background extraction zone")


def extract_lamp(frame: CCDData) -> Spectrum:
    """Extract a comparison lamp from the middle of the slit, without background subtraction.

    Parameters
    ----------
    frame : CCDData
        (n_spatial, n_dispersion), electron, reduced, with ``LTM`` and ``LTV``.

    Returns
    -------
    Spectrum
        Electron, the sum of `LAMP_HALF_WIDTH` unbinned rows to either side of the middle.
    """
    half = LAMP_HALF_WIDTH / geometry.binning_along(frame.meta, 2)
    trace = Polynomial([(frame.shape[0] - 1) / 2])
    half = min(half, frame.shape[0] / 2)
    summed = _sum_lamp(frame, np.full(frame.shape[1], trace(0.0)), (-half, half))
    header = frame.meta.copy()
    record_trace(header, trace, (-half, half), 0.0)
    return Spectrum(summed.flux, summed.variance, summed.flags, header, summed.sky)


def _sum_lamp(
    frame: CCDData, centre: Array, edges: tuple[float, float]
) -> aperture_sums.ExtractedFlux:
    strip = cut_strip(
        frame, float(np.nanmin(centre)) + edges[0], float(np.nanmax(centre)) + edges[1]
    )
    return aperture_sums.boxcar_extract(strip, centre, edges)


def extract_along(frame: CCDData, reference: fits.Header) -> Spectrum:
    """Extract the physical aperture of a spectrum from another reduced frame, such as its lamp.

    Parameters
    ----------
    frame : CCDData
        Reduced frame, possibly of another binning or trim than the spectrum's parent.
    reference : fits.Header
        Header of the spectrum: trace, aperture, ``LTM`` and ``LTV`` of its parent.

    Returns
    -------
    Spectrum
        On the frame's own dispersion pixels, with the frame's header (its ``LTM1_1`` and ``LTV1``
        hold), no background subtracted.

    Raises
    ------
    HeaderError
        A header lacks the aperture, or the position of its frame on the detector.
    MissingCalibration
        The frame does not cover the rows of the aperture.
    """
    trace, edges = read_trace(reference)
    columns = np.arange(frame.shape[1], dtype=float)
    rows, scale = rows_of(trace, reference, frame.meta, columns)
    low, high = (edge * scale for edge in edges)
    outside = (rows + low < -0.5) | (rows + high > frame.shape[0] - 0.5)
    if outside.mean() > 0.5:
        covers = [float(geometry.to_physical(frame.meta, 2, r)) for r in (0, frame.shape[0] - 1)]
        middle = float(geometry.to_physical(frame.meta, 2, float(np.median(rows))))
        raise MissingCalibration(
            NoticeCode.LAMP_DOES_NOT_COVER, first=covers[0], last=covers[1], row=middle
        )
    summed = _sum_lamp(frame, rows, (low, high))
    header = frame.meta.copy()
    repeated = Polynomial.fit(columns, rows, max(trace.degree(), 1)).convert()
    record_trace(header, repeated, (low, high), 0.0)
    return Spectrum(summed.flux, summed.variance, summed.flags, header, summed.sky)
