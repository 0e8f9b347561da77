"""The profile of a target along the slit, fitted to all blocks of columns at once.

The rows of every block are samples of one profile, each at its distance from the trace. Since the
trace is tilted, the profile is sampled at all subpixel phases.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction.extraction.light_profile import LOOSE, Fit, LightProfile, Model, fit
from reduction.extraction.profile_alignment import robust_polynomial
from reduction.extraction.slit_profiles import Blocks

Array = NDArray[np.float64]

SAMPLE = 0.25
"""Width of the bins in which the samples of a profile are averaged, rows."""
SHAPE_REACH = 5.0
"""Half range of the fit of a profile, FWHM."""
SPREAD_REACH = 2.0
"""Half range in which the change of the width along the dispersion is measured, FWHM."""
SPREAD_SURE = 25.0
"""Decrease of χ² from which a change of the width is significant."""
SPREAD_MOST = 0.35
"""Largest relative change of the width that is accepted."""
_CLEAR = 30.0
"""Signal over noise of a bin from which differences from the model are measured."""


def light_in(
    blocks: Blocks,
    means: Array,
    polynomial: Polynomial,
    shape: LightProfile,
    spread: Polynomial | None = None,
) -> tuple[Array, Array]:
    """Measure the light of a target in every block.

    Parameters
    ----------
    blocks : Blocks
    means : (n_blocks, n_spatial) float
        Profiles of the blocks, without the light of other targets, electron per column.
    polynomial : Polynomial
        The trace: row of a column.
    shape : LightProfile
        Profile of the target.
    spread : Polynomial, optional
        Width relative to `shape` as a function of the column.

    Returns
    -------
    offsets : (n_blocks, n_spatial) float
        Distance of every row from the trace, rows.
    light : (n_blocks,) float
        Electron per column.
    """
    offsets = np.arange(means.shape[1]) - polynomial(blocks.columns)[:, None]
    near = np.abs(offsets) < 1.5 * shape.fwhm + 1
    wider = 1.0 if spread is None else spread(blocks.columns)[:, None]
    pixels = np.where(near & np.isfinite(blocks.noise), shape.pixels(offsets, wider), 0.0)
    norm = (pixels**2).sum(axis=1)
    return offsets, np.where(norm > 0, (pixels * means).sum(axis=1) / np.maximum(norm, 1e-12), 0.0)


def fit_shape(  # noqa: PLR0917 (samples and prior)
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
    """Fit a profile to the samples of all blocks.

    Parameters
    ----------
    blocks : Blocks
    means, offsets : (n_blocks, n_spatial) float
        Samples, electron per column, and their distance from the trace, rows.
    light : (n_blocks,) float
        Light of the target in every block, from `light_in`.
    width : float
        Expected FWHM, rows.
    limits : (float, float)
        Range of offsets that belongs to the target, rows.
    model : {"moffat", "gaussian"}
    spread : Polynomial, optional
        Width relative to the mean as a function of the column.
    hold : float
        Standard deviation of the prior on ln(FWHM / width).

    Returns
    -------
    (LightProfile, float) or None
        The profile, and its centre relative to the trace, rows; None when the samples do not
        determine it.
    """
    if spread is not None:
        wider = spread(blocks.columns)
        offsets, light = offsets / wider[:, None], light / wider
    reach = max(SHAPE_REACH * width, 8.0)
    used = (light > 0)[:, None] & np.isfinite(blocks.noise) & (np.abs(offsets) < reach)
    used &= (offsets > limits[0]) & (offsets < limits[1])
    if not used.any():
        return None
    block, row = np.nonzero(used)
    position, mean, error = _binned(
        offsets[block, row] + reach,
        means[block, row] / light[block],
        blocks.noise[block, row] / light[block],
    )
    position -= reach
    # The models are accurate to a few thousandths of the peak.
    fitted = fit(position, mean, np.hypot(error, 0.003 * np.max(mean)), width, model, hold)
    if fitted is None:
        return None
    correction = _beyond_model(position - fitted.centre, mean, error, fitted)
    if correction is None:
        return fitted.shape, fitted.centre
    at, beyond = correction
    return replace(fitted.shape, correction_at=at, correction=beyond), fitted.centre


def spread_along(
    blocks: Blocks, means: Array, offsets: Array, shape: LightProfile
) -> Polynomial | None:
    """Measure the change of the width along the dispersion, by seeing and focus.

    In every block the profile, its derivative with respect to the logarithm of the width, and a
    level are fitted to the samples. The ratio of the first two amplitudes is the relative change of
    the width in the block.

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
        Width relative to the mean as a function of the column; None without a significant change.
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
    # The width of the model is accurate to about one per cent.
    error = np.hypot(np.sqrt(np.maximum(inverse[:, 1, 1], 0)) / np.maximum(light, 1e-12), 0.01)
    weights = np.where(usable, 1 / error, 0.0)
    fitted, _, _ = robust_polynomial(blocks.columns, amount, weights, 2)
    known = amount[usable]
    residual = known - fitted(blocks.columns[usable])
    middle = float(np.average(known, weights=weights[usable] ** 2))
    gain = np.sum(weights[usable] ** 2 * ((known - middle) ** 2 - residual**2))
    spread = np.clip(1 + fitted(blocks.columns) - middle, 1 - SPREAD_MOST, 1 + SPREAD_MOST)
    if gain < SPREAD_SURE or np.ptp(spread) > 2 * SPREAD_MOST * 0.99:
        return None
    return fitted - middle + 1


def _binned(position: Array, value: Array, sigma: Array) -> tuple[Array, Array, Array]:
    """Average samples in bins of `SAMPLE` rows; return position, mean and error of filled bins."""
    bins = np.floor(position / SAMPLE).astype(int)
    kept = np.ones(position.size, dtype=bool)
    for _ in range(2):
        weight = np.where(kept, 1 / np.maximum(sigma, 1e-12) ** 2, 0.0)
        total = np.bincount(bins, weight)
        safe = np.where(total > 0, total, 1.0)
        mean = np.bincount(bins, weight * value) / safe
        middle = np.bincount(bins, weight * position) / safe
        # Residuals of cosmic rays or sky lines in a block deviate from the mean of the others.
        kept = np.abs(value - mean[bins]) < 5 * sigma + 0.1 * np.max(np.abs(mean))
    seen = total > 0
    return middle[seen], mean[seen], 1 / np.sqrt(total[seen])


def _beyond_model(
    offset: Array, mean: Array, error: Array, fitted: Fit
) -> tuple[Array, Array] | None:
    """Return the difference of a bright target from the fitted model, per row; None if small.

    Trailed and astigmatic images are not symmetric. The differences are smoothed over half a row
    and damped where they do not exceed their noise (Wiener filter), out to 2.5 FWHM.
    """
    peak = float(np.max(mean))
    if float(np.median(error)) * _CLEAR > peak:
        return None
    residual = mean - fitted.level - fitted.light * fitted.shape.pixels(offset)
    kernel = np.exp(-0.5 * (np.subtract.outer(offset, offset) / 0.5) ** 2)
    kernel /= kernel.sum(axis=1)[:, None]
    smooth, spread = kernel @ residual, kernel**2 @ error**2
    filtered = smooth * np.maximum(1 - 9 * spread / np.maximum(smooth**2, 1e-300), 0)
    filtered = np.where(np.abs(offset) < 2.5 * fitted.shape.fwhm, filtered, 0.0)
    if np.max(np.abs(filtered)) < 0.004 * peak:
        return None
    return offset, filtered / fitted.light
