"""Templates of the absorption by oxygen and water above Cerro Pachón.

Oxygen is computed line by line (`tools.flux_library.oxygen`). Water is LOWTRAN 7 (public domain),
run once by `tools.flux_library.lowtran`, at its resolution of 20 cm⁻¹.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from reduction.wavelength.axis.medium import to_air
from tools.flux_library import oxygen

Floats = NDArray[np.float64]

WATER = Path(__file__).with_name("water.txt")
AMOUNTS = np.array([0.3, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0])
"""Of oxygen, in units of the column at the zenith."""
STEP = 0.5
"""Å, of the grid of oxygen."""
RESOLUTION = 1.0
"""FWHM, Å, that the transmission of oxygen is smoothed to: its lines are saturated, and only a
transmission can be smoothed."""
FINE = 0.02
WATER_RANGE = (5850.0, 10_100.0)


def _of_band(number: int) -> tuple[Floats, Floats]:
    """Return air wavelengths, Å, and depths (amounts, wavelengths) of a band of oxygen."""
    wavenumber, depth = oxygen.optical_depth(number)
    air = to_air(1e8 / wavenumber)[::-1]
    grid = np.arange(np.ceil(air[0] / STEP) * STEP + 2, air[-1] - 2, STEP)
    fine = np.arange(air[0], air[-1], FINE)
    depths = []
    for amount in AMOUNTS:
        passed = np.interp(fine, air, np.exp(-amount * depth[::-1]))
        smooth = gaussian_filter1d(passed, RESOLUTION / 2.3548 / FINE)
        depths.append(-np.log(np.interp(grid, fine, smooth)))
    return grid, np.array(depths)


def arrays() -> dict[str, NDArray[np.float32]]:
    """Return the templates.

    Returns
    -------
    dict
        ``telluric_o2_wavelength`` (n,) air Å, ``telluric_o2_amount`` (m,), ``telluric_o2_depth``
        (m, n): −ln of the transmission. ``telluric_h2o`` (3, k): air Å, −ln of the transmission at
        the zenith for 3.95 mm of water, and the exponent of its growth with the amount.
    """
    bands = [_of_band(number) for number in (2, 1, 0)]
    wavenumber, depth, exponent = np.loadtxt(WATER).T
    air = to_air(1e8 / wavenumber)[::-1]
    used = (air > WATER_RANGE[0]) & (air < WATER_RANGE[1])
    water = np.stack([air, depth[::-1], exponent[::-1]])[:, used]
    made = {
        "telluric_o2_wavelength": np.concatenate([grid for grid, _ in bands]),
        "telluric_o2_amount": AMOUNTS,
        "telluric_o2_depth": np.round(np.concatenate([d for _, d in bands], axis=1), 5),
        "telluric_h2o": water,
    }
    return {name: array.astype(np.float32) for name, array in made.items()}
