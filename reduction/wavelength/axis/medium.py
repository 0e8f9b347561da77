"""Wavelengths in air and in vacuum.

The refraction of standard air (15 °C, 101325 Pa, dry, 450 ppm CO2) is that of Ciddor (1996, Applied
Optics 35, 1566, eq. 1), valid from 2300 Å to 1.69 µm; it is the standard of the IAU since 1997 and
agrees with Morton (2000, ApJS 130, 403) to 0.0001 Å in the range of Goodman.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

Medium = Literal["air", "vacuum"]
Floats = NDArray[np.float64]

CTYPE: Final[dict[str, str]] = {"air": "AWAV", "vacuum": "WAVE"}
"""Name of a linear wavelength axis (Greisen et al. 2006, A&A 446, 747)."""
_ITERATIONS: Final = 4


def medium_of(header: fits.Header) -> Medium:
    """Return the medium of the wavelengths of a product."""
    return "vacuum" if str(header.get("AIRORVAC", "")).strip().lower() == "vacuum" else "air"


def refraction(vacuum: Floats) -> Floats:
    """Return the refractive index of standard air minus 1, at vacuum wavelengths in Å."""
    squared = (1e4 / np.asarray(vacuum, dtype=float)) ** 2  # per µm²
    index = 0.05792105 / (238.0185 - squared) + 0.00167917 / (57.362 - squared)
    return np.asarray(index, dtype=float)


def to_air(vacuum: Floats) -> Floats:
    """Return air wavelengths of vacuum wavelengths, Å, of the same shape."""
    return np.asarray(vacuum / (1 + refraction(vacuum)), dtype=float)


def to_vacuum(air: Floats) -> Floats:
    """Return vacuum wavelengths of air wavelengths, Å: the inverse of `to_air` to 1e-9 Å."""
    vacuum = np.asarray(air, dtype=float)
    for _ in range(_ITERATIONS):
        vacuum = np.asarray(air * (1 + refraction(vacuum)), dtype=float)
    return vacuum


def in_air(wavelength: Floats, medium: Medium) -> Floats:
    """Return air wavelengths of wavelengths in a medium, Å: the inverse of `from_air`."""
    return to_air(wavelength) if medium == "vacuum" else np.asarray(wavelength, dtype=float)


def from_air(air: Floats, medium: Medium) -> Floats:
    """Return air wavelengths in a medium, Å."""
    return to_vacuum(air) if medium == "vacuum" else np.asarray(air, dtype=float)
