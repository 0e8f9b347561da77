"""The shape of a target along the slit, measured in all blocks of columns at once.

Every block gives samples of one shape, each at its own distance from the trace; since the trace is
tilted, the pixels are sampled at every phase.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction.extraction.light_profile import LOOSE, Fit, LightProfile, Model, fit
from reduction.extraction.slit_profiles import Blocks, robust_polynomial

Array = NDArray[np.float64]

SAMPLE = 0.25
"""Width, rows, of the bins that the samples of a target's shape are averaged in."""
SHAPE_REACH = 5.0
"""The shape is fitted out to so many FWHM."""
SPREAD_REACH = 2.0
"""The width's change along the dispersion is measured out to so many FWHM."""
SPREAD_SURE = 25.0
"""Drop of χ² from which on the width is believed to change."""
SPREAD_MOST = 0.35
"""Largest relative change of the width that is believed."""
_CLEAR = 30.0
"""Signal over noise of a bin above which the light beyond the model is believed."""


def light_in(
    blocks: Blocks,
    means: Array,
    polynomial: Polynomial,
    shape: LightProfile,
    spread: Polynomial | None = None,
) -> tuple[Array, Array]:
    """Return every row's distance from the trace in every block, and the target's light there."""
    offsets = np.arange(means.shape[1]) - polynomial(blocks.columns)[:, None]
    near = np.abs(offsets) < 1.5 * shape.fwhm + 1
    wider = 1.0 if spread is None else spread(blocks.columns)[:, None]
    pixels = np.where(near & np.isfinite(blocks.noise), shape.pixels(offsets, wider), 0.0)
    norm = (pixels**2).sum(axis=1)
    return offsets, np.where(norm > 0, (pixels * means).sum(axis=1) / np.maximum(norm, 1e-12), 0.0)


def fit_shape(  # noqa: PLR0917 (samples and what is known of them)
    blocks: Blocks,
    means: Array,
    offsets: Array,
    light: Array,
    width: float,
    limits: tuple[float, float],
    *,
    model: Model,
    spread: Polynomial | None = None,
    hold: float = LOOSE,
) -> tuple[LightProfile, float] | None:
    """Fit a shape to the samples of all blocks; return it and how far the trace was off.

    `spread` is how much wider it is at a column, `hold` how far its width may be from `width`.
    """
    if spread is not None:
        wider = spread(blocks.columns)
        offsets, light = offsets / wider[:, None], light / wider
    reach = max(SHAPE_REACH * width, 8.0)
    lit = (light > 0)[:, None] & np.isfinite(blocks.noise) & (np.abs(offsets) < reach)
    lit &= (offsets > limits[0]) & (offsets < limits[1])
    if not lit.any():
        return None
    block, row = np.nonzero(lit)
    place, mean, error = _binned(
        offsets[block, row] + reach,
        means[block, row] / light[block],
        blocks.noise[block, row] / light[block],
    )
    place -= reach
    # No model is true to better than some thousandths.
    fitted = fit(place, mean, np.hypot(error, 0.003 * np.max(mean)), width, model, hold)
    if fitted is None:
        return None
    correction = _beyond_model(place - fitted.centre, mean, error, fitted)
    if correction is None:
        return fitted.shape, fitted.centre
    at, beyond = correction
    return replace(fitted.shape, correction_at=at, correction=beyond), fitted.centre


