"""How much light of the second order a standard star can have in its spectrum.

Light of half the wavelength lies there with half the density, and with the efficiency of the
grating in its second order. Where the spectrum itself shows the light of half the wavelength in the
first order, it bounds what there is in the second.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.flux.response.counts import Counts
from reduction.frames import PixelFlag

Floats = NDArray[np.float64]

EFFICIENCY: Final = 0.5
"""Of the second order relative to the first, at most: a volume phase holographic grating is made
for its first order (Barden et al. 2000, PASP 112, 809)."""
TOLERATED: Final = 0.05
"""Largest part of the light in a pixel that the fit uses; it is part of the systematic error."""
_SMOOTHED: Final = 25
"""Pixels over which the counts are averaged."""


def contamination(counts: Counts) -> Floats:
    """Return the largest part of the light of each pixel that can be of the second order.

    Parameters
    ----------
    counts : Counts
        As detected, below the atmosphere.

    Returns
    -------
    (n,) float64
        0 where the spectrum is not flagged for it; ``inf`` where it is, and half the wavelength
        lies outside of the spectrum.
    """
    flagged = (counts.flags & np.uint8(PixelFlag.SECOND_ORDER)) > 0
    part = np.zeros(counts.wavelength.size)
    good = counts.good & np.isfinite(counts.rate)
    if not flagged.any() or good.sum() < _SMOOTHED:
        return np.where(flagged, np.inf, part)
    filled = np.interp(counts.wavelength, counts.wavelength[good], counts.rate[good])
    smooth = np.convolve(filled, np.ones(_SMOOTHED) / _SMOOTHED, mode="same")
    half = 0.5 * counts.wavelength[flagged]
    blue = np.interp(half, counts.wavelength, smooth, left=np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        largest = 0.5 * EFFICIENCY * np.maximum(blue, 0.0) / smooth[flagged]
    part[flagged] = np.where(np.isfinite(largest) & (largest >= 0), largest, np.inf)
    return part
