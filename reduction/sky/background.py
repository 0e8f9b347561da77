"""The background beside a target: a straight line along the slit, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.detector.strip import Strip

Array = NDArray[np.float64]
Image = NDArray[np.float32]

FEWEST = 3
"""Least number of usable rows of a zone."""


@dataclass(frozen=True, slots=True)
class Background:
    """Background under a target, per row of a strip, and its covariance.

    Parameters
    ----------
    level, slope : (n_dispersion,) float
        Electron per row at row `middle`, and its change per row; NaN where there is none.
    covariance : (3, n_dispersion) float
        Variance of the level, covariance of level and slope, variance of the slope.
    middle : float
        The row at which the background is `level`.
    zones : tuple of (float, float)
        Where it was measured, relative to the trace, rows.
    """

    level: Array
    slope: Array
    covariance: Array
    middle: float
    zones: tuple[tuple[float, float], ...]

    def at(self, rows: NDArray[np.int64]) -> Array:
        """Return the background of pixels.

        Parameters
        ----------
        rows : (n_rows,) int
            Rows of the frame.

        Returns
        -------
        (n_rows, n_dispersion) float
            Electron per pixel.
        """
        return np.asarray(self.level + self.slope * (rows - self.middle)[:, None])

    def variance_of_sum(self, weights: Array, rows: NDArray[np.int64]) -> Array:
        """Return the variance of a weighted sum of the background along the slit.

        Parameters
        ----------
        weights : (n_rows, n_dispersion) float
        rows : (n_rows,) int
            Rows of the frame.

        Returns
        -------
        (n_dispersion,) float
            Electron squared.
        """
        total = weights.sum(axis=0)
        lever = (rows - self.middle) @ weights
        level_variance, mixed, slope_variance = self.covariance
        with np.errstate(invalid="ignore"):  # 0 × inf where no background is known
            return np.asarray(
                total**2 * level_variance + 2 * total * lever * mixed + lever**2 * slope_variance
            )


def background_beside(
    strip: Strip,
    centre: Array,
    zones: Sequence[tuple[float, float]],
    contaminated: NDArray[np.bool_] | None,
) -> Background | None:
    """Fit the background to the pixels whose centres lie in zones beside a trace.

    Parameters
    ----------
    strip : Strip
    centre : (n_dispersion,) float
        Row of the target at every column.
    zones : sequence of (float, float)
        Edges relative to the trace, rows.
    contaminated : (n_rows, n_dispersion) bool, optional
        Pixels with light of other targets.

    Returns
    -------
    Background or None
        A straight line when zones on both sides have usable pixels, else a constant. Pixels are
        4 σ-clipped about the median and about the fit. Zones with fewer than `FEWEST` usable rows
        are left out; None when none is left.
    """
    chosen, kept = pixels_of(strip, centre, zones, contaminated)
    if not kept:
        return None
    lines = np.flatnonzero(chosen.any(axis=1))
    part = slice(int(lines[0]), int(lines[-1]) + 1)
    level, slope, covariance, middle = _line(strip, chosen, part, centre, tilted=len(kept) > 1)
    return Background(level, slope, covariance, middle, tuple(kept))


def pixels_of(
    strip: Strip,
    centre: Array,
    zones: Sequence[tuple[float, float]],
    contaminated: NDArray[np.bool_] | None,
) -> tuple[NDArray[np.bool_], list[tuple[float, float]]]:
    """Return the usable pixels of zones beside a trace, and the zones that have enough of them.

    The parameters are those of `background_beside`.

    Returns
    -------
    chosen : (n_rows, n_dispersion) bool
    kept : list of (float, float)
    """
    usable = strip.clean if contaminated is None else strip.clean & ~contaminated
    # Single precision suffices: its errors are far below a row and below the noise.
    offset = strip.rows[:, None].astype(np.float32) - centre.astype(np.float32)
    chosen, kept = np.zeros(usable.shape, dtype=bool), []
    for low, high in zones:
        inside = (offset >= np.float32(low)) & (offset <= np.float32(high)) & usable
        if np.median(np.count_nonzero(inside, axis=0)) >= FEWEST:
            chosen |= inside
            kept.append((low, high))
    return chosen, kept


def _line(
    strip: Strip, chosen: NDArray[np.bool_], part: slice, centre: Array, *, tilted: bool
) -> tuple[Array, Array, Array, float]:
    """Return level, slope and covariance of the line through the chosen pixels."""
    data, variance = (plane[part].astype(np.float32) for plane in (strip.data, strip.variance))
    keep = chosen[part]
    middle = float(np.median(centre))
    lever = (strip.rows[part] - middle).astype(np.float32)
    median = _median(data, keep)
    count = np.maximum(np.count_nonzero(keep, axis=0), 1)
    mean_variance = np.einsum("rx,rx->x", keep.astype(np.float32), variance) / count
    limit = 4 * np.sqrt(np.maximum(mean_variance, 1e-12))
    above = strip.rows[part][:, None] > centre
    both = np.full(centre.size, tilted)
    level, slope, covariance = median, np.zeros(centre.size), np.zeros((3, centre.size))
    # The slope of the sky may be as large as the noise, so only the second clip is at 4 σ.
    for factor in (2, 1):
        residual = data - level.astype(np.float32)
        if slope.any():
            residual -= slope.astype(np.float32) * lever[:, None]
        weight = (keep & (np.abs(residual) <= (factor * limit).astype(np.float32))).astype(
            np.float32
        )
        if tilted:
            upper = np.einsum("rx,rx->x", weight, above.astype(np.float32))
            both = (upper >= FEWEST) & (weight.sum(axis=0) - upper >= FEWEST)
        level, slope, covariance = _solve(weight, data, variance, lever, both)
    return level, slope, covariance, middle


def _solve(
    weight: Image, data: Image, variance: Image, lever: Image, tilted: NDArray[np.bool_]
) -> tuple[Array, Array, Array]:
    """Return level, slope and covariance of every column's line by weighted least squares."""
    powers = np.stack([np.ones_like(lever), lever, lever**2])
    s0, s1, s2 = (powers @ weight).astype(float)
    t0, t1 = (powers[:2] @ (weight * data)).astype(float)
    covered = s0 > 0
    noise = np.einsum("rx,rx->x", weight, variance) / np.where(covered, s0, 1.0)
    det = s0 * s2 - s1**2
    tilted = tilted & (det > 1e-6 * s0)
    det = np.where(tilted, det, 1.0)
    level = np.where(tilted, (s2 * t0 - s1 * t1) / det, t0 / np.where(covered, s0, 1.0))
    slope = np.where(tilted, (s0 * t1 - s1 * t0) / det, 0.0)
    covariance = noise * np.stack(
        [
            np.where(tilted, s2 / det, 1 / np.where(covered, s0, 1.0)),
            np.where(tilted, -s1 / det, 0.0),
            np.where(tilted, s0 / det, 0.0),
        ]
    )
    covariance[0, ~covered] = np.inf
    return np.where(covered, level, np.nan), slope, covariance


def _median(data: Image, keep: NDArray[np.bool_]) -> Array:
    """Return the median of the kept pixels of every column (0 where there are none)."""
    # Sorting contiguous rows is several times faster than nanmedian.
    ordered = np.sort(np.where(keep, data, np.float32(np.inf)).T.copy(), axis=1)
    count = np.count_nonzero(keep, axis=0)
    columns = np.arange(count.size)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, data.shape[0] - 1)
    middle = 0.5 * (ordered[columns, low].astype(float) + ordered[columns, high])
    return np.asarray(np.where(count > 0, middle, 0.0))
