"""The transmission of oxygen and water above Cerro Pachón, at the resolution of a spectrum.

Oxygen is stored as the transmission for several columns, smoothed to 1 Å: its lines are saturated,
so that neither its depth grows in proportion to the column nor can a depth be smoothed. Water is
that of LOWTRAN 7, a band model of 20 cm⁻¹ (10 Å at 7200 Å, 18 Å at 9400 Å); the depth of a band
grows with a power of the amount. Both are from ``flux_references.npz``
(``tools/flux_library/telluric.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from reduction.flux.references.library import stored

Floats = NDArray[np.float64]

STEP: Final = 0.5
"""Å, of the grid on which transmissions are smoothed."""
FIRST, LAST = 5860.0, 10_090.0
"""Air wavelengths of the grid, Å."""
OXYGEN_RESOLUTION: Final = 1.0
WATER_RESOLUTION: Final = 12.0
"""FWHM of the templates, Å; narrower lines cannot be made of them."""
WATER_MM: Final = 3.95
"""Precipitable water of the template, mm."""
WING_RATIO: Final = 4.0
"""Width of the wings of a line over that of its core: light that optics and grating scatter."""
_MARGIN: Final = 100.0
_COARSE: Final = 4
"""Points of the grid that are averaged before a wide smoothing."""
_TO_SIGMA: Final = 1 / 2.3548


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """Depths (−ln transmission) on a grid of air wavelengths.

    Parameters
    ----------
    wavelength : (n,) float64
        Å, in steps of `STEP`.
    log_amount : (m,) float64
        Natural logarithms of columns of oxygen, in units of that at the zenith.
    log_oxygen : (m, n) float64
        Logarithms of the depths at these columns.
    water, exponent : (n,) float64
        Depth for `WATER_MM` of water, and the power of the amount that it grows with.
    """

    wavelength: Floats
    log_amount: Floats
    log_oxygen: Floats
    water: Floats
    exponent: Floats


@cache
def templates() -> Templates:
    """Return the templates; read once per process."""
    grid = np.arange(FIRST, LAST + STEP / 2, STEP)
    file = stored()
    own = np.asarray(file["telluric_o2_wavelength"], dtype=float)
    depths = np.asarray(file["telluric_o2_depth"], dtype=float)
    # Between the bands there is nothing: the ends of each are followed by zeros.
    gaps = np.flatnonzero(np.diff(own) > 2 * STEP) + 1
    pieces = np.split(own, gaps), np.split(depths, gaps, axis=1)
    oxygen = np.zeros((depths.shape[0], grid.size))
    for at, piece in zip(*pieces, strict=True):
        for number, values in enumerate(piece):
            oxygen[number] += np.interp(grid, at, values, left=0.0, right=0.0)
    air, water, exponent = np.asarray(file["telluric_h2o"], dtype=float)
    return Templates(
        grid,
        np.log(np.asarray(file["telluric_o2_amount"], dtype=float)),
        np.log(np.maximum(oxygen, 1e-12)),
        np.interp(grid, air, water, left=0.0, right=0.0),
        np.interp(grid, air, exponent, left=0.0, right=0.0),
    )


def _oxygen(column: float, part: slice) -> Floats:
    """Return the transmission of a column of oxygen on a part of the grid."""
    known = templates()
    log = np.log(max(column, 1e-6))
    place = np.interp(log, known.log_amount, np.arange(known.log_amount.size))
    row = min(int(place), known.log_amount.size - 2)
    low, high = known.log_oxygen[row : row + 2, part]
    step = known.log_amount[row + 1] - known.log_amount[row]
    # Beyond the ends of the table it continues with the slope there.
    share = (log - known.log_amount[row]) / step
    return np.asarray(np.exp(-np.exp(low + share * (high - low))), dtype=float)


def _water(amount: float, part: slice) -> Floats:
    """Return the transmission of an amount of water, in units of the template's."""
    known = templates()
    depth = known.water[part] * max(amount, 0.0) ** known.exponent[part]
    return np.asarray(np.exp(-depth), dtype=float)


def _smoothed(transmission: Floats, fwhm: float, native: float) -> Floats:
    """Smooth a transmission of the resolution `native` to `fwhm`, both FWHM in Å."""
    extra = np.sqrt(max(fwhm**2 - native**2, 0.0)) * _TO_SIGMA / STEP
    if extra < 0.3:
        return transmission
    whole = transmission.size // _COARSE * _COARSE
    if extra < 3 * _COARSE or whole < 4 * _COARSE:
        return np.asarray(gaussian_filter1d(transmission, extra, mode="nearest", truncate=3.5))
    means = transmission[:whole].reshape(-1, _COARSE).mean(axis=1)
    smooth = gaussian_filter1d(means, extra / _COARSE, mode="nearest", truncate=3.5)
    places = np.arange(means.size) * _COARSE + (_COARSE - 1) / 2
    return np.asarray(np.interp(np.arange(transmission.size), places, smooth), dtype=float)


def transmission_of(
    wavelength: Floats,
    *,
    oxygen: float,
    water: float,
    shift: float,
    width: float,
    wings: float = 0.0,
) -> Floats:
    """Return the transmission of oxygen and water.

    Parameters
    ----------
    wavelength : (n,) float64
        Increasing air wavelengths, Å.
    oxygen : float
        Column of oxygen along the line of sight, in units of that at the zenith.
    water : float
        Precipitable water along the line of sight, mm.
    shift : float
        By how much the bands lie redwards of their wavelengths, Å.
    width : float
        Resolution, FWHM, Å: of the Gaussian core of a line.
    wings : float
        Share of the light in Gaussian wings, `WING_RATIO` times as wide.

    Returns
    -------
    (n,) float64
        1 outside of the grid.
    """
    known = templates()
    edges = np.searchsorted(known.wavelength, [wavelength[0] - _MARGIN, wavelength[-1] + _MARGIN])
    part = slice(int(edges[0]), int(edges[1]))
    grid = known.wavelength[part]
    if grid.size == 0:
        return np.ones(wavelength.shape)
    passed = _smoothed(_oxygen(oxygen, part), width, OXYGEN_RESOLUTION)
    passed = passed * _smoothed(_water(water / WATER_MM, part), width, WATER_RESOLUTION)
    if wings > 0:
        passed = (1 - wings) * passed + wings * _smoothed(passed, WING_RATIO * width, width)
    return np.asarray(np.interp(wavelength - shift, grid, passed, left=1.0, right=1.0))
