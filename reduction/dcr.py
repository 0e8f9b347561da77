"""Cosmic rays as counts beyond a gap in the histogram of a sub-frame (Pych 2004, PASP 116, 148)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from reduction.patches import Patches
from reduction.scene import (
    AROUND,
    OBJECT_LIMIT,
    Image,
    Scene,
    edges_of,
    fill_from_around,
    fine_structure,
)

SUBFRAME = (32, 128)
THRESHOLD = 3.0
PASSES = 5
SHARPNESS = 4.0
"""Laplacian significance from which on what is beyond a gap is a cosmic ray."""
_TAIL = 2.5
"""Sigmas above the median from which on the counts of a sub-frame are put in order."""


def search(scene: Scene, bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find cosmic rays as counts beyond a gap in the histogram of a sub-frame (Pych 2004).

    In each sub-frame the counts are clipped to the bulk around the mode; going up from there, the
    first gap wider than `THRESHOLD` standard deviations of the bulk separates cosmic rays from
    what belongs to the scene. Sub-frames overlap by half, and a pixel must be beyond the gap in
    each that holds it, and sharper than the optics let light be (as in L.A.Cosmic; the published
    program would take a bright target's emission lines too). Found pixels and their neighbours are
    filled in before the next pass.

    Sky and traces are taken off before, which the published program leaves to the histogram.

    Parameters
    ----------
    scene : Scene
        The frame, its smooth part taken off.
    bad : (n_rows, n_columns) bool
        Left out.

    Returns
    -------
    (n_rows, n_columns) bool
    """
    work, noise = scene.work, scene.noise
    found = np.zeros(work.shape, dtype=bool)
    grids = [_Histograms(work, shift) for shift in (0, 1)]
    for _ in range(PASSES):
        beyond = np.logical_and(*(grid.beyond_gap(work, scene.misfit) for grid in grids))
        patches = Patches(beyond & ~found & ~bad)
        if not patches.count:
            break
        near, sigma = patches.cut(work), patches.cut(noise)
        # An emission line of a bright target is beyond a gap too, but not sharper than the optics.
        limit = np.maximum(OBJECT_LIMIT * fine_structure(near, sigma), SHARPNESS)
        seeds = (
            patches.cut(beyond & ~found & ~bad) & (edges_of(near, sigma) > limit) & ~patches.edge
        )
        around = cv2.dilate(seeds.astype(np.uint8), AROUND).astype(bool)
        new = patches.frame(around & (near > THRESHOLD * sigma)) & ~found & ~bad
        if not new.any():
            break
        found |= new
        work = fill_from_around(work, found | bad)
    return found


class _Histograms:
    """The sub-frames of a frame, each with the bulk of its counts (median and sigma).

    Parameters
    ----------
    work : (n_rows, n_columns) float32
        The cosmic rays in it are too few to move the bulk.
    shift : {0, 1}
        Whether the sub-frames are displaced by half their size.
    """

    def __init__(self, work: Image, shift: int) -> None:
        height, width = SUBFRAME
        top, left = shift * height // 2, shift * width // 2
        n_rows, n_columns = work.shape
        pad = ((top, -(n_rows + top) % height), (left, -(n_columns + left) % width))
        padded = np.pad(work, pad, mode="symmetric")
        n_y, self._n_x = padded.shape[0] // height, padded.shape[1] // width
        # A quarter of the pixels tells median and sigma to some per cent.
        counts = padded[::2, ::2].reshape(n_y, height // 2, self._n_x, width // 2)
        ordered = np.sort(counts.swapaxes(1, 2).reshape(n_y * self._n_x, -1), axis=1)
        middle, low = ordered.shape[1] // 2, int(0.16 * ordered.shape[1])
        self.median = ordered[:, middle]
        self.sigma = np.maximum(ordered[:, middle] - ordered[:, low], np.float32(1e-3))
        self._block_row = (np.arange(n_rows) + top) // height * self._n_x
        self._block_column = (np.arange(n_columns) + left) // width
        self._tail = self._spread(self.median + np.float32(_TAIL) * self.sigma)

    def _spread(self, values: Image) -> Image:
        """Return for every pixel the value of its sub-frame."""
        return values[self._block_row[:, None] + self._block_column]

    def beyond_gap(self, work: Image, misfit: Image | np.float32) -> NDArray[np.bool_]:
        """Return the pixels above the first wide gap of their sub-frame's histogram."""
        places = np.flatnonzero(work > self._tail)
        row, column = np.divmod(places, work.shape[1])
        block = self._block_row[row] + self._block_column[column]
        values = work.ravel()[places]
        order = np.lexsort((values, block))
        block, ordered = block[order], values[order]
        sigma = self.sigma[block]
        before = self.median[block] + np.float32(_TAIL) * sigma
        same = np.flatnonzero(block[1:] == block[:-1]) + 1
        before[same] = ordered[same - 1]
        # From three sigma above the median upwards, the first step wider than the threshold.
        wide = (ordered - before > THRESHOLD * sigma) & (ordered > self.median[block] + 3 * sigma)
        level = np.full(self.median.shape, np.inf, np.float32)
        first, where = np.unique(block[wide], return_index=True)
        level[first] = before[wide][where] + np.float32(0.5) * sigma[wide][where]
        off = misfit.ravel()[places] if isinstance(misfit, np.ndarray) else misfit
        beyond = np.zeros(work.shape, dtype=bool)
        block = self._block_row[row] + self._block_column[column]
        beyond.ravel()[places] = values > level[block] + THRESHOLD * off
        return beyond
