"""The bend of a spectrum along the slit, and the mean of its aligned profiles.

All targets have the same bend. It is measured by cross-correlation of the profiles of blocks.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction.extraction.slit_profiles import Blocks, without_background

Array = NDArray[np.float64]

MAX_STEP = 4
"""Largest shift of a trace from one block to the next, rows."""


def common_bend(blocks: Blocks) -> Polynomial:
    """Measure the shift of the scene along the slit, relative to the strongest block.

    If single blocks are too faint, the means of neighbouring blocks are used.

    Parameters
    ----------
    blocks : Blocks

    Returns
    -------
    Polynomial
        Rows as a function of the column, of degree 2 at most; 0 if no target is bright enough.
    """
    for number in (1, 4):
        joined = blocks.merged(number)
        shifts = _shifts(joined)
        if np.isfinite(shifts).sum() > max(len(shifts) / 3, 2):
            break
    return robust_polynomial(joined.columns, shifts, np.ones_like(shifts), 2)[0]


def _shifts(blocks: Blocks) -> Array:
    """Return the shift of every block relative to the strongest, rows; NaN where uncertain."""
    profiles = blocks.flat
    noise = np.where(np.isfinite(blocks.noise), blocks.noise, 0)
    strength = np.sum(np.maximum(profiles, 0) ** 2, axis=1)
    strength /= np.maximum(np.median(noise**2, axis=1), 1e-12)
    first = int(np.argmax(np.nan_to_num(strength)))
    n = profiles.shape[1]
    reach = n // 4 + MAX_STEP
    shifted = sliding_window_view(np.pad(profiles[first], reach), n)
    norms = np.sqrt((profiles**2).sum(axis=1))
    shifts = np.full(len(profiles), np.nan)
    shifts[first] = 0.0
    for direction in (1, -1):
        guess, slope = 0.0, 0.0
        index = first + direction
        while 0 <= index < len(profiles):
            expected = float(np.clip(round(guess + slope), MAX_STEP - reach, reach - MAX_STEP))
            lags = np.arange(expected - MAX_STEP, expected + MAX_STEP + 1).astype(int)
            scale = norms[index] * norms[first]
            scores = shifted[reach - lags] @ profiles[index] / (scale if scale > 0 else 1.0)
            lag = _peak(lags, scores)
            if lag is not None:
                slope = 0.5 * slope + 0.5 * (lag - guess)
                shifts[index] = guess = lag
            else:
                guess += slope
            index += direction
    return shifts


def _peak(lags: NDArray[np.int64], scores: Array) -> float | None:
    """Return the lag of the highest score, by a parabola; None if it is low or at an end."""
    best = int(np.argmax(scores))
    if scores[best] < 0.4 or best in {0, len(lags) - 1}:
        return None
    left, mid, right = scores[best - 1 : best + 2]
    bend = left - 2 * mid + right
    return float(lags[best] + (0.5 * (left - right) / bend if bend < 0 else 0.0))


def robust_polynomial(
    x: Array, y: Array, weight: Array, degree: int
) -> tuple[Polynomial, float, int]:
    """Fit a polynomial, rejecting points beyond 3 σ (from the MAD) or 0.1, whichever is larger.

    Parameters
    ----------
    x, y : (n,) float
        `y` is NaN where there is no value.
    weight : (n,) float
        Inverse of the error of `y`; 0 to leave a point out.
    degree : int
        Lowered when there are fewer than three points per degree.

    Returns
    -------
    polynomial : Polynomial
        In `x` itself, without scaling of the domain.
    rms : float
        Scatter of the points used, in the unit of `y`; NaN without any.
    n_points : int
        Number of points used.
    """
    keep = np.isfinite(y) & np.isfinite(weight) & (weight > 0)
    if not keep.any():
        return Polynomial([0.0]), float("nan"), 0
    fitted = Polynomial([float(np.median(y[keep]))])
    for _ in range(6):
        usable = min(degree, max(int(keep.sum()) // 3, 0))
        fitted = Polynomial.fit(x[keep], y[keep], usable, w=weight[keep]).convert()
        residual = np.abs(y - fitted(x))
        sigma = 1.4826 * float(np.median(residual[keep]))
        new = np.isfinite(y) & (weight > 0) & (residual <= max(3 * sigma, 0.1))
        if new.sum() < 3 or np.array_equal(new, keep):
            break
        keep = new
    residual = (y - fitted(x))[keep]
    return fitted, float(np.sqrt(np.mean(residual**2))), int(keep.sum())


def aligned_profile(blocks: Blocks, bend: Polynomial) -> tuple[Array, Array]:
    """Return the mean profile of all blocks, aligned by the bend.

    A row outside some of the blocks is the mean of the others.

    Parameters
    ----------
    blocks : Blocks
    bend : Polynomial
        Shift of the scene, rows, as a function of the column.

    Returns
    -------
    profile, noise : (n_spatial,) float
        Mean profile without background, and its standard error, electron per column.
    """
    rows = np.arange(blocks.profiles.shape[1], dtype=float)
    moved = np.array(
        [
            np.interp(rows + bend(x), rows, p, left=np.nan, right=np.nan)
            for x, p in zip(blocks.columns, blocks.profiles, strict=True)
        ]
    )
    n = np.maximum(np.isfinite(moved).sum(axis=0), 1)
    profile = np.nan_to_num(np.nansum(moved, axis=0) / n)
    finite = np.where(np.isfinite(blocks.noise), blocks.noise, 0)
    noise = np.sqrt((finite**2).sum(axis=0)) / np.maximum(np.isfinite(blocks.noise).sum(axis=0), 1)
    return without_background(profile[None, :])[0], noise
