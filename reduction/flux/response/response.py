"""The response of telescope and instrument, measured with one standard star."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.astrometry.airmass import Airmass
from reduction.errors import NoSensitivity
from reduction.flux.references.extinction import magnitudes_at
from reduction.flux.references.library import Reference, Star
from reduction.flux.response import bands, bins, line_shift, plausibility, spline, systematic
from reduction.flux.response.bands import ResponseMask
from reduction.flux.response.bins import Points
from reduction.flux.response.counts import Counts, above_atmosphere, rate_of
from reduction.flux.response.systematic import BETWEEN_SYSTEMS
from reduction.frames import PixelFlag, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]

STRENGTH: Final = 3.0
"""Of the spline (`reduction.flux.response.spline.fit`) at `BLUE`, with the stiffness 1; it falls as
the wavelength to the power of `STEEPNESS`. With it the fits of 34 real standards of different
nights agree best, and the error of the fit over a hole of 150 Å is the one found."""
BLUE: Final = 4000.0
"""Å."""
STEEPNESS: Final = 3.0
FLOOR: Final = 0.02
"""Fractional error of a point besides its noise: of the reference, from bin to bin."""
LEAST_SIGNAL: Final = 10.0
"""Signal to noise of a point: the logarithm of a fainter one is biased."""
MAGNITUDE: Final = 2.5 / np.log(10.0)
OPTICS_CUTOFF: Final = 3200.0
"""Å: the atmosphere and the optics pass nothing bluewards."""
LEAST_POINTS: Final = 8
LEAST_RANGE: Final = 300.0
"""Å."""
LARGEST_UNCERTAINTY: Final = 0.1
"""Fractional, of the reference: what is less certain does not take part in the fit."""
WIDEST_ERROR: Final = 0.1
"""Fractional error of the fit over masked bands, from which on there is no sensitivity."""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How a response is fitted.

    Parameters
    ----------
    stiffness : float
        1: as measured best; 2 is half as flexible.
    mask_lines : bool
        Whether the lines of the star are left out.
    """

    stiffness: float = 1.0
    mask_lines: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """The response measured with one star, on the axis of its spectrum.

    Parameters
    ----------
    wavelength : (n,) float64
        Air, Å.
    sensitivity : (n,) float64
        Fitted, electron cm² / erg; NaN outside of the fitted range.
    variance : (n,) float64
        Of the fit, from the noise of the counts; ``inf`` where there is no value.
    points : (n,) float64
        Measured ratio, at the pixel nearest to the centre of each bin; NaN elsewhere.
    masked : (n,) uint8
        `ResponseMask` bits.
    residual : (n,) float64
        Measured minus fitted, magnitudes, where there is a point; NaN elsewhere.
    systematic : (n,) float64
        Fractional systematic error of the shape.
    first, last : float
        Fitted range, Å.
    rms : float
        Of the residuals that the fit uses, magnitudes.
    star, source : str
        The star, and the source of its reference spectrum.
    rank : int
        Of the source.
    airmass : float
    points_used : int
    throughput_ratio : float or None
        Median throughput relative to that expected.
    notices : tuple of Notice
    """

    wavelength: Floats
    sensitivity: Floats
    variance: Floats
    points: Floats
    masked: Flags
    residual: Floats
    systematic: Floats
    first: float
    last: float
    rms: float
    star: str
    source: str
    airmass: float
    rank: int = 0
    points_used: int = 0
    throughput_ratio: float | None = None
    notices: tuple[Notice, ...] = ()


