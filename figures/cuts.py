"""Cuts through an image at full resolution, averaged over rows or columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from figures.pyramid import Pyramid

_CHUNK = 2_000_000
"""Largest number of pixels held at once, to limit the memory of the web process."""


def mean_along(
    pyramid: Pyramid, axis: str, first: int, last: int, leave_out: int = 0
) -> NDArray[np.float32]:
    """Return the mean of some rows, or of some columns.

    Parameters
    ----------
    pyramid : Pyramid
    axis : {"row", "column"}
        ``row``: the mean of rows `first` to `last`, one value per column; ``column``: the mean of
        columns, one value per row.
    first, last : int
        Both included; clipped to the image.
    leave_out : int
        Pixels with any of these flag bits are excluded, as are those without a value.

    Returns
    -------
    (n,) float32
        In the unit of the image; NaN where all pixels are excluded.
    """
    n_y, n_x = pyramid.shape
    size = n_y if axis == "row" else n_x
    first, last = (min(max(edge, 0), size - 1) for edge in (min(first, last), max(first, last)))
    across = slice(first, last + 1)
    step = max(1, _CHUNK // (last + 1 - first))
    parts = []
    for start in range(0, n_x if axis == "row" else n_y, step):
        along = slice(start, start + step)
        cut = (across, along) if axis == "row" else (along, across)
        values = pyramid.levels[0][cut].astype(np.float32)
        good = np.isfinite(values)
        if leave_out and pyramid.flags:
            good &= (pyramid.flags[0][cut] & np.uint8(leave_out)) == 0
        over = 0 if axis == "row" else 1
        count = np.count_nonzero(good, axis=over)
        total = np.where(good, values, 0).sum(axis=over, dtype=np.float64)
        parts.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    return np.concatenate(parts).astype(np.float32)
