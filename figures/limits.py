"""Display limits of an image, and the distribution of its pixel values."""

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
    """Number of pixels per range of values.

    The edges lie evenly in ``arcsinh((value - offset) / softening)``: linear near the background,
    logarithmic far from it, from the lowest to the highest pixel.

    Parameters
    ----------
    counts : list of int
        Pixels in each bin, from an evenly spaced sample of the image.
    first, step : float
        Lowest edge and width of a bin, in the units of the arcsinh.
    offset, softening : float
        Parameters of the arcsinh, in the unit of the image.
    """

    counts: list[int]
    first: float
    step: float
    offset: float
    softening: float

    def as_dict(self) -> dict[str, Any]:
        """Return the histogram as JSON."""
        return asdict(self)

    def edges(self) -> NDArray[np.float64]:
        """Return the edges of the bins.

        Returns
        -------
        (n_bins + 1,) float64
            In the unit of the image.
        """
        at = self.first + self.step * np.arange(len(self.counts) + 1)
        return np.asarray(self.offset + self.softening * np.sinh(at))


def display_limits(values: NDArray[Any]) -> dict[str, Limits]:
    """Return display limits of an image.

    Parameters
    ----------
    values : (n_y, n_x) number
        Pixels that are not finite are ignored.

    Returns
    -------
    dict
        ``zscale``, ``percentile`` (0.5 to 99.5) and ``minmax``: lower and upper limit. The first
        two are measured in an evenly spaced sample of about 250,000 pixels, the last in all pixels.
    """
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
    """Return the histogram of an evenly spaced sample of about a million pixels.

    Parameters
    ----------
    values : (n_y, n_x) number
    limits : mapping
        From `display_limits`. The bins are finest within the ``zscale`` limits.

    Returns
    -------
    Histogram
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
