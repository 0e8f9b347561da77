"""The profile of a target along the slit, fitted to all blocks of columns at once.

The rows of every block are samples of one profile, each at its distance from the trace. Since the
trace is tilted, the profile is sampled at all subpixel phases.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction.extraction.light_profile import (
    LOOSE,
    WING_REACH,
    Fit,
    LightProfile,
    Model,
    fit,
)
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
_WIDTH_ITERATIONS = 2
"""Steps in which the width of a block is found; one leaves a tenth of a change of 10 %."""
SPREAD_MOST = 0.35
"""Largest relative change of the width that is accepted."""
_CLEAR = 30.0
"""Signal over noise of a bin from which differences from the model are measured."""
CORRECTION_REACH, WINGS_FROM = 2.5, 4.0
"""Half range in which a bright target may differ from the model, FWHM; the second is that of one
with wings, whose model is that of its wings alone farther away."""
WINGS_SURE = 5.0
"""Significance from which the wings of a target are part of its profile, sigmas."""
WINGS_MOST = 0.4
"""Largest fraction of the light that is accepted in the wings."""
FLAT_ERROR = 0.003
"""Part of the sky that may remain as a structure along the slit after the flat."""
_FEWEST_FAR = 12
_CORRECTIONS = 2
"""Steps in which differences from the model are added to it: smoothing leaves a part of each."""
_MODEL_ERROR = 0.003
"""Error of the models of the core, as a fraction of the peak."""


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
    pixels = np.where(near & blocks.usable, shape.pixels(offsets, wider), 0.0)
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
    apart: tuple[float, float] = (-np.inf, np.inf),
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
    apart : (float, float)
        Range of offsets in which no other target is nearer, although its light was subtracted:
        wings are measured there.

    Returns
    -------
    (LightProfile, float) or None
        The profile, and its centre relative to the trace, rows; None when the samples do not
        determine it.
    """
    if spread is not None:
        wider = spread(blocks.columns)
        offsets, light = offsets / wider[:, None], light / wider
    samples = _samples(blocks, means, offsets, light, width, limits)
    if samples is None:
        return None
    position, mean, error = samples
    core = np.abs(position) < max(SHAPE_REACH * width, 8.0)
    # The models are accurate to a few thousandths of the peak.
    sigma = np.hypot(error, _MODEL_ERROR * np.max(mean))
    fitted = fit(position[core], mean[core], sigma[core], width, model, hold)
    if fitted is None:
        return None
    position -= fitted.centre
    sky = float(np.median(blocks.cells.sky)) / max(float(np.mean(light)), 1e-12)
    alone = (position > apart[0]) & (position < apart[1])
    fitted = _with_wings(position[alone], mean[alone], error[alone], fitted, max(sky, 0.0))
    near = np.abs(position) < CORRECTION_REACH * fitted.shape.fwhm
    if fitted.shape.wing:
        near |= alone & (np.abs(position) < WINGS_FROM * fitted.shape.fwhm)
    correction = _beyond_model(position[near], mean[near], error[near], fitted)
    if correction is None:
        return fitted.shape, fitted.centre
    at, beyond = correction
    return replace(fitted.shape, correction_at=at, correction=beyond), fitted.centre


def _samples(  # noqa: PLR0917 (samples and their range)
    blocks: Blocks,
    means: Array,
    offsets: Array,
    light: Array,
    width: float,
    limits: tuple[float, float],
) -> tuple[Array, Array, Array] | None:
    """Return position, mean and error of the binned samples of all blocks, rows and per row."""
    reach = max(WING_REACH * width, 8.0)
    used = (light > 0)[:, None] & blocks.usable & (np.abs(offsets) < reach)
    used &= (offsets > limits[0]) & (offsets < limits[1])
    if not used.any():
        return None
    block, row = np.nonzero(used)
    position, mean, error = _binned(
        offsets[block, row] + reach,
        means[block, row] / light[block],
        blocks.noise[block, row] / light[block],
        max(SAMPLE, width / 16),
    )
    return position - reach, mean, error


