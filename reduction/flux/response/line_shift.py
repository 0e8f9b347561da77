"""The shift of a star's wavelengths against its reference, from its own lines.

A star beside the centre of a wide slit, or an arc without a sky to check it by, shifts a spectrum
by several Å. The ratio to the reference then shows each line as a pair of a peak and a trough. The
shift that makes the ratio smoothest is that of the star.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from reduction.flux.references.library import Reference
from reduction.flux.response import bins
from reduction.flux.response.counts import Counts

Floats = NDArray[np.float64]

FARTHEST: Final = 24.0
"""Å; the largest error of a zero point that rests on an arc alone."""
IMPROVEMENT: Final = 0.7
"""The scatter after the shift, relative to that before, from which on a shift is believed."""
SMOOTH: Final = 0.01
"""Scatter of a ratio in which no shift can be seen."""
_PER_ORDER: Final = 300.0
"""Å for each order of the polynomial, beyond 4: it follows the response, and no line."""
_LEAST_SIGNAL: Final = 10.0
_FEWEST: Final = 12


def shift_of(counts: Counts, flags: NDArray[np.uint8], reference: Reference) -> float:
    """Return by how much the wavelengths of a spectrum are too large, Å; 0 if none is seen.

    Parameters
    ----------
    counts : Counts
        Above the atmosphere.
    flags : (n,) uint8
        `ResponseMask` bits of its pixels, without those of the lines of the star.
    reference : Reference
    """
    step = max(0.5 * counts.resolution, 1.0)
    tried = np.arange(-np.floor(FARTHEST / step), np.floor(FARTHEST / step) + 1) * step
    smooth = bins.Smoothed(reference, counts.resolution)

    def roughness(shift: float) -> float:
        return _roughness(bins.points_of(shifted(counts, shift), flags, reference, smooth))

    unshifted = roughness(0.0)
    if not unshifted > SMOOTH:
        return 0.0
    rough = np.array([roughness(shift) for shift in tried])
    best = int(np.argmin(rough))
    if rough[best] > IMPROVEMENT * unshifted or best in {0, tried.size - 1}:
        return 0.0
    left, middle, right = rough[best - 1 : best + 2] ** 2
    if not np.isfinite(left + right):
        return float(tried[best])
    bend = left - 2 * middle + right
    offset = 0.5 * (left - right) / bend if bend > 0 else 0.0
    return float(tried[best] + step * offset)


def shifted(counts: Counts, shift: float) -> Counts:
    """Return counts whose wavelengths are smaller by `shift`, Å."""
    return replace(counts, wavelength=counts.wavelength - shift)


def _roughness(points: bins.Points) -> float:
    """Return the scatter of the logarithm of the ratio around a polynomial; inf without points."""
    with np.errstate(divide="ignore", invalid="ignore"):
        signal = np.nan_to_num(points.ratio / np.sqrt(points.variance), nan=0.0)
    used = (points.flags == 0) & (signal > _LEAST_SIGNAL)
    if used.sum() < _FEWEST:
        return np.inf
    x, y = points.wavelength[used], np.log(points.ratio[used])
    u = 2 * (x - x[0]) / (x[-1] - x[0]) - 1
    order = min(4 + int((x[-1] - x[0]) / _PER_ORDER), int(used.sum()) // 3)
    return float(np.std(y - legendre.legval(u, legendre.legfit(u, y, order))))
