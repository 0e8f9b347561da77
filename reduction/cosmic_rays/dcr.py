"""Cosmic rays by gaps in the histograms of sub-frames (Pych 2004, PASP 116, 148)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from reduction.cosmic_rays.patches import Patches
from reduction.cosmic_rays.scene import (
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
"""Least significance of the Laplacian of a cosmic ray beyond a gap, sigmas."""
_TAIL = 2.5
"""Least deviation from the median of the counts of a sub-frame that are sorted, sigmas."""


def search(scene: Scene, bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find cosmic rays as counts beyond a gap in the histogram of a sub-frame (Pych 2004).

    In each sub-frame the first gap above the bulk of the counts that is wider than `THRESHOLD`
    standard deviations separates cosmic rays from the scene. Sub-frames overlap by half. A pixel
    must be beyond the gap in each sub-frame that contains it, and sharper than the optics allow for
    a source (as in L.A.Cosmic; the published program would also mark the emission lines of bright
    targets). Detected pixels and their neighbours are replaced before the next pass.

    Sky and traces are subtracted first; the published program does not subtract them.

    Parameters
    ----------
    scene : Scene
        The frame without its smooth part.
    bad : (n_rows, n_columns) bool
        Pixels to ignore.

    Returns
    -------
    (n_rows, n_columns) bool
        True for the pixels of cosmic rays.
    """
    work, noise = scene.work, scene.noise
    hits = np.zeros(work.shape, dtype=bool)
    grids = [_Histograms(work, scene.misfit, shift) for shift in (0, 1)]
    for _ in range(PASSES):
        beyond = np.zeros(work.shape, dtype=bool)
        first, second = (grid.beyond_gap(hits) for grid in grids)
        beyond.ravel()[np.intersect1d(first, second)] = True
        beyond &= ~bad
        patches = Patches(beyond)
        if not patches.count:
            break
        near, sigma = patches.cut(work), patches.cut(noise)
        # An emission line of a bright target is also beyond a gap, but not sharper than the optics.
        limit = np.maximum(OBJECT_LIMIT * fine_structure(near, sigma), SHARPNESS)
        seeds = patches.cut(beyond) & (edges_of(near, sigma) > limit) & ~patches.edge
        around = cv2.dilate(seeds.astype(np.uint8), AROUND).astype(bool)
        new = patches.frame(around & (near > THRESHOLD * sigma)) & ~hits & ~bad
        if not new.any():
            break
        hits |= new
        work = fill_from_around(work, hits | bad)
    return hits


class _Histograms:
    """The sub-frames of a frame: median and sigma of their counts, and the counts above, sorted.

    Parameters
    ----------
    work : (n_rows, n_columns) float32
        Electron. Cosmic rays are too few to affect median and sigma.
    misfit : (n_rows, n_columns) float32
        Error of `work`, electron.
    shift : {0, 1}
        Whether the sub-frames are displaced by half their size.
    """

    def __init__(self, work: Image, misfit: Image, shift: int) -> None:
        height, width = SUBFRAME
        top, left = shift * height // 2, shift * width // 2
        n_rows, n_columns = work.shape
        pad = ((top, -(n_rows + top) % height), (left, -(n_columns + left) % width))
        padded = np.pad(work, pad, mode="symmetric")
        n_y, n_x = padded.shape[0] // height, padded.shape[1] // width
        # A quarter of the pixels gives median and sigma to a few per cent.
        counts = padded[::2, ::2].reshape(n_y, height // 2, n_x, width // 2)
        ordered = np.sort(counts.swapaxes(1, 2).reshape(n_y * n_x, -1), axis=1)
        middle, low = ordered.shape[1] // 2, int(0.16 * ordered.shape[1])
        self._median = ordered[:, middle]
        self._sigma = np.maximum(ordered[:, middle] - ordered[:, low], np.float32(1e-3))
        self._tail = self._median + np.float32(_TAIL) * self._sigma
        block_row = (np.arange(n_rows) + top) // height
        block_column = (np.arange(n_columns) + left) // width
        limits = self._tail.reshape(n_y, n_x)[:, block_column]
        above = np.empty(work.shape, dtype=bool)
        for number, limit in enumerate(
            limits
        ):  # one row of blocks at a time, to avoid an index of every pixel
            rows = slice(max(number * height - top, 0), (number + 1) * height - top)
            np.greater(work[rows], limit, out=above[rows])
        places = np.flatnonzero(above)
        row, column = np.divmod(places, n_columns)
        block, values = block_row[row] * n_x + block_column[column], work.ravel()[places]
        order = np.lexsort((values, block))
        self._places, self._block, self._values = places[order], block[order], values[order]
        self._off = misfit.ravel()[self._places]

    def beyond_gap(self, hits: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the pixels above the first wide gap in the histogram of their sub-frame.

        Parameters
        ----------
        hits : (n_rows, n_columns) bool
            Cosmic rays of earlier passes, which are ignored.

        Returns
        -------
        (n_pixels,) int
            Indices into the flattened frame.
        """
        left = np.flatnonzero(~hits.ravel()[self._places])
        block, values = self._block[left], self._values[left]
        sigma, before = self._sigma[block], self._tail[block]
        same = np.flatnonzero(block[1:] == block[:-1]) + 1
        before[same] = values[same - 1]
        # From three sigma above the median upwards, the first step wider than the threshold.
        wide = values - before > THRESHOLD * sigma
        wide &= values > self._median[block] + 3 * sigma
        level = np.full(self._median.shape, np.inf, np.float32)
        first, where = np.unique(block[wide], return_index=True)
        level[first] = before[wide][where] + np.float32(0.5) * sigma[wide][where]
        beyond: NDArray[np.int64] = self._places[left][
            values > level[block] + THRESHOLD * self._off[left]
        ]
        return beyond
