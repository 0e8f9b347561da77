"""Between which values an image is shown, and how its pixels are distributed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from astropy.visualization import ZScaleInterval
from numpy.typing import NDArray

Limits = tuple[float, float]

N_BINS = 400


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many pixels have which value.

    The edges lie evenly in ``arcsinh((value - offset) / softening)``: linear near the background,
    logarithmic far from it, from the lowest to the highest pixel.

    Parameters
    ----------
    counts : list of int
        Pixels of each bin, of an even sample of the image.
    first, step : float
        Lowest edge and width of a bin, in the units of the arcsinh.
    offset, softening : float
        Of the law.
    """

    counts: list[int]
    first: float
    step: float
    offset: float
    softening: float

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    def edges(self) -> NDArray[np.float64]:
        """Return the values of the edges, one more than there are bins."""
        at = self.first + self.step * np.arange(len(self.counts) + 1)
        return np.asarray(self.offset + self.softening * np.sinh(at))


def display_limits(values: NDArray[Any]) -> dict[str, Limits]:
    """Return limits from at most some 250,000 pixels, evenly spread (the extremes from all)."""
    every = max(1, int(np.sqrt(values.size / 250_000)))
    sample = values[::every, ::every].astype(np.float32)
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return dict.fromkeys(("zscale", "percentile", "minmax"), (0.0, 1.0))
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    if not np.isfinite([lowest, highest]).all():
        lowest, highest = float(sample.min()), float(sample.max())
    low, high = ZScaleInterval().get_limits(sample)
    p_low, p_high = np.percentile(sample, (0.5, 99.5))
    return {
        "zscale": _apart(float(low), float(high)),
        "percentile": _apart(float(p_low), float(p_high)),
        "minmax": _apart(lowest, highest),
    }


def histogram(values: NDArray[Any], limits: Mapping[str, Limits]) -> Histogram:
    """Return the histogram of an image from at most some million pixels, evenly spread.

    Parameters
    ----------
    values : (n_y, n_x) number
    limits : mapping
        Of `display_limits`: zscale says where the bins shall be fine.
    """
    every = max(1, int(np.sqrt(values.size / 1_000_000)))
    sample = values[::every, ::every].astype(np.float64)
    low, high = limits["zscale"]
    offset, softening = (low + high) / 2, (high - low) / 4
    first, last = (float(np.arcsinh((v - offset) / softening)) for v in limits["minmax"])
    at = np.arcsinh((sample[np.isfinite(sample)] - offset) / softening)
    counts, _ = np.histogram(at, N_BINS, (first, last))
    return Histogram(counts.tolist(), first, (last - first) / N_BINS, offset, softening)


def _apart(low: float, high: float) -> Limits:
    return (low, high) if high > low else (low - 0.5, low + 0.5)
