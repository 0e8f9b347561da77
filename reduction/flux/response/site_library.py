"""The site library: the response of a setup as the standards of earlier nights measured it.

The shape of the response is that of the instrument, and changes little; what changes from night to
night is its level and its slope (slit loss, refraction, mirror). The median of the earlier nights
therefore tells the shape better than one star does, and the star of the night tells the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from reduction.errors import NoSensitivity
from reduction.flux.response import plausibility
from reduction.flux.response.model import Response
from reduction.flux.response.systematic import BETWEEN_SYSTEMS
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice

Floats = NDArray[np.float64]

FEWEST: Final = 3
"""Standards that a library rests on."""
ORDER: Final = 2
"""Of the polynomial that is the night's own."""
COMMON: Final = 0.01
"""Fractional error of all references (Bohlin et al. 2014, PASP 126, 711)."""
ONE_STAR: Final = float(np.sqrt(BETWEEN_SYSTEMS**2 - COMMON**2))
"""The same of a single star, besides."""
USUAL_SLOPE: Final = 0.9
USUAL_BEND: Final = 0.1
LARGEST_SLOPE: Final = 1.8
"""As in `reduction.flux.response.plausibility`, against earlier nights: of 34 real standards
through a slit of 1 arcsec the slope is up to 0.8, the bend up to 0.08 but for two."""
_SHAPE_FROM: Final = 3600.0
_ROUNDS: Final = 3
_LEAST_COMMON: Final = 0.5
"""Part of the range of the night's star that an earlier one must cover."""


def combine(own: Response, earlier: Sequence[Response]) -> Response | None:
    """Return the median shape of earlier nights, with the level and slope of the own star.

    Parameters
    ----------
    own : Response
    earlier : sequence of Response
        Of earlier nights with the same setup.

    Returns
    -------
    Response or None
        On the axis of `own`, NaN outside of its range; `systematic` is the scatter of the library
        and the error between systems. Where fewer than `FEWEST` have a value it is that of the own
        star, continued without a step. None with fewer than `FEWEST` that cover its range.
    """
    known = np.isfinite(own.sensitivity)
    if known.sum() < ORDER + 2:
        return None
    u = _unit(own)
    logs = _logarithms(own, known, earlier)
    if logs.shape[0] < FEWEST:
        return None
    shape, scatter = _median_shape(u, logs)
    both = known & np.isfinite(shape)
    if both.sum() < ORDER + 2:
        return None
    logarithm = np.log(np.where(known, own.sensitivity, 1.0))
    term = _low_order(u, np.where(both, logarithm - shape, np.nan), ORDER)
    step = np.interp(u, u[both], (shape + term - logarithm)[both])
    sensitivity = np.exp(np.where(both, shape + term, logarithm + step))
    noise = np.where(known, own.variance, 0.0) / np.where(known, own.sensitivity, 1.0) ** 2
    noise = np.where(both, np.median(noise[both]), noise)
    error = np.where(both, np.hypot(scatter, _of_references(own, earlier)), own.systematic)
    return replace(
        own,
        sensitivity=np.where(known, sensitivity, np.nan),
        variance=np.where(known, noise * sensitivity**2, np.inf),
        systematic=np.where(known, error, np.nan),
    )


def judge(own: Response, earlier: Sequence[Response]) -> tuple[Notice, ...] | None:
    """Return what is unusual of the shape of a response, compared with earlier nights.

    Returns
    -------
    tuple of Notice, or None
        None with fewer than `FEWEST` earlier ones.

    Raises
    ------
    NoSensitivity
        It differs so much that another star must have been observed.
    """
    known = np.isfinite(own.sensitivity)
    logs = _logarithms(own, known, earlier)
    if logs.shape[0] < FEWEST:
        return None
    usual = _median(logs - np.nanmedian(logs, axis=1, keepdims=True))
    both = known & np.isfinite(usual) & (own.wavelength > _SHAPE_FROM)
    if both.sum() < ORDER + 2:
        return None
    x, off = np.log(own.wavelength[both]), np.log(own.sensitivity[both]) - usual[both]
    line = np.polyfit(x, off, 1)
    slope, bend = float(line[0]), float(np.std(off - np.polyval(line, x)))
    if abs(slope) > LARGEST_SLOPE:
        raise NoSensitivity(NoticeCode.STANDARD_COLOUR, star=own.star, slope=round(slope, 2))
    if abs(slope) > USUAL_SLOPE or bend > USUAL_BEND:
        return (plausibility.unusual(slope, bend, own.star),)
    return ()


def _of_references(own: Response, earlier: Sequence[Response]) -> float:
    """Return the fractional error that the references of so many stars have in common."""
    stars = {each.star for each in (own, *earlier)}
    return float(np.hypot(COMMON, ONE_STAR / np.sqrt(len(stars))))


def _unit(own: Response) -> Floats:
    """Return the wavelengths of a response, its range as -1 to 1."""
    return np.asarray(
        (2 * own.wavelength - own.first - own.last) / max(own.last - own.first, 1.0), dtype=float
    )


def _logarithms(own: Response, known: NDArray[np.bool_], earlier: Sequence[Response]) -> Floats:
    """Return the logarithms of earlier responses on the axis of `own`, (k, n)."""
    rows = []
    for each in earlier:
        finite = np.isfinite(each.sensitivity) & (each.sensitivity > 0)
        if finite.sum() < 2:
            continue
        x, y = each.wavelength[finite], np.log(each.sensitivity[finite])
        row = np.interp(own.wavelength, x, y, left=np.nan, right=np.nan)
        if np.mean(np.isfinite(row[known])) >= _LEAST_COMMON:
            rows.append(row)
    return np.array(rows, dtype=float).reshape(-1, own.wavelength.size)


def _median_shape(u: Floats, logs: Floats) -> tuple[Floats, Floats]:
    """Return the median of curves without their low-order differences, and their scatter.

    Both (n,); NaN where fewer than `FEWEST` have a value.
    """
    aligned = logs - np.nanmedian(logs, axis=1, keepdims=True)
    shape = _median(aligned)
    for _ in range(_ROUNDS):
        aligned = np.array([row - _low_order(u, row - shape, ORDER) for row in logs])
        shape = _median(aligned)
    number = np.isfinite(aligned).sum(axis=0)
    spread = 1.4826 * _median(np.abs(aligned - shape)) * np.sqrt(1 + 1 / np.maximum(number, 1))
    enough = number >= FEWEST
    return np.where(enough, shape, np.nan), np.where(enough, spread, np.nan)


def _median(rows: Floats) -> Floats:
    """Return the median of what is known of each column, NaN where nothing is."""
    some = np.isfinite(rows).any(axis=0)
    result = np.full(rows.shape[1], np.nan)
    result[some] = np.nanmedian(rows[:, some], axis=0)
    return result


def _low_order(u: Floats, values: Floats, order: int) -> Floats:
    """Return the robust polynomial through values, (n,), where these are known."""
    known = np.isfinite(values)
    weight = np.ones(int(known.sum()))
    fitted = np.zeros(values.size)
    for _ in range(5):
        coefficients = legendre.legfit(u[known], values[known], order, w=weight)
        fitted = np.asarray(legendre.legval(u, coefficients), dtype=float)
        residual = np.abs(values[known] - fitted[known])
        limit = max(3 * 1.4826 * float(np.median(residual)), 1e-6)
        weight = np.where(residual < limit, 1.0, limit / np.maximum(residual, limit))
    return fitted
