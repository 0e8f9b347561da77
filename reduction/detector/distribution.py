"""Mean and scatter of the core of a distribution, also of integers.

The median of integers and the median of their deviations move in whole steps, so that a level would
be wrong by up to half a count and a scatter by up to a fifth. Here the values within three standard
deviations are averaged, and both moments are corrected for what the cut has removed and the scatter
for the rounding (Sheppard 1898, Proc. Lond. Math. Soc. 29, 353).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

CUT = 3.0
"""Half-width of the core, standard deviations."""
ROUNDS = 15
FEWEST = 16
"""Values from which a core is measured."""


@dataclass(frozen=True, slots=True)
class Core:
    """The core of a distribution.

    Parameters
    ----------
    mean, sigma : float
        Of the normal distribution that the core is part of, without the rounding.
    n : int
        Number of values in the core.
    outside : float
        Part of all values that is not in it; 0.003 for a normal distribution.
    """

    mean: float
    sigma: float
    n: int
    outside: float

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return self.sigma / float(np.sqrt(max(self.n, 1)))


def core(values: NDArray[np.floating], rounding: float = 1 / 12) -> Core | None:
    """Measure the core of a distribution.

    Parameters
    ----------
    values : array
        Values that are not finite are ignored.
    rounding : float
        Variance of the rounding, if all values are integers: of a count 1/12, of the difference of
        two 1/6.

    Returns
    -------
    Core or None
        None with fewer than `FEWEST` values.
    """
    known = values[np.isfinite(values)].astype(np.float64)
    if known.size < FEWEST:
        return None
    # Sums of squares keep their precision when the values are small.
    origin = float(np.rint(np.median(known)))
    known -= origin
    levels, counts, rounding = _levels(known, rounding)
    total = known.size
    low, mean, high = np.percentile(known, [15.87, 50, 84.13])
    half_step = 0.5 if rounding else 0.0
    sigma = max((high - low) / 2, 1.2 * half_step, 1e-6)
    cumulated = [np.concatenate(([0.0], np.cumsum(counts * levels**power))) for power in (0, 1, 2)]
    n = 0.0
    for _ in range(ROUNDS):
        edges = np.array([mean - CUT * sigma, mean + CUT * sigma])
        if half_step:
            edges = np.round(edges) + np.array([-half_step, half_step])
        first, last = np.searchsorted(levels, edges)
        n, sum_, squares = (each[last] - each[first] for each in cumulated)
        if n < 2:
            return None
        kept_mean = sum_ / n
        kept = max(squares / n - kept_mean**2 - rounding, 0.0)
        shift, ratio = _cut_normal(edges, mean, sigma)
        before = (mean, sigma)
        mean, sigma = kept_mean - shift * sigma, float(np.sqrt(kept / ratio))
        if sigma == 0 or max(abs(mean - before[0]), abs(sigma - before[1])) < 1e-4 * sigma:
            break
        sigma = max(sigma, 0.1 * half_step)
    return Core(origin + float(mean), sigma, int(n), 1 - float(n) / total)


def _levels(
    known: NDArray[np.float64], rounding: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return the different values, ascending, how often each occurs, and the rounding.

    The rounding is 0 if a value is not an integer.
    """
    integer = bool((known == np.rint(known)).all())
    if not integer:
        ordered = np.sort(known)
        return ordered, np.ones(ordered.size), 0.0
    levels, counts = np.unique(known, return_counts=True)
    return levels, counts.astype(np.float64), rounding


def _cut_normal(edges: NDArray[np.float64], mean: float, sigma: float) -> tuple[float, float]:
    """Return shift of the mean, in sigmas, and relative variance of a normal that is cut."""
    a, b = (edges - mean) / sigma
    inside = max(float(ndtr(b) - ndtr(a)), 1e-6)
    at_a, at_b = (float(np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)) for x in (a, b))
    shift = (at_a - at_b) / inside
    ratio = 1 + (a * at_a - b * at_b) / inside - shift**2
    return shift, max(float(ratio), 0.05)
