"""What a slit does to the shape of a spectrum: seeing and refraction that depend on the wavelength.

The share of a star's light that passes a slit depends on the wavelength, because seeing is worse in
the blue (FWHM ∝ λ^-0.2: Kolmogorov turbulence) and because the atmosphere refracts blue light more
(Filippenko 1982, PASP 94, 715). Neither is corrected: what they may do is part of σ_sys.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from reduction.wavelength.axis.medium import refraction

Floats = NDArray[np.float64]

GUIDED: Final = 5500.0
"""Å; at this wavelength the target is taken to be in the middle of the slit."""
SEEING_POWER: Final = -0.2
_TO_SIGMA: Final = 1 / math.sqrt(8 * math.log(2))
_ARCSEC: Final = 206_265.0
_PRESSURE, _TEMPERATURE = 0.727, 281.0
"""Of the air on Cerro Pachón (about 737 hPa, in atmospheres; K): refraction is proportional to the
density."""


def passed(width: float, fwhm: Floats | float, offset: Floats | float = 0.0) -> Floats:
    """Return the share of a star's light that passes a long slit.

    Parameters
    ----------
    width : float
        Of the slit, arcsec.
    fwhm : (n,) float64 or float
        Of the star's image, arcsec; Gaussian.
    offset : (n,) float64 or float
        Of the image from the middle of the slit, across it, arcsec.

    Returns
    -------
    (n,) float64
        0 to 1.
    """
    scale = math.sqrt(2) * _TO_SIGMA * np.asarray(fwhm, dtype=float)
    half = 0.5 * width
    return np.asarray(0.5 * (erf((half - offset) / scale) + erf((half + offset) / scale)))


def seeing_at(air: Floats, seeing: float) -> Floats:
    """Return the FWHM, arcsec, at air wavelengths (n,) in Å, of a `seeing` at `GUIDED`."""
    return np.asarray(seeing * (air / GUIDED) ** SEEING_POWER, dtype=float)


def refracted(air: Floats, airmass: float) -> Floats:
    """Return the displacement towards the zenith against `GUIDED`, arcsec.

    Parameters
    ----------
    air : (n,) float64
        Air wavelengths, Å.
    airmass : float
        1 / cos z of a plane atmosphere.
    """
    density = _PRESSURE * 288.15 / _TEMPERATURE
    difference = refraction(air) - refraction(np.array([GUIDED]))
    tangent = math.sqrt(max(airmass, 1.0) ** 2 - 1)
    return np.asarray(_ARCSEC * density * tangent * difference, dtype=float)


def other_slit(air: Floats, seeing: float, width: float, of_standard: float) -> Floats:
    """Return by how much another slit changes the shape of a spectrum.

    Parameters
    ----------
    air : (n,) float64
        Air wavelengths, Å.
    seeing : float
        FWHM at `GUIDED`, arcsec.
    width, of_standard : float
        Widths of the slits of the spectrum and of the standard star, arcsec.

    Returns
    -------
    (n,) float64
        Fraction of the flux, 0 at `GUIDED`.
    """
    fwhm = seeing_at(air, seeing)
    ratio = passed(width, fwhm) / passed(of_standard, fwhm)
    middle = passed(width, seeing) / passed(of_standard, seeing)
    return np.asarray(np.abs(ratio / middle - 1), dtype=float)


def off_parallactic(
    air: Floats, seeing: float, width: float, airmass: float, offset: float
) -> Floats:
    """Return the light that refraction moves out of a slit.

    Parameters
    ----------
    air : (n,) float64
        Air wavelengths, Å.
    seeing : float
        FWHM at `GUIDED`, arcsec.
    width : float
        Of the slit, arcsec.
    airmass : float
    offset : float
        Angle between slit and vertical, degrees.

    Returns
    -------
    (n,) float64
        Fraction of the light that passes at `GUIDED`, where it is 0.
    """
    across = refracted(air, airmass) * abs(math.sin(math.radians(offset)))
    fwhm = seeing_at(air, seeing)
    return np.asarray(1 - passed(width, fwhm, across) / passed(width, fwhm), dtype=float)


def level_error(width: float | None, seeing: float | None) -> float:
    """Return the share of a star's light that a slit takes, which is not restored; 0 if unknown."""
    if width is None or seeing is None:
        return 0.0
    return float(1 - passed(width, seeing))
