"""Combine frames pixel by pixel: the mean of the values near the median, and its variance."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from reduction.detector import robust

Image = NDArray[np.float32]

CLIP_SIGMA = 3.0
N_THREADS = min(2, os.cpu_count() or 1)
"""Threads that combine a master, which other frames wait for; numpy releases the GIL."""
_CACHED_BYTES = 1 << 20
"""Pixels combined at once: about the size of the cache of a core."""
_MAD_TO_SIGMA = 1.4826
_MISSING = np.float32(1e30)
"""Replaces a missing value: it is sorted to the end and always clipped."""


def combine(stack: Image) -> tuple[Image, Image]:
    """Combine frames pixel by pixel: the mean of the values within 3 σ of the median.

    σ is the scatter of the frames (from the median absolute deviation) in a pixel or the median
    scatter in its row, whichever is larger, so that a pixel with low scatter by chance does not
    lose good values.

    Parameters
    ----------
    stack : (n_frames, n_rows, n_columns) float32
        NaN where a frame has no value.

    Returns
    -------
    mean, variance : (n_rows, n_columns) float32
        `variance` is that of the mean. A pixel without any value is (nan, inf).
    """
    mean, variance = np.empty(stack.shape[1:], np.float32), np.empty(stack.shape[1:], np.float32)

    def do(rows: slice) -> None:
        mean[rows], variance[rows] = _combine(stack[:, rows].copy())

    with ThreadPoolExecutor(N_THREADS) as pool:
        list(pool.map(do, _bands(stack.shape)))
    return mean, variance


def _bands(shape: tuple[int, ...]) -> Iterator[slice]:
    n_frames, n_rows, n_columns = shape
    height = max(_CACHED_BYTES // (4 * n_columns * n_frames), 1)
    for start in range(0, n_rows, height):
        yield slice(start, min(start + height, n_rows))


def _combine(stack: Image) -> tuple[Image, Image]:
    """Combine a band of rows; `stack` is overwritten."""
    n_frames = len(stack)
    missing = np.isnan(stack)
    n_missing = missing.sum(axis=0) if missing.any() else None
    if n_missing is not None:
        stack[missing] = _MISSING
    ordered = robust.sort_planes(stack)
    centre, spread = _median_and_spread(ordered)
    if n_missing is not None:
        for n in np.unique(n_missing[n_missing > 0]).tolist():
            where = n_missing == n
            known = [plane[where] for plane in ordered[: n_frames - n]]
            centre[where], spread[where] = _median_and_spread(known) if known else (0, 0)
    typical = np.median(spread, axis=1, keepdims=True)
    limit = CLIP_SIGMA * np.maximum(spread, typical) + np.float32(1e-6)
    # Sums relative to the median, for numerical precision.
    count, total, squares = (np.zeros_like(centre) for _ in range(3))
    for plane in ordered:
        np.subtract(plane, centre, out=plane)
        keep = np.abs(plane, out=spread) <= limit
        np.multiply(plane, keep, out=plane)
        count += keep
        total += plane
        squares += np.square(plane, out=plane)
    empty = count == 0
    np.maximum(count, 1, out=count)
    shift = total / count
    scatter = np.maximum(squares - total * shift, 0) / np.maximum(count - 1, 1)
    # The scatter of one or two values is unreliable, so the median spread of the row is used.
    variance: Image = np.where(count > 2, scatter, np.square(typical)).astype(np.float32) / count
    mean: Image = centre + shift
    mean[empty], variance[empty] = np.nan, np.inf
    return mean, variance


def _median_and_spread(ordered: list[Image]) -> tuple[Image, Image]:
    """Return median and σ (from the median absolute deviation) of sorted planes.

    In sorted planes, the k values nearest to the median are neighbours. The k-th distance is
    therefore the minimum, over all runs of k values, of the larger distance of the run's ends.
    """
    n = len(ordered)
    centre = robust.middle(ordered)
    below = [centre - plane for plane in ordered]
    total: Image | None = None
    ranks = {(n - 1) // 2, n // 2}
    for rank in ranks:
        nearest: Image | None = None
        for low in range(n - rank):
            # The negative of `below` is the distance of the upper end above the median.
            reach = np.maximum(below[low], -below[low + rank])
            nearest = reach if nearest is None else np.minimum(nearest, reach, out=nearest)
        assert nearest is not None  # n is at least 1
        total = nearest if total is None else total + nearest
    assert total is not None
    total *= np.float32(_MAD_TO_SIGMA / len(ranks))
    return centre, total
