"""Find the rows of a spectrum that are inside the slit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from reduction.detector import robust

MARGIN = 2
"""Rows left out at each detected edge, over which the light decreases."""
ROUNDING = 0.3
"""Error of the median of integers, ADU; the scatter of such medians may be 0."""
_MIN_FRACTION = 0.25
_STEP_ROWS, _LEAST_STEP = 5, 0.6
"""Rows on both sides of an edge, and by what part of the sky's light they differ at least."""


def profile_along_slit(data: NDArray[Any], usable: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the median of every row over the middle 80 % of the dispersion axis.

    Parameters
    ----------
    data : (n_spatial, n_dispersion) float
    usable : (n_spatial, n_dispersion) bool
        False where a pixel is flagged.

    Returns
    -------
    (n_spatial,) float64
        In the unit of `data`; NaN in rows without usable pixels.
    """
    n = data.shape[1]
    middle = slice(n // 10, n - n // 10)
    good = usable[:, middle]
    seen = data[:, middle]
    if not good.all():
        seen = np.where(good, seen, np.float32(np.nan))
    profile: NDArray[np.float64] = robust.known_median(seen, 1).astype(np.float64)
    return profile


def lit_rows_of_flat(profile: NDArray[np.float64]) -> tuple[int, int]:
    """Return the rows in which the profile of a flat is above half of its typical level.

    Parameters
    ----------
    profile : (n_spatial,) float
        Along the slit; NaN where unknown.

    Returns
    -------
    first, last : int
        First row, and one past the last.
    """
    level = np.nanpercentile(profile, 75)
    return _longest_run(np.nan_to_num(profile, nan=0.0) > level / 2, len(profile))


def lit_rows_of_frame(profile: NDArray[np.float64]) -> tuple[int, int]:
    """Return the rows inside the slit of a science frame, if there is no flat.

    The sky illuminates the slit, so its edges are steps of the profile above the dark rows at the
    ends. Without a significant step all rows are kept: the slit may be longer than the region that
    was read, and a wrong cut could remove the target.

    Parameters
    ----------
    profile : (n_spatial,) float
        Along the slit, from `profile_along_slit`, ADU.

    Returns
    -------
    first, last : int
        First row, and one past the last.
    """
    n = len(profile)
    smooth = median_filter(np.nan_to_num(profile, nan=float(np.nanmedian(profile))), size=5)
    noise = 1.4826 * float(np.nanmedian(np.abs(np.diff(profile)))) / np.sqrt(2)
    noise = max(noise, ROUNDING)
    end = max(n // 50, 3)
    dark = min(float(np.median(smooth[:end])), float(np.median(smooth[-end:])))
    sky = float(np.median(smooth))
    if sky - dark < 10 * noise:
        return 0, n
    first, last = _longest_run(smooth > dark + 0.5 * (sky - dark), n)
    # The jaws of a slit are a step; light that fades along it is the sky's own or that of a source.
    step = _LEAST_STEP * (sky - dark)
    lit = np.minimum(smooth, sky)  # without the flank of a target
    if not _falls(lit[::-1], n - first, step):
        first = 0
    if not _falls(lit, last, step):
        last = n
    return first, last


def _falls(profile: NDArray[np.float64], last: int, step: float) -> bool:
    """Return whether the profile falls by a step across the last lit row."""
    inner = profile[max(last - _STEP_ROWS, 0) : last]
    outer = profile[last + MARGIN : last + MARGIN + _STEP_ROWS]
    return bool(outer.size and inner.size and np.median(inner) - np.median(outer) >= step)


def _longest_run(lit: NDArray[np.bool_], n: int) -> tuple[int, int]:
    """Return the longest run of lit rows, shrunk by `MARGIN` where it ends inside the frame.

    Gaps of a few rows (dust, a flagged row) do not split it. All rows when the run is implausibly
    short.
    """
    filled = lit.copy()
    gap_start = None
    for row in range(n):
        if lit[row]:
            if gap_start is not None and 0 < gap_start and row - gap_start <= 5:
                filled[gap_start:row] = True
            gap_start = None
        elif gap_start is None:
            gap_start = row
    edges = np.flatnonzero(np.diff(np.concatenate(([0], filled.astype(np.int8), [0]))))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    if not runs:
        return 0, n
    first, last = max(runs, key=lambda run: run[1] - run[0])
    first = first + MARGIN if first > 0 else 0
    last = last - MARGIN if last < n else n
    return (first, last) if last - first >= _MIN_FRACTION * n else (0, n)