def measure(
    spectrum: Spectrum, star: Star, airmass: Airmass, options: FitOptions | None = None
) -> Response:
    """Measure the response with the spectrum of a standard star.

    Parameters
    ----------
    spectrum : Spectrum
        Wavelength calibrated, electron per pixel.
    star : Star
        The star that was observed.
    airmass : Airmass
    options : FitOptions, optional

    Returns
    -------
    Response

    Raises
    ------
    NoSensitivity
        Reference and spectrum do not overlap, the star is saturated or too faint, or the ratio is
        not that of a response: another star was observed, or nearly all light is lost.
    HeaderError
        The spectrum has no wavelengths or no exposure time.
    """
    options = options or FitOptions()
    mode = plausibility.mode_of_header(spectrum.header)
    detected = rate_of(spectrum)
    magnitudes, _ = magnitudes_at(detected.wavelength)
    counts = above_atmosphere(detected, magnitudes, airmass.value)
    saturated = plausibility.check_saturation(counts, star.name)
    counts, remarks = _on_its_lines(counts, star)
    flags = _flags(counts, star.kind, options)
    points, references = _points(counts, flags, star)
    usable = _usable(points, star.name)
    fitted = _fit(points, usable, options)
    response = _response(detected.wavelength, flags, points, usable, fitted)
    error = systematic.SystematicError(
        reference=systematic.of_reference(points, usable, detected.wavelength),
        night=systematic.of_slit(spectrum.header, detected.wavelength, response.sensitivity),
        residual=systematic.of_residuals(points, usable, fitted, detected.wavelength),
        interpolated=np.sqrt(fitted.at(detected.wavelength)[1]),
        airmass=systematic.of_airmass(magnitudes, airmass),
    )
    response = replace(
        response,
        systematic=np.where(np.isfinite(response.sensitivity), error.fraction, np.nan),
        star=star.name,
        source=" + ".join(reference.source for reference in references),
        rank=references[0].rank,
        airmass=airmass.value,
    )
    plausibility.check_star(points, usable, fitted, star.name)
    measured = (mode, response.wavelength, response.sensitivity, star.name)
    shape = plausibility.judge_shape(*measured)
    ratio, level = plausibility.judge_throughput(*measured)
    return replace(
        response,
        throughput_ratio=ratio,
        notices=(*airmass.notices, *saturated, *remarks, *shape, *level),
    )


def _on_its_lines(counts: Counts, star: Star) -> tuple[Counts, tuple[Notice, ...]]:
    """Return counts whose lines are where the best reference has them."""
    flags = bands.in_bands(counts.wavelength, bands.telluric_bands(counts.resolution))
    flags[~counts.good] |= np.uint8(ResponseMask.BAD_PIXEL)
    shift = line_shift.shift_of(counts, flags, star.references[0])
    if not shift:
        return counts, ()
    facts = {"star": star.name, "shift": round(shift, 1)}
    return line_shift.shifted(counts, shift), (notice(NoticeCode.STANDARD_SHIFTED, **facts),)


def _flags(counts: Counts, kind: str, options: FitOptions) -> Flags:
    """Return the `ResponseMask` bits of the pixels of a spectrum."""
    tables = [bands.telluric_bands(counts.resolution)]
    if options.mask_lines:
        tables.append(bands.stellar_bands(kind, counts.resolution))
    flags = bands.in_bands(counts.wavelength, *tables)
    flags[~counts.good] |= np.uint8(ResponseMask.BAD_PIXEL)
    second = (counts.flags & np.uint8(PixelFlag.SECOND_ORDER)) > 0
    flags[second] |= np.uint8(ResponseMask.SECOND_ORDER)
    flags[counts.wavelength < OPTICS_CUTOFF] |= np.uint8(ResponseMask.EDGE)
    return flags


def _points(counts: Counts, flags: Flags, star: Star) -> tuple[Points, tuple[Reference, ...]]:
    """Return the points of the best reference, and beyond its range those of the next."""
    found: Points | None = None
    used: list[Reference] = []
    for reference in star.references:
        points = bins.points_of(counts, flags, reference)
        if not points.wavelength.size:
            continue
        if found is None:
            found, used = points, [reference]
            continue
        joined = bins.continued(found, points)
        if joined is not None:
            found, used = joined, [*used, reference]
    if found is None:
        raise NoSensitivity(NoticeCode.STANDARD_NO_OVERLAP, star=star.name)
    return found, tuple(used)