def _with_wings(offset: Array, mean: Array, error: Array, fitted: Fit, sky: float) -> Fit:
    """Add wings to a fitted profile if the samples show them; the level is that beyond them.

    The model of the core, the wings and a level are fitted to the samples, of which those far from
    the centre determine the last two. `offset` is relative to the fitted centre; `sky` is the sky
    per row as a fraction of the target's light: what the flat leaves of it could look like wings.
    """
    shape = fitted.shape
    far = np.abs(offset) > SHAPE_REACH * shape.fwhm
    if np.count_nonzero(far) < _FEWEST_FAR:
        return fitted
    sigma = np.where(far, error, np.hypot(error, _MODEL_ERROR * np.max(mean)))
    wings = replace(shape, wing=1.0)
    basis = np.stack([shape.pixels(offset), wings.pixels(offset), np.ones_like(offset)]) / sigma
    inverse = np.linalg.pinv(basis @ basis.T)
    light, scattered, level = inverse @ (basis @ (mean / sigma))
    whole = light + scattered
    at_far = wings.pixels(np.array([SHAPE_REACH * shape.fwhm]))[0]
    least = max(WINGS_SURE * np.sqrt(inverse[1, 1]), FLAT_ERROR * sky / at_far)
    if not (light > 0 and least < scattered < WINGS_MOST * whole):
        return fitted
    return Fit(replace(shape, wing=scattered / whole), fitted.centre, whole, level)


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
    rows = np.abs(offsets).min(axis=0) < SPREAD_REACH * shape.fwhm + 1
    offsets, noise = offsets[:, rows], blocks.noise[:, rows]
    near = (np.abs(offsets) < SPREAD_REACH * shape.fwhm + 1) & blocks.usable[:, rows]
    weight = np.where(near, 1 / np.maximum(noise, 1e-12) ** 2, 0.0)
    seen = np.where(near, means[:, rows], 0.0)
    width = np.ones(offsets.shape[0])
    usable, error = np.ones(width.size, dtype=bool), np.zeros(width.size)
    for _ in range(_WIDTH_ITERATIONS):
        change, error, usable = _width_change(offsets, seen, weight, shape, width)
        if np.count_nonzero(usable) < 6:
            return None
        width = np.clip(width * (1 + np.where(usable, change, 0.0)), 0.5, 2.0)
    amount = np.where(usable, width - 1, np.nan)
    # The width of the model is accurate to about one per cent.
    weights = np.where(usable, 1 / np.hypot(error, 0.01), 0.0)
    fitted, _, _ = robust_polynomial(blocks.columns, amount, weights, 2)
    known = amount[usable]
    residual = known - fitted(blocks.columns[usable])
    middle = float(np.average(known, weights=weights[usable] ** 2))
    gain = np.sum(weights[usable] ** 2 * ((known - middle) ** 2 - residual**2))
    spread = np.clip(1 + fitted(blocks.columns) - middle, 1 - SPREAD_MOST, 1 + SPREAD_MOST)
    if gain < SPREAD_SURE or np.ptp(spread) > 2 * SPREAD_MOST * 0.99:
        return None
    return fitted - middle + 1


def _width_change(
    offsets: Array, seen: Array, weight: Array, shape: LightProfile, width: Array
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return the relative change of the width in every block, its error, and where it is known."""
    step, wide = 0.02, width[:, None]
    wider, narrower = (shape.pixels(offsets, wide * (1 + sign * step)) for sign in (1, -1))
    derivative = (wider - narrower) / (2 * step)
    basis = np.stack([shape.pixels(offsets, wide), derivative, np.ones_like(offsets)])
    normal = np.einsum("kbr,br,lbr->bkl", basis, weight, basis)
    right = np.einsum("kbr,br,br->bk", basis, weight, seen)
    usable = np.linalg.det(normal) > 0
    normal[~usable] = np.eye(3)
    inverse = np.linalg.inv(normal)
    light, change, _ = np.einsum("bkl,bl->kb", inverse, right)
    usable &= light > 10 * np.sqrt(np.maximum(inverse[:, 0, 0], 0))
    error = np.sqrt(np.maximum(inverse[:, 1, 1], 0)) / np.maximum(light, 1e-12)
    return np.where(usable, change / np.where(usable, light, 1.0), 0.0), error, usable


def _binned(position: Array, value: Array, sigma: Array, step: float) -> tuple[Array, Array, Array]:
    """Average samples in bins of `step` rows; return position, mean and error of filled bins."""
    bins = np.floor(position / step).astype(int)
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
    and damped where they do not exceed their noise (Wiener filter).
    """
    peak = float(np.max(mean))
    if float(np.median(error)) * _CLEAR > peak:
        return None
    width = max(0.5, fitted.shape.fwhm / 8)
    kernel = np.exp(-0.5 * (np.subtract.outer(offset, offset) / width) ** 2)
    kernel /= kernel.sum(axis=1)[:, None]
    spread = kernel**2 @ error**2
    beyond = np.zeros(offset.size)
    for _ in range(_CORRECTIONS):
        shape = replace(fitted.shape, correction_at=offset, correction=beyond)
        smooth = kernel @ (mean - fitted.level - fitted.light * shape.pixels(offset))
        smooth *= np.maximum(1 - 9 * spread / np.maximum(smooth**2, 1e-300), 0)
        beyond += smooth / fitted.light
    if np.max(np.abs(beyond)) * fitted.light < 0.004 * peak:
        return None
    return offset, beyond
