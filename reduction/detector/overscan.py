"""What the overscan gives: the bias level, its drift against a master, and the read noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reduction.detector.distribution import core

Image = NDArray[np.floating[Any]]

ENOUGH = 30_000
"""Pixels that determine a level to a few hundredths of its noise; more are not read."""
OF_DIFFERENCES = 1 / 6
"""Variance of the rounding of the difference of two counts."""
FEWEST_DIFFERENCES = 400
MOST_OUTSIDE = 0.15
"""Part of the differences that may lie outside of the core."""
HALVES = 0.12
"""Relative difference of the noise of two halves, besides five of its errors."""


def _thinned(counts: Image) -> Image:
    """Return at most about `ENOUGH` values: every n-th row."""
    return counts[:: max(counts.size // ENOUGH, 1)]


def level(counts: Image) -> float | None:
    """Return the bias level, ADU; None without values.

    Parameters
    ----------
    counts : (n_rows, n_columns) float
        Counts of the overscan, ADU; pixels that are not finite, or lit by a bleeding star, have no
        influence.
    """
    found = core(_thinned(counts))
    return None if found is None else found.mean


def drift(counts: Image, reference: Image) -> float | None:
    """Return how much higher the level of a frame is than that of a reference, ADU.

    The difference of the pixels is free of the pattern of the columns.

    Parameters
    ----------
    counts, reference : (n_rows, n_columns) float
        The same pixels of the overscan, ADU.
    """
    found = core(_thinned(counts) - _thinned(reference), OF_DIFFERENCES)
    return None if found is None else found.mean


@dataclass(frozen=True, slots=True)
class Scatter:
    """The scatter of the pixels of one frame.

    Parameters
    ----------
    adu : float
        Read noise without the rounding to integers, ADU.
    error : float
        Relative standard error.
    rounded : bool
        Whether the counts are integers.
    steady : bool
        Whether there are enough pixels, their halves agree and few are outliers.
    """

    adu: float
    error: float
    rounded: bool
    steady: bool


def scatter(counts: Image) -> Scatter | None:
    """Return the read noise of a frame from its overscan.

    It is the scatter of the differences of neighbours along a column: the pattern of the columns
    and a slow change of the level do not enter.

    Parameters
    ----------
    counts : (n_rows, n_columns) float
        ADU.

    Returns
    -------
    Scatter or None
        None with too few pixels.
    """
    steps = np.diff(counts.astype(np.float64), axis=0)
    whole = core(steps, OF_DIFFERENCES)
    if whole is None:
        return None
    half, middle = len(steps) // 2, steps.shape[1] // 2
    pairs = ((steps[:half], steps[half:]), (steps[:, :middle], steps[:, middle:]))
    error = float(np.sqrt(0.75 / max(whole.n, 1)))
    steady = (
        whole.n >= FEWEST_DIFFERENCES
        and whole.outside <= MOST_OUTSIDE
        and all(_agree(one, other) for one, other in pairs)
    )
    known = counts[np.isfinite(counts)]
    rounded = bool((known == np.rint(known)).all())
    return Scatter(whole.sigma / float(np.sqrt(2)), error, rounded, steady)


def _agree(one_half: Image, other_half: Image) -> bool:
    """Return whether the scatters of two halves agree within their errors."""
    one, other = (core(half, OF_DIFFERENCES) for half in (one_half, other_half))
    if one is None or other is None or min(one.sigma, other.sigma) <= 0:
        return False
    error = np.sqrt(0.75 / one.n + 0.75 / other.n)
    return bool(abs(np.log(one.sigma / other.sigma)) <= HALVES + 5 * error)