def _usable(points: Points, star: str) -> NDArray[np.bool_]:
    """Return which points the fit may use.

    Raises
    ------
    NoSensitivity
        They are too few: the star is too faint, or reference and spectrum do not overlap.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        signal = np.nan_to_num(points.ratio / np.sqrt(points.variance), nan=0.0)
    unmasked = (points.flags == 0) & (points.uncertainty < LARGEST_UNCERTAINTY)
    usable = unmasked & (signal > LEAST_SIGNAL)
    if not _enough(points, unmasked):
        raise NoSensitivity(NoticeCode.STANDARD_NO_OVERLAP, star=star)
    if not _enough(points, usable):
        faint = round(float(np.median(signal[unmasked])), 1)
        raise NoSensitivity(NoticeCode.STANDARD_TOO_FAINT, star=star, signal=faint)
    return usable


def strength(wavelength: Floats) -> Floats:
    """Return how much the response may bend: in the blue, where it falls steeply, more."""
    return np.asarray(STRENGTH * (BLUE / wavelength) ** STEEPNESS, dtype=float)


def _enough(points: Points, usable: NDArray[np.bool_]) -> bool:
    where = points.wavelength[usable]
    return where.size >= LEAST_POINTS and float(np.ptp(where)) >= LEAST_RANGE


def _fit(points: Points, usable: NDArray[np.bool_], options: FitOptions) -> spline.SmoothFit:
    noise = points.variance[usable] / points.ratio[usable] ** 2
    reference = np.hypot(FLOOR, np.maximum(points.uncertainty[usable] - BETWEEN_SYSTEMS, 0.0))
    sigma = np.sqrt(noise + reference**2 + points.steepness[usable] ** 2)
    where, half = points.wavelength[usable], 0.5 * points.width[usable]
    return spline.fit(
        where,
        np.log(points.ratio[usable]),
        sigma,
        lambda x: strength(x) / options.stiffness,
        (float(where[0] - half[0]), float(where[-1] + half[-1])),
    )


def _response(
    wavelength: Floats,
    flags: Flags,
    points: Points,
    usable: NDArray[np.bool_],
    fitted: spline.SmoothFit,
) -> Response:
    """Return the response without what is known of star, airmass and systematic errors."""
    value, variance = fitted.at(wavelength)
    noise = fitted.propagated(wavelength, points.variance[usable] / points.ratio[usable] ** 2)
    known = np.sqrt(variance) < WIDEST_ERROR
    known = _longest_run(known)
    sensitivity = np.where(known, np.exp(value), np.nan)
    centre = np.clip(np.searchsorted(wavelength, points.wavelength), 0, wavelength.size - 1)
    measured = np.full(wavelength.size, np.nan)
    measured[centre] = points.ratio
    residual = np.full(wavelength.size, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        residual[centre] = MAGNITUDE * (np.log(points.ratio) - fitted.at(points.wavelength)[0])
    masked = flags.copy()
    masked[centre] |= points.flags
    used = np.zeros(points.wavelength.size, dtype=bool)
    used[np.flatnonzero(usable)[fitted.weight > 0]] = True
    masked[centre[usable & ~used]] |= np.uint8(ResponseMask.OUTLIER)
    masked[~known] |= np.uint8(ResponseMask.EDGE)
    where = wavelength[known]
    return Response(
        wavelength=wavelength,
        sensitivity=sensitivity,
        variance=np.where(known, np.exp(2 * value) * noise, np.inf),
        points=measured,
        masked=masked,
        residual=residual,
        systematic=np.full(wavelength.size, np.nan),
        first=float(where[0]),
        last=float(where[-1]),
        rms=float(np.sqrt(np.mean(residual[centre[used]] ** 2))),
        star="",
        source="",
        airmass=np.nan,
        points_used=int(used.sum()),
    )


def _longest_run(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the longest part without interruption of what is known."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(int)))
    starts, ends = edges[::2], edges[1::2]
    kept = np.zeros_like(known)
    if starts.size:
        best = int(np.argmax(ends - starts))
        kept[starts[best] : ends[best]] = True
    return kept
