"""Small patches around marked pixels, combined to one image, to which filters are applied.

A frame has some hundred cosmic rays in millions of pixels. A filter that depends only on nearby
pixels gives the same result on the patches as on the frame.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CORE = 16
"""Size of the core of a patch, in which results are valid, pixels."""
MARGIN = 7
"""Margin around the core, wider than the range of the filters, pixels."""
_SIZE = CORE + 2 * MARGIN
_GROWTH = 3
"""Pixels by which marks may grow, possibly into a neighbouring patch."""


def split(image: NDArray[Any]) -> NDArray[Any]:
    """Return the patches of a tall image, (count, 30, 30); a view."""
    return image.reshape(-1, _SIZE, _SIZE)


def tall(patches: NDArray[Any]) -> NDArray[Any]:
    """Return patches, (count, 30, 30), as one tall image for a filter."""
    return patches.reshape(-1, _SIZE)


class Patches:
    """The patches of a frame that contain marked pixels, in one tall image.

    Parameters
    ----------
    marks : (n_rows, n_columns) bool
        The marked pixels.

    Attributes
    ----------
    count : int
        Number of patches; 0 without marked pixels.
    edge : (count * 30, 30) bool
        Pixels without a valid result: outside the frame, and at the borders of the patches.
    """

    def __init__(self, marks: NDArray[np.bool_]) -> None:
        self._shape = marks.shape
        row, column = np.divmod(np.flatnonzero(marks), marks.shape[1])
        across = -(-marks.shape[1] // CORE)
        tiles = []
        for dy in (-_GROWTH, _GROWTH):
            for dx in (-_GROWTH, _GROWTH):
                y = np.clip(row + dy, 0, marks.shape[0] - 1) // CORE
                x = np.clip(column + dx, 0, marks.shape[1] - 1) // CORE
                tiles.append(np.unique(y * across + x))
        y, x = np.divmod(np.unique(np.concatenate(tiles)), across)
        reach = np.arange(-MARGIN, CORE + MARGIN)
        self._rows = y[:, None] * CORE + reach
        self._columns = x[:, None] * CORE + reach
        self.count = len(y)
        n_rows, n_columns = marks.shape
        beyond = ((self._rows < 0) | (self._rows >= n_rows))[:, :, None]
        beyond = beyond | ((self._columns < 0) | (self._columns >= n_columns))[:, None, :]
        beyond[:, [0, 1, -2, -1], :] = True
        beyond[:, :, [0, 1, -2, -1]] = True
        self.edge: NDArray[np.bool_] = beyond.reshape(-1, _SIZE)
        self._inside_rows = np.clip(self._rows, 0, n_rows - 1)[:, :, None]
        self._inside_columns = np.clip(self._columns, 0, n_columns - 1)[:, None, :]

    def cut(self, image: NDArray[Any]) -> NDArray[Any]:
        """Cut the patches from an image of the size of the frame.

        Parameters
        ----------
        image : (n_rows, n_columns) array

        Returns
        -------
        (count * 30, 30) array
            Of the type of `image`; beyond its edges the outermost pixels are repeated.
        """
        return np.ascontiguousarray(
            image[self._inside_rows, self._inside_columns].reshape(-1, _SIZE)
        )

    def frame(self, marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Convert marks on the patches to marks on the frame.

        Parameters
        ----------
        marks : (count * 30, 30) bool

        Returns
        -------
        (n_rows, n_columns) bool
        """
        whole = np.zeros(self._shape, dtype=bool)
        core = slice(MARGIN, MARGIN + CORE)
        patch, y, x = np.nonzero(marks.reshape(-1, _SIZE, _SIZE)[:, core, core])
        rows, columns = self._rows[patch, y + MARGIN], self._columns[patch, x + MARGIN]
        inside = (rows < self._shape[0]) & (columns < self._shape[1])
        whole[rows[inside], columns[inside]] = True
        return whole
