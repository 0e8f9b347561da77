"""The change of a profile's shape along the dispersion, beyond that of its width.

Aberrations change with wavelength, so that core and wings of a bright target do not scale alike.
What a profile of one shape leaves is measured as a linear change along the dispersion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction.extraction.light_profile import LightProfile
from reduction.extraction.slit_profiles import Blocks

Array = NDArray[np.float64]

STEP = 0.25
"""Spacing of the tabulated change, rows; that of a broad profile is coarser."""
REACH = 8.0
"""Half range in which the change is measured, FWHM."""
CLEAR = 100.0
"""Signal over noise of a profile, all blocks together, from which its change is measured."""
SURE = 3.0
"""Significance from which a change is believed, sigmas."""


@dataclass(frozen=True, slots=True)
class ShapeChange:
    """Linear change of a profile along the dispersion; its sum over the slit is 0.

    Parameters
    ----------
    at : (n,) float
        Distances from the trace, rows, evenly spaced.
    amount : (n,) float
        Change of the light of a pixel from the middle column to the last, as a fraction of the
        target's light.
    middle, half : float
        Middle column of the blocks, and half their range.
    """

    at: Array
    amount: Array
    middle: float
    half: float

    def pixels(self, offset: NDArray[Any], columns: NDArray[Any]) -> Array:
        """Return the change of the light in pixels.

        Parameters
        ----------
        offset : ndarray
            Rows from the trace, any shape.
        columns : ndarray
            Columns, broadcast against `offset`.

        Returns
        -------
        ndarray of float64
            To be added to the profile.
        """
        index = (offset - self.at[0]) / (self.at[1] - self.at[0])
        left = np.clip(np.floor(index), 0, self.at.size - 2).astype(np.intp)
        part = np.clip(index - left, 0, 1)
        amount = self.amount[left] * (1 - part) + self.amount[left + 1] * part
        amount[(index < 0) | (index > self.at.size - 1)] = 0.0
        return np.asarray((columns - self.middle) / self.half * amount)


def measure_change(  # noqa: PLR0917 (samples and their profile)
    blocks: Blocks,
    means: Array,
    polynomial: Polynomial,
    light: Array,
    shape: LightProfile,
    spread: Polynomial | None,
    limits: tuple[float, float],
) -> ShapeChange | None:
    """Measure the linear change of a profile along the dispersion.

    Parameters
    ----------
    blocks : Blocks
    means : (n_blocks, n_spatial) float
        Samples without the light of other targets, electron per column.
    polynomial : Polynomial
        The trace.
    light : (n_blocks,) float
        Light of the target in every block.
    shape, spread : LightProfile, Polynomial or None
        Mean profile, and its relative width along the dispersion.
    limits : (float, float)
        Range of offsets that belongs to the target, rows.

    Returns
    -------
    ShapeChange or None
        None when the target is too faint, or no change is significant.
    """
    reach = REACH * shape.fwhm + 1
    centre = polynomial(blocks.columns)[:, None]
    first = max(int(centre.min() - reach), 0)
    rows = np.arange(first, min(int(centre.max() + reach) + 2, means.shape[1]))
    offset = rows - centre
    noise = blocks.noise[:, rows]
    used = (np.abs(offset) < reach) & blocks.usable[:, rows] & (light > 0)[:, None]
    used &= (offset > limits[0]) & (offset < limits[1])
    if not used.any():
        return None
    scale = np.where(light > 0, light, 1.0)[:, None]
    sigma = np.maximum(noise / scale, 1e-12)
    wider = 1.0 if spread is None else spread(blocks.columns)[:, None]
    profile = shape.pixels(offset, wider)
    if np.sqrt(np.sum(np.where(used, profile / sigma, 0.0) ** 2)) < CLEAR:
        return None
    middle, half = float(np.mean(blocks.columns)), float(np.ptp(blocks.columns)) / 2
    if half <= 0:
        return None
    residual = means[:, rows] / scale - profile
    used &= np.abs(residual) < 5 * sigma + 0.1 * profile.max()
    along = np.broadcast_to((blocks.columns[:, None] - middle) / half, offset.shape)
    amount_at = _slopes(offset[used], residual[used], sigma[used], along[used], reach, shape)
    if amount_at is None:
        return None
    at, amount = amount_at
    step = at[1] - at[0]
    amount -= amount.sum() * step * shape.pixels(at)
    return ShapeChange(at, amount, middle, half)


def _slopes(  # noqa: PLR0917 (samples and their range)
    offset: Array, residual: Array, sigma: Array, along: Array, reach: float, shape: LightProfile
) -> tuple[Array, Array] | None:
    """Return the smoothed slope of the residuals along the dispersion, where it is significant."""
    step = max(STEP, shape.fwhm / 16)
    at = np.arange(-reach, reach + step, step)
    bins = np.clip(np.round((offset - at[0]) / step).astype(int), 0, at.size - 1)
    weight = 1 / sigma**2
    norm = np.bincount(bins, weight * along**2, at.size)
    total = np.bincount(bins, weight * along * residual, at.size)
    kernel = np.exp(-0.5 * (np.subtract.outer(at, at) / max(0.5, shape.fwhm / 8)) ** 2)
    precision, smooth = kernel @ norm, kernel @ total
    known = precision > 1e-6 * precision.max()
    safe = np.where(known, precision, 1.0)
    slope = np.where(known, smooth / safe, 0.0)
    # Neighbouring bins share their samples: the error is that of the weighted mean.
    error2 = (kernel**2 @ norm) / safe**2
    damped = slope * np.maximum(1 - SURE**2 * error2 / np.maximum(slope**2, 1e-300), 0)
    return None if not np.any(damped) else (at, damped)
