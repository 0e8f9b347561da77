"""A spectrum seen along the slit: profiles of blocks of columns, their bend and their mean.

A trace can bend by more than its width, so the columns are taken in blocks, and the blocks'
profiles are aligned by cross-correlation: all targets share the bend.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

Array = NDArray[np.float64]
Image = NDArray[np.float32]

BLOCK_COLUMNS = 64
CELLS = 8
"""Cells of columns that a block is made of; their spread tells a cosmic ray from a target."""
MAX_STEP = 4
"""Rows that a trace may move from one block to the next."""
_HUGE = 1e12
_SPOILED = 1e7


@dataclass(frozen=True, slots=True)
class Blocks:
    """Profiles along the slit, sky removed, in electron per column.

    Parameters
    ----------
    columns : (n_blocks,) float
        Middle of each block.
    profiles, noise : (n_blocks, n_spatial) float
        Mean of the middle half of the cells of a row, which shrugs off a cosmic ray, and its
        standard error; inf where a row has no usable pixel.
    means : (n_blocks, n_spatial) float
        Plain mean, which keeps the target's shape where its spectrum varies within a block.
    cells, cell_noise : (n_spatial, n_cells) float
        What the blocks are made of; `cell_columns` (n_cells,) are their middles.
    """

    columns: Array
    profiles: Array
    means: Array
    noise: Array
    cells: Array
    cell_noise: Array
    cell_columns: Array

    def merged(self, number: int) -> Blocks:
        """Return blocks of `number` neighbouring ones, for a target too faint to follow in each."""
        if number == 1:
            return self
        n = max(len(self.columns) // number, 1)
        number = min(number, len(self.columns))

        def mean(values: Array) -> Array:
            whole = values[: n * number]
            return np.asarray(whole.reshape(n, number, *values.shape[1:]).mean(axis=1))

        noise = np.sqrt(mean(self.noise**2) / number)
        return Blocks(
            mean(self.columns), mean(self.profiles), mean(self.means), noise,
            self.cells, self.cell_noise, self.cell_columns,
        )  # fmt: skip


def make_blocks(data: NDArray[Any], variance: NDArray[Any], bad: NDArray[np.bool_]) -> Blocks:
    """Take the sky out of every cell of columns and average blocks of cells.

    Parameters
    ----------
    data, variance : (n_spatial, n_dispersion) float
        At least 8 columns.
    bad : (n_spatial, n_dispersion) bool
        Left out; need not hold a number.
    """
    n_rows, n_columns = data.shape
    n_blocks = max(n_columns // BLOCK_COLUMNS, min(4, n_columns // CELLS))
    width = n_columns // (CELLS * n_blocks)
    used = CELLS * n_blocks * width
    start = (n_columns - used) // 2
    part = slice(start, start + used)
    flux, hidden = _cells(data[:, part], bad[:, part], width)
    spread = _mean(_sound(variance[:, part]), width)
    lost = hidden > 0.75
    # A quarter of the rows tells a column's sky well enough for finding targets.
    flux -= np.median(flux[:: max(n_rows // 400, 1)], axis=0)
    flux[lost] = 0.0
    deep = flux.reshape(n_rows, n_blocks, CELLS)
    seen = ~lost.reshape(n_rows, n_blocks, CELLS)
    n_seen = seen.sum(axis=2)
    means = deep.sum(axis=2) / np.maximum(n_seen, 1)
    filled = deep if not lost.any() else np.where(seen, deep, means[:, :, None])
    middle = np.sort(filled, axis=2)[:, :, CELLS // 4 : -CELLS // 4].mean(axis=2)
    cell_noise = np.sqrt(np.maximum(spread, 0) / (width * np.maximum(1 - hidden, 0.1)))
    cell_noise[lost] = np.inf
    total = np.where(seen, np.where(lost, 0, cell_noise).reshape(deep.shape) ** 2, 0).sum(axis=2)
    # The mean of the middle half of eight has 1.1 times the error of their mean.
    noise = np.where(n_seen > 0, 1.1 * np.sqrt(total) / np.maximum(n_seen, 1), np.inf)
    return Blocks(
        start + (np.arange(n_blocks) + 0.5) * CELLS * width - 0.5,
        middle.T.astype(float),
        means.T.astype(float),
        noise.T.astype(float),
        flux.astype(float),
        cell_noise.astype(float),
        start + (np.arange(CELLS * n_blocks) + 0.5) * width - 0.5,
    )


def _cells(values: NDArray[Any], bad: NDArray[np.bool_], width: int) -> tuple[Image, Image]:
    """Return the mean of the good pixels of `width` columns, and the share of bad ones."""
    known = _sound(values)
    mean = _mean(known, width)
    # The mean of all pixels is one fast call; the few bad ones are taken out of it again.
    row, column = np.nonzero(bad)
    cell = row * mean.shape[1] + column // width
    hidden = np.bincount(cell, minlength=mean.size).reshape(mean.shape).astype(np.float32)
    taken = np.bincount(cell, known[row, column], mean.size).reshape(mean.shape)
    hidden /= np.float32(width)
    if row.size:
        good = np.maximum(1 - hidden, np.float32(0.5 / width))
        mean = ((mean - taken / width) / good).astype(np.float32)
    return mean, hidden


def _sound(values: NDArray[Any]) -> Image:
    """Return values as single precision without any that would spoil the sums of others."""
    if values.dtype == np.float32 and cv2.checkRange(values, True, -_HUGE, _HUGE)[0]:
        return values
    known = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
    return np.clip(known, -_SPOILED, _SPOILED).astype(np.float32)


def _mean(values: Image, width: int) -> Image:
    """Return the mean of every `width` columns."""
    size = (values.shape[1] // width, values.shape[0])
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def without_background(profiles: Array) -> Array:
    """Return profiles less a straight line through their fainter rows (slit illumination, sky).

    Parameters
    ----------
    profiles : (n_profiles, n_spatial) float
    """
    x = np.linspace(-1, 1, profiles.shape[1])
    rest = profiles - np.median(profiles, axis=1)[:, None]
    for _ in range(5):
        sigma = 1.4826 * np.median(np.abs(rest[:, ::3]), axis=1)
        keep = (np.abs(rest) <= 2.5 * np.maximum(sigma, 1e-12)[:, None]).astype(float)
        count, first, second = keep.sum(axis=1), keep @ x, keep @ x**2
        kept = keep * rest
        zero, one = kept.sum(axis=1), kept @ x
        det = count * second - first**2
        safe = np.where(det > 1e-9, det, 1.0)
        slope = np.where(det > 1e-9, (count * one - first * zero) / safe, 0.0)
        level = np.where(count > 0, (zero - slope * first) / np.maximum(count, 1), 0.0)
        rest = rest - level[:, None] - slope[:, None] * x
    return np.asarray(rest)


def common_bend(blocks: Blocks) -> Polynomial:
    """Return how far the scene moves along the slit, in rows, against the strongest block.

    Where single blocks are too faint to tell, several are taken together.

    Returns
    -------
    Polynomial
        Of the column; degree at most 2; zero where nothing is bright enough to tell.
    """
    for number in (1, 4):
        joined = blocks.merged(number)
        shifts = _shifts(joined)
        if np.isfinite(shifts).sum() > max(len(shifts) / 3, 2):
            break
    return robust_polynomial(joined.columns, shifts, np.ones_like(shifts), 2)[0]


def _shifts(blocks: Blocks) -> Array:
    """Return how far every block is above the strongest, in rows; NaN where it is unclear."""
    profiles = without_background(blocks.profiles)
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
            found = _peak(lags, scores)
            if found is not None:
                slope = 0.5 * slope + 0.5 * (found - guess)
                shifts[index] = guess = found
            else:
                guess += slope
            index += direction
    return shifts


def _peak(lags: NDArray[np.int64], scores: Array) -> float | None:
    """Return the lag of the highest score by a parabola; None if it is low or at an end."""
    best = int(np.argmax(scores))
    if scores[best] < 0.4 or best in {0, len(lags) - 1}:
        return None
    left, mid, right = scores[best - 1 : best + 2]
    bend = left - 2 * mid + right
    return float(lags[best] + (0.5 * (left - right) / bend if bend < 0 else 0.0))


def robust_polynomial(
    x: Array, y: Array, weight: Array, degree: int
) -> tuple[Polynomial, float, int]:
    """Fit a polynomial, leaving out what is beyond 3 σ (MAD) or 0.1 rows, whichever is more.

    Returns
    -------
    polynomial : Polynomial
        In the variable itself (domain mapped back); its degree is lowered for few points.
    rms : float
        Scatter of the points kept.
    n_points : int
    """
    keep = np.isfinite(y) & np.isfinite(weight) & (weight > 0)
    if not keep.any():
        return Polynomial([0.0]), float("nan"), 0
    fitted = Polynomial([float(np.median(y[keep]))])
    for _ in range(6):
        usable = min(degree, max(int(keep.sum()) // 3, 0))
        fitted = Polynomial.fit(x[keep], y[keep], usable, w=weight[keep]).convert()
        rest = np.abs(y - fitted(x))
        sigma = 1.4826 * float(np.median(rest[keep]))
        new = np.isfinite(y) & (weight > 0) & (rest <= max(3 * sigma, 0.1))
        if new.sum() < 3 or np.array_equal(new, keep):
            break
        keep = new
    rest = (y - fitted(x))[keep]
    return fitted, float(np.sqrt(np.mean(rest**2))), int(keep.sum())


def aligned_profile(blocks: Blocks, bend: Polynomial) -> tuple[Array, Array]:
    """Return the mean profile with the bend taken out, background removed, and its noise.

    Rows that only some blocks reach keep the mean of those.
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
