"""Profiles of a spectrum along the slit, averaged in blocks of columns.

A trace can bend by more than its width, so a mean over all columns would blur it. Profiles are
therefore averaged in blocks; `reduction.extraction.profile_alignment` measures their bend.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Image = NDArray[np.float32]

BLOCK_COLUMNS = 64
CELLS = 8
"""Number of cells of columns in a block; their scatter separates cosmic rays from targets."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Means of a few columns each, `CELLS` to a block, sky removed, in electron per column.

    Parameters
    ----------
    columns : (n_cells,) float
        Middle of each cell.
    light, variance : (n_spatial, n_cells) float32
        Mean and its variance; 0 and inf where too few pixels are usable.
    sky : (n_cells,) float32
        The sky that was removed.
    """

    columns: Array
    light: Image
    variance: Image
    sky: Image


@dataclass(frozen=True)
class Blocks:
    """Profiles along the slit, sky removed, in electron per column.

    Parameters
    ----------
    columns : (n_blocks,) float
        Middle of each block.
    profiles, noise : (n_blocks, n_spatial) float
        Mean of the middle half of the cells of a row, which is robust against a cosmic ray, and
        its standard error; inf where a row has no usable pixel.
    means : (n_blocks, n_spatial) float
        Mean of all cells, which keeps the shape of a target whose spectrum varies within a block.
    cells : Cells
        The cells that were averaged.
    saturated : (n_blocks, n_spatial) bool, optional
        Rows of a block with a saturated pixel: they show where a target is, but not its shape.
    """

    columns: Array
    profiles: Array
    means: Array
    noise: Array
    cells: Cells
    saturated: NDArray[np.bool_] | None = None

    @cached_property
    def flat(self) -> Array:
        """The profiles without background, (n_blocks, n_spatial) float."""
        return np.asarray(without_background(self.profiles))

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """Where the means show the shape of a target, (n_blocks, n_spatial) bool."""
        known = np.isfinite(self.noise)
        return known if self.saturated is None else known & ~self.saturated

    def only(self, chosen: NDArray[np.intp]) -> Blocks:
        """Return some of the blocks.

        Parameters
        ----------
        chosen : (n,) int
            Indices of the blocks.

        Returns
        -------
        Blocks
            With all `cells`.
        """
        return replace(
            self,
            columns=self.columns[chosen],
            profiles=self.profiles[chosen],
            means=self.means[chosen],
            noise=self.noise[chosen],
            saturated=None if self.saturated is None else self.saturated[chosen],
        )

    def merged(self, number: int) -> Blocks:
        """Return means of `number` neighbouring blocks, for targets too faint to trace in each."""
        if number == 1:
            return self
        n = max(len(self.columns) // number, 1)
        number = min(number, len(self.columns))

        def mean(values: Array) -> Array:
            whole = values[: n * number]
            return np.asarray(whole.reshape(n, number, *values.shape[1:]).mean(axis=1))

        noise = np.sqrt(mean(self.noise**2) / number)
        return Blocks(mean(self.columns), mean(self.profiles), mean(self.means), noise, self.cells)


def make_blocks(
    data: NDArray[Any],
    variance: NDArray[Any],
    bad: NDArray[np.bool_],
    saturated: NDArray[np.bool_] | None = None,
) -> Blocks:
    """Subtract the sky from every cell of columns and average the cells in blocks.

    Parameters
    ----------
    data, variance : (n_spatial, n_dispersion) float
        At least 8 columns; finite.
    bad : (n_spatial, n_dispersion) bool
        Pixels to leave out.
    saturated : (n_spatial, n_dispersion) bool, optional

    Returns
    -------
    Blocks
    """
    n_rows, n_columns = data.shape
    n_blocks = max(n_columns // BLOCK_COLUMNS, min(4, n_columns // CELLS))
    width = n_columns // (CELLS * n_blocks)
    start = (n_columns - CELLS * n_blocks * width) // 2
    part = slice(start, start + CELLS * n_blocks * width)
    flux, spread = _mean(data[:, part], width), _mean(variance[:, part], width)
    hidden = _leave_out(flux, data, bad, start, width)
    lost = hidden > 0.75
    # A few hundred rows give the sky of a column accurately enough for finding targets.
    sky = np.median(flux[:: max(n_rows // 400, 1)], axis=0)
    flux -= sky
    noise2 = np.maximum(spread, 0) / (width * np.maximum(1 - hidden, np.float32(0.1)))
    cells = Cells(
        start + (np.arange(CELLS * n_blocks) + 0.5) * width - 0.5,
        flux,
        np.where(lost, np.float32(np.inf), noise2),
        sky,
    )
    shape = (n_rows, n_blocks, CELLS)
    n_seen: NDArray[Any] = np.full(shape[:2], CELLS)
    if lost.any():
        flux[lost], noise2[lost] = 0, 0
        n_seen = _sum(~lost.reshape(shape))
    deep = flux.reshape(shape)
    means = _sum(deep) / np.maximum(n_seen, 1)
    if lost.any():
        deep = np.where(lost.reshape(shape), means[:, :, None], deep)
    ordered = np.sort(deep, axis=2)
    middle = sum(ordered[:, :, n] for n in range(CELLS // 4, CELLS - CELLS // 4)) / (CELLS // 2)
    hit = None
    if saturated is not None and saturated.any():
        hit = np.asarray(saturated[:, part].reshape(n_rows, n_blocks, -1).any(axis=2).T)
    # The mean of the middle half of eight has 1.1 times the error of their mean.
    error = 1.1 * np.sqrt(_sum(noise2.reshape(shape))) / np.maximum(n_seen, 1)
    return Blocks(
        start + (np.arange(n_blocks) + 0.5) * CELLS * width - 0.5,
        np.asarray(middle, dtype=float).T.copy(),
        means.T.astype(float),
        np.where(n_seen > 0, error, np.inf).T.astype(float),
        cells,
        hit,
    )


def _sum(values: NDArray[Any]) -> NDArray[np.float32]:
    """Sum over a short last axis, by a matrix product, which is many times faster."""
    ones = np.ones(values.shape[-1], dtype=np.float32)
    return np.asarray(values.astype(np.float32, copy=False) @ ones)


def _mean(values: NDArray[Any], width: int) -> Image:
    """Return the mean of every `width` columns."""
    size = (values.shape[1] // width, values.shape[0])
    narrow = values.astype(np.float32, copy=False)
    return np.asarray(cv2.resize(narrow, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _leave_out(
    mean: Image, values: NDArray[Any], bad: NDArray[np.bool_], start: int, width: int
) -> Image:
    """Remove bad pixels from the means of the cells; return the fraction of bad ones per cell."""
    hidden = np.zeros(mean.shape, dtype=np.float32)
    row, column = np.divmod(np.flatnonzero(bad), bad.shape[1])
    inside = (column >= start) & (column < start + width * mean.shape[1])
    row, column = row[inside], column[inside]
    cell, which = np.unique(row * mean.shape[1] + (column - start) // width, return_inverse=True)
    if cell.size:
        count = np.bincount(which) / width
        taken = np.bincount(which, values[row, column]) / width
        mean.ravel()[cell] = (mean.ravel()[cell] - taken) / np.maximum(1 - count, 0.5 / width)
        hidden.ravel()[cell] = count
    return hidden


def without_background(profiles: NDArray[Any]) -> NDArray[Any]:
    """Subtract a straight line through the fainter rows of each profile (illumination, sky).

    Parameters
    ----------
    profiles : (n_profiles, n_spatial) float or float32

    Returns
    -------
    (n_profiles, n_spatial) float or float32
        In the unit and of the type of `profiles`.
    """
    x = np.linspace(-1, 1, profiles.shape[1], dtype=profiles.dtype)
    residual = profiles - np.median(profiles, axis=1)[:, None]
    for _ in range(5):
        sigma = 1.4826 * np.median(np.abs(residual[:, ::3]), axis=1)
        keep = (np.abs(residual) <= 2.5 * np.maximum(sigma, 1e-12)[:, None]).astype(x.dtype)
        count, first, second = keep.sum(axis=1), keep @ x, keep @ x**2
        kept = keep * residual
        total, moment = kept.sum(axis=1), kept @ x
        det = count * second - first**2
        safe = np.where(det > 1e-9, det, 1.0)
        slope = np.where(det > 1e-9, (count * moment - first * total) / safe, 0.0)
        level = np.where(count > 0, (total - slope * first) / np.maximum(count, 1), 0.0)
        residual = residual - level[:, None] - slope[:, None] * x
    return np.asarray(residual)
