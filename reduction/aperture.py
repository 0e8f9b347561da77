"""Sums of light inside an aperture that follows a trace, and of the background beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.nddata import CCDData
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction.errors import UnusableFrame
from reduction.fitsio import flags_of, variance_of
from reduction.frames import PixelFlag

Array = NDArray[np.float64]

MIN_LIGHT = 0.3
"""A column where flagged pixels hide more than 70 % of the aperture's light has no value."""
_DEFECTS = int(PixelFlag.BAD | PixelFlag.COSMIC_RAY)
"""Flags of pixels whose value is meaningless; they are left out of every sum."""


@dataclass(frozen=True, slots=True)
class Background:
    """Background per row and column inside the aperture, with its variance, and how it was got.

    `level` and `variance` are (n_dispersion,); `zones` are (low, high) against the trace, in rows.
    """

    level: Array
    variance: Array
    zones: tuple[tuple[float, float], ...]


def covered(rows: NDArray[Any], low: Array, high: Array) -> Array:
    """Return how much of every pixel lies between two edges, 0 to 1.

    Parameters
    ----------
    rows : (n_rows,) int
        Row numbers; a pixel reaches half a row to either side.
    low, high : (n_dispersion,) float
        Edges per column.

    Returns
    -------
    (n_rows, n_dispersion) float
    """
    centre = rows[:, None].astype(float)
    part = np.minimum(centre + 0.5, high) - np.maximum(centre - 0.5, low)
    return np.clip(part, 0.0, 1.0)


def _plane(frame: CCDData) -> tuple[Array, Array, NDArray[np.uint8]]:
    """Return data, variance and flags of a frame, as float64, harmless where undefined."""
    variance = variance_of(frame)
    if variance is None:
        raise UnusableFrame("the frame has no variance: it was not reduced here.")
    flags = flags_of(frame).copy()
    broken = ~np.isfinite(frame.data) | ~np.isfinite(variance)
    flags[broken] |= np.uint8(PixelFlag.BAD)
    data = np.where(broken, 0.0, frame.data)
    return data, np.where(broken, 0.0, variance), flags


def background_beside(
    frame: CCDData,
    trace: Polynomial,
    zones: Sequence[tuple[float, float]],
    avoid: Sequence[tuple[Polynomial, float]],
) -> Background | None:
    """Measure the background in zones beside a trace, column by column.

    Parameters
    ----------
    frame : CCDData
        Reduced frame.
    trace : Polynomial
        Row at a column.
    zones : sequence of (float, float)
        Edges against the trace, in rows.
    avoid : sequence of (Polynomial, float)
        Traces of other targets and the half width, in rows, that they spoil.

    Returns
    -------
    Background or None
        The straight line between the zones' 4 σ-clipped means, taken at the trace; of one zone its
        mean. A zone with fewer than three rows in the frame or beside other targets is left out;
        None when none is left.
    """
    data, variance, flags = _plane(frame)
    rows, columns = np.arange(frame.shape[0]), np.arange(frame.shape[1], dtype=float)
    centre = trace(columns)
    usable = (flags & ~np.uint8(PixelFlag.SATURATED)) == 0
    for other, half in avoid:
        usable &= np.abs(rows[:, None] - other(columns)) > half
    kept, levels, variances, places = [], [], [], []
    for low, high in zones:
        first = max(int(np.floor((centre + low).min())), 0)
        last = min(int(np.ceil((centre + high).max())) + 1, frame.shape[0])
        if last - first < 3:
            continue
        part = slice(first, last)
        weight = covered(rows[part], centre + low, centre + high) * usable[part]
        if np.median(weight.sum(axis=0)) < 3:
            continue
        level, level_variance = _clipped_mean(data[part], variance[part], weight)
        kept.append((low, high))
        levels.append(level)
        variances.append(level_variance)
        places.append((low + high) / 2)
    if not kept:
        return None
    if len(kept) == 1:
        return Background(levels[0], variances[0], tuple(kept))
    # Linear interpolation to the trace; where one zone has no pixel, the other stands alone.
    usual = places[1] / (places[1] - places[0])
    share = np.where(np.isnan(levels[0]), 0.0, np.where(np.isnan(levels[1]), 1.0, usual))
    level, total = np.zeros(columns.size), np.zeros(columns.size)
    for part_share, part_level, part_variance in (
        (share, levels[0], variances[0]),
        (1 - share, levels[1], variances[1]),
    ):
        used = part_share > 0
        level[used] += (part_share * part_level)[used]
        total[used] += part_share[used] ** 2 * part_variance[used]
    return Background(level, total, tuple(kept))


def _clipped_mean(data: Array, variance: Array, weight: Array) -> tuple[Array, Array]:
    """Return the weighted mean of every column, 4 σ-clipped about the median, and its variance."""
    seen = weight > 0
    filled = np.where(seen, data, np.nan)
    empty = ~seen.any(axis=0)
    filled[:, empty] = 0.0
    median = np.nanmedian(filled, axis=0)
    # The floor keeps a column of many equal values from clipping its own noise away.
    sigma = np.sqrt(np.maximum(np.where(seen, variance, 0).max(axis=0), 1e-12))
    keep = seen & (np.abs(data - median) <= 4 * sigma)
    final = np.where(keep, weight, 0.0)
    total = final.sum(axis=0)
    none = total <= 0
    safe = np.where(none, 1.0, total)
    mean = np.where(none, np.nan, (final * np.where(keep, data, 0)).sum(axis=0) / safe)
    spread = (final**2 * np.where(keep, variance, 0)).sum(axis=0) / safe**2
    return mean, np.where(none, np.inf, spread)


