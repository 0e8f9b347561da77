"""Connected groups of the few marked pixels of a frame, found without a label of every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Events:
    """The groups of marked pixels that touch each other, also by a corner.

    Parameters
    ----------
    count : int
        Number of groups.
    places : (n_pixels,) int
        Indices of the marked pixels into the flattened frame, ascending.
    label : (n_pixels,) int
        The group of each, from 0.
    row, column : (n_pixels,) int
        Their positions.
    """

    count: int
    places: Ints
    label: Ints
    row: Ints
    column: Ints

    @property
    def size(self) -> Ints:
        """Number of pixels of each group."""
        return np.bincount(self.label, minlength=self.count)

    def middle(self, position: Ints) -> NDArray[np.float64]:
        """Return the mean of the rows, or columns, of each group."""
        return np.bincount(self.label, position, minlength=self.count) / np.maximum(self.size, 1)

    def extent(self, position: Ints) -> Ints:
        """Return the number of rows, or columns, from the first to the last of each group."""
        first = np.full(self.count, np.iinfo(np.int64).max)
        last = np.full(self.count, -1)
        np.minimum.at(first, self.label, position)
        np.maximum.at(last, self.label, position)
        return last - first + 1


def events(marks: Bools) -> Events:
    """Find the groups of marked pixels.

    Parameters
    ----------
    marks : (n_rows, n_columns) bool
    """
    n_columns = marks.shape[1]
    places = np.flatnonzero(marks).astype(np.int64)
    row, column = np.divmod(places, n_columns)
    if not places.size:
        return Events(0, places, places, row, column)
    pairs = []
    for dy, dx in ((0, 1), (1, -1), (1, 0), (1, 1)):
        neighbour = places + dy * n_columns + dx
        found = np.searchsorted(places, neighbour)
        found[found == places.size] = 0
        inside = (column + dx >= 0) & (column + dx < n_columns)
        ours = np.flatnonzero((places[found] == neighbour) & inside)
        pairs.append((ours, found[ours]))
    one, other = (np.concatenate(side) for side in zip(*pairs, strict=True))
    links = coo_array((np.ones(one.size, np.int8), (one, other)), (places.size, places.size))
    count, label = connected_components(links, directed=False)
    return Events(int(count), places, label.astype(np.int64), row, column)
