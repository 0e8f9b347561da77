"""The response of telescope and instrument, measured with one standard star."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.astrometry.airmass import Airmass
from reduction.errors import NoSensitivity
from reduction.flux.references.extinction import magnitudes_at
from reduction.flux.references.library import Star
from reduction.flux.response import plausibility, second_order, selection, spline, systematic
from reduction.flux.response.bands import ResponseMask
from reduction.flux.response.bins import Points
from reduction.flux.response.counts import above_atmosphere, rate_of
from reduction.flux.response.model import MAGNITUDE, FitOptions, Response
from reduction.flux.response.systematic import BETWEEN_SYSTEMS
from reduction.frames import Spectrum
from reduction.notice_codes import NoticeCode

__all__ = ["FitOptions", "Response", "measure"]

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
WIDEST_ERROR: Final = 0.1
"""Fractional error of the fit over masked bands, from which on there is no sensitivity."""


def measure(
    spectrum: Spectrum,
    star: Star,
    airmass: Airmass,
    options: FitOptions | None = None,
    transmission: Floats | None = None,
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
    transmission : (n,) float64, optional
        Of the bands of oxygen and water, where it has been measured.

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
    second = second_order.contamination(
        detected, star.references[0], spectrum.header, airmass.value
    )
    counts, remarks = selection.on_its_lines(counts, star)
    flags = selection.flags_of(counts, second, star.kind, options)
    points, references = selection.points_of(counts, flags, star, transmission)
    usable = selection.usable_points(points, star.name)
    fitted = _fit(points, usable, options)
    known = _known(detected.wavelength, fitted)
    if not known.any():
        noise = np.sqrt(np.maximum(points.variance, 1e-12 * points.ratio**2))
        signal = float(np.median((points.ratio / noise)[usable]))
        raise NoSensitivity(NoticeCode.STANDARD_TOO_FAINT, star=star.name, signal=round(signal, 1))
    response = _response(detected.wavelength, flags, points, usable, fitted, known)
    error = systematic.SystematicError(
        reference=systematic.of_reference(points, usable, detected.wavelength),
        night=systematic.of_slit(spectrum.header, detected.wavelength, response.sensitivity),
        residual=systematic.of_residuals(points, usable, fitted, detected.wavelength),
        interpolated=np.sqrt(fitted.at(detected.wavelength)[1]),
        airmass=systematic.of_airmass(magnitudes, airmass),
        second_order=np.where(second <= second_order.TOLERATED, second, 0.0),
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


def strength(wavelength: Floats) -> Floats:
    """Return how much the response may bend: in the blue, where it falls steeply, more."""
    return np.asarray(STRENGTH * (BLUE / wavelength) ** STEEPNESS, dtype=float)


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


def _known(wavelength: Floats, fitted: spline.SmoothFit) -> NDArray[np.bool_]:
    """Return where the fit is certain enough, (n,), without interruption."""
    return _longest_run(np.sqrt(fitted.at(wavelength)[1]) < WIDEST_ERROR)


def _response(  # noqa: PLR0917 (the fit, and what it rests on)
    wavelength: Floats,
    flags: Flags,
    points: Points,
    usable: NDArray[np.bool_],
    fitted: spline.SmoothFit,
    known: NDArray[np.bool_],
) -> Response:
    """Return the response without what is known of star, airmass and systematic errors."""
    value, _ = fitted.at(wavelength)
    noise = fitted.propagated(wavelength, points.variance[usable] / points.ratio[usable] ** 2)
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