def spread_along(
    blocks: Blocks, means: Array, offsets: Array, shape: LightProfile
) -> Polynomial | None:
    """Measure how the width changes along the dispersion: seeing and focus do.

    In every block the samples are fitted by profile, its derivative by the logarithm of the width,
    and a level; the ratio of the first two amplitudes is how much wider the block's profile is.

    Parameters
    ----------
    blocks : Blocks
    means, offsets : (n_blocks, n_spatial) float
        Samples, and their distance from the trace, rows.
    shape : LightProfile
        Fitted to all blocks.

    Returns
    -------
    Polynomial or None
        Width over the mean one at a column; None where no change is seen.
    """
    near = (np.abs(offsets) < SPREAD_REACH * shape.fwhm + 1) & np.isfinite(blocks.noise)
    step = 0.02
    derivative = (shape.pixels(offsets, 1 + step) - shape.pixels(offsets, 1 - step)) / (2 * step)
    weight = np.where(near, 1 / np.maximum(blocks.noise, 1e-12) ** 2, 0.0)
    basis = np.stack([shape.pixels(offsets), derivative, np.ones_like(offsets)])
    normal = np.einsum("kbr,br,lbr->bkl", basis, weight, basis)
    right = np.einsum("kbr,br,br->bk", basis, weight, np.where(near, means, 0.0))
    usable = np.linalg.det(normal) > 0
    normal[~usable] = np.eye(3)
    inverse = np.linalg.inv(normal)
    light, change, _ = np.einsum("bkl,bl->kb", inverse, right)
    usable &= light > 10 * np.sqrt(np.maximum(inverse[:, 0, 0], 0))
    if np.count_nonzero(usable) < 6:
        return None
    amount = np.where(usable, change / np.where(usable, light, 1.0), np.nan)
    # The model is true to about a hundredth of its width.
    error = np.hypot(np.sqrt(np.maximum(inverse[:, 1, 1], 0)) / np.maximum(light, 1e-12), 0.01)
    surety = np.where(usable, 1 / error, 0.0)
    fitted, _, _ = robust_polynomial(blocks.columns, amount, surety, 2)
    known = amount[usable]
    rest = known - fitted(blocks.columns[usable])
    middle = float(np.average(known, weights=surety[usable] ** 2))
    gain = np.sum(surety[usable] ** 2 * ((known - middle) ** 2 - rest**2))
    spread = np.clip(1 + fitted(blocks.columns) - middle, 1 - SPREAD_MOST, 1 + SPREAD_MOST)
    if gain < SPREAD_SURE or np.ptp(spread) > 2 * SPREAD_MOST * 0.99:
        return None
    return fitted - middle + 1


def _binned(place: Array, value: Array, sigma: Array) -> tuple[Array, Array, Array]:
    """Average samples in bins of `SAMPLE` rows; return the filled bins' place, mean and error."""
    bins = np.floor(place / SAMPLE).astype(int)
    kept = np.ones(place.size, dtype=bool)
    for _ in range(2):
        weight = np.where(kept, 1 / np.maximum(sigma, 1e-12) ** 2, 0.0)
        total = np.bincount(bins, weight)
        safe = np.where(total > 0, total, 1.0)
        mean = np.bincount(bins, weight * value) / safe
        middle = np.bincount(bins, weight * place) / safe
        # What cosmic rays or a sky line left in a block stands out from the others' mean.
        kept = np.abs(value - mean[bins]) < 5 * sigma + 0.1 * np.max(np.abs(mean))
    seen = total > 0
    return middle[seen], mean[seen], 1 / np.sqrt(total[seen])


def _beyond_model(
    offset: Array, mean: Array, error: Array, fitted: Fit
) -> tuple[Array, Array] | None:
    """Return what a bright target's light has beyond the fitted model, per row; None if nothing.

    The differences are smoothed over half a row and kept as far as they stand above their noise
    (Wiener), out to 2.5 FWHM: trailed and astigmatic images are not symmetric.
    """
    peak = float(np.max(mean))
    if float(np.median(error)) * _CLEAR > peak:
        return None
    rest = mean - fitted.level - fitted.light * fitted.shape.pixels(offset)
    kernel = np.exp(-0.5 * (np.subtract.outer(offset, offset) / 0.5) ** 2)
    kernel /= kernel.sum(axis=1)[:, None]
    smooth, spread = kernel @ rest, kernel**2 @ error**2
    believed = smooth * np.maximum(1 - 9 * spread / np.maximum(smooth**2, 1e-300), 0)
    believed = np.where(np.abs(offset) < 2.5 * fitted.shape.fwhm, believed, 0.0)
    if np.max(np.abs(believed)) < 0.004 * peak:
        return None
    return offset, believed / fitted.light