def sum_aperture(
    frame: CCDData,
    trace: Polynomial | Array,
    edges: tuple[float, float],
    background: Background | None,
    profile: Callable[[Array], Array] | None = None,
    *,
    optimal: bool = False,
) -> tuple[Array, Array, NDArray[np.uint8], Array]:
    """Sum the light between two edges beside a trace, with fractions of pixels.

    Parameters
    ----------
    frame : CCDData
        (n_spatial, n_dispersion) reduced frame.
    trace : Polynomial or (n_dispersion,) float
        Row at every column.
    edges : (float, float)
        Lower and upper edge against the trace, in rows.
    background : Background or None
        Taken off every pixel.
    profile : callable, optional
        How a target's light falls with the distance from the trace, in rows; makes up for the light
        that flagged pixels hide. Without it the light is taken as even over the aperture.
    optimal : bool
        Weight pixels by profile over variance (Horne 1986, PASP 98, 609) instead of summing; the
        flux is still that of the whole aperture. Pixels 5 σ off the profile are left out.

    Returns
    -------
    flux, variance : (n_dispersion,) float64
        A column with less than `MIN_LIGHT` of its light left, or outside the frame, is (nan, inf).
    flags : (n_dispersion,) uint8
        SATURATED when the aperture holds such a pixel, INTERPOLATED when defects were made up for,
        BAD without a value.
    sky : (n_dispersion,) float64
        Background inside the aperture.
    """
    data, variance, flags = _plane(frame)
    columns = np.arange(frame.shape[1], dtype=float)
    centre = trace(columns) if isinstance(trace, Polynomial) else trace
    low, high = centre + edges[0], centre + edges[1]
    first = max(int(np.floor(low.min())) - 1, 0)
    last = min(int(np.ceil(high.max())) + 2, frame.shape[0])
    if last <= first:
        raise UnusableFrame("the aperture lies outside the frame.")
    part = slice(first, last)
    aperture = covered(np.arange(first, last), low, high)
    light = aperture
    if profile is not None:
        offsets = np.arange(first, last)[:, None] - centre
        light = aperture * np.maximum(profile(offsets), 0)
    # What the frame's border cuts off is lost like a defect.
    missing = (high - low) - aperture.sum(axis=0)
    whole = light.sum(axis=0)
    good = ((flags[part] & _DEFECTS) == 0) & (aperture > 0)
    level = np.zeros(columns.size) if background is None else background.level
    signal = data[part] - level
    if optimal and profile is not None:
        flux, flux_variance, share = _horne(signal, level, variance[part], light, good)
        gathered = np.ones_like(flux)
    else:
        kept = np.where(good, aperture, 0.0)
        share = np.where(whole > 0, np.where(good, light, 0).sum(axis=0) / _safe(whole), 0.0)
        flux = (kept * signal).sum(axis=0) / _safe(share)
        flux_variance = (kept**2 * variance[part]).sum(axis=0) / _safe(share) ** 2
        gathered = kept.sum(axis=0) / _safe(share)
    if background is not None:
        effective = np.where(gathered > 0, high - low, 0.0)
        flux_variance = flux_variance + effective**2 * background.variance
    out = np.zeros(columns.size, dtype=np.uint8)
    inside = aperture > 0
    saturated = ((flags[part] & PixelFlag.SATURATED) != 0) & inside
    out[saturated.any(axis=0)] |= np.uint8(PixelFlag.SATURATED)
    out[share < 1 - 1e-9] |= np.uint8(PixelFlag.INTERPOLATED)
    lost = (share < MIN_LIGHT) | (missing > 0.5 * (high - low)) | ~np.isfinite(flux)
    lost |= ~np.isfinite(flux_variance)
    out[lost] |= np.uint8(PixelFlag.BAD)
    sky = np.where(lost, np.nan, level * (high - low))
    return np.where(lost, np.nan, flux), np.where(lost, np.inf, flux_variance), out, sky


def _safe(values: Array) -> Array:
    return np.where(values > 0, values, 1.0)


def _horne(
    signal: Array, level: Array, variance: Array, light: Array, good: NDArray[np.bool_]
) -> tuple[Array, Array, Array]:
    """Return the optimally weighted flux, its variance and the share of light that was usable.

    The weights come from the expected counts, not from each pixel's own: a pixel that is high by
    chance would otherwise be weighted down, and the flux come out low.
    """
    expected = light / _safe(light.sum(axis=0))
    base = np.maximum(variance - np.maximum(signal + level, 0), 1e-6)
    keep = good
    model_variance = np.maximum(variance, 1e-6)
    flux = np.zeros(signal.shape[1])
    norm = np.ones(signal.shape[1])
    for _ in range(4):
        weight = np.where(keep, expected / model_variance, 0.0)
        norm = (weight * expected).sum(axis=0)
        flux = (weight * signal).sum(axis=0) / _safe(norm)
        model_variance = base + np.maximum(flux * expected + level, 0)
        # The profile is only known to some per cent, so a bright pixel may be off by as much.
        tolerance = 5 * np.sqrt(model_variance) + 0.1 * np.abs(flux) * expected.max(axis=0)
        keep = good & (np.abs(signal - flux * expected) <= tolerance)
    share = np.where(keep, expected, 0).sum(axis=0)
    return flux, np.where(norm > 0, 1 / _safe(norm), np.inf), share
