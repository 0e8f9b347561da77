"""The continuous extinction above Cerro Pachón, and the refraction of its air."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALTITUDE = 2.738
"""Of the telescope, km."""

PRESSURE, TEMPERATURE, VAPOUR = 550.0, 10.0, 4.0
"""At the telescope: air and water vapour in mmHg, °C."""

ANGSTROM_EXPONENT = 1.2
"""Of the extinction by aerosols."""

OZONE = (
    # Chappuis bands: centre, width (Å) and extinction at their centre, magnitudes per airmass, for
    # 260 Dobson units (Gutiérrez-Moreno et al. 1982, PASP 94, 722).
    (5730.0, 330.0, 0.022),
    (6030.0, 260.0, 0.022),
    (6350.0, 500.0, 0.010),
)


def refractivity(wavelength: Floats) -> Floats:
    """Return n − 1 of the air at the telescope (Filippenko 1982, PASP 94, 715, eq. 1 to 3).

    Parameters
    ----------
    wavelength : ndarray of float64
        Å, any shape.

    Returns
    -------
    ndarray of float64
        Of the same shape.
    """
    inverse = (1e4 / wavelength) ** 2
    sea = 64.328 + 29498.1 / (146 - inverse) + 255.4 / (41 - inverse)
    factor = PRESSURE * (1 + (1.049 - 0.0157 * TEMPERATURE) * 1e-6 * PRESSURE)
    dry = sea * factor / (720.883 * (1 + 0.003661 * TEMPERATURE))
    wet = (0.0624 - 0.000680 * inverse) * VAPOUR / (1 + 0.003661 * TEMPERATURE)
    return np.asarray(1e-6 * (dry - wet))


def extinction(wavelength: Floats, aerosol: float) -> Floats:
    """Return the extinction by molecules, aerosols and ozone.

    Rayleigh scattering after Hayes and Latham 1975, ApJ 197, 593.

    Parameters
    ----------
    wavelength : (n,) float64
        Å.
    aerosol : float
        Extinction by aerosols at 5500 Å, magnitudes per airmass.

    Returns
    -------
    (n,) float64
        Magnitudes per airmass.
    """
    micrometre = wavelength / 1e4
    inverse = micrometre**-2
    index = 0.23465 + 107.6 / (146 - inverse) + 0.93161 / (41 - inverse)
    molecules = 0.0094977 * inverse**2 * index**2 * np.exp(-ALTITUDE / 7.996)
    dust = aerosol * (wavelength / 5500) ** -ANGSTROM_EXPONENT
    ozone = 0.12 * np.exp(-(wavelength - 3200) / 45)  # Huggins bands
    for centre, width, depth in OZONE:
        ozone = ozone + depth * np.exp(-0.5 * ((wavelength - centre) / width) ** 2)
    return np.asarray(molecules + dust + ozone)


def refraction(wavelength: Floats, guided: float, zenith_distance: float) -> Floats:
    """Return the displacement of a star towards the zenith by differential refraction.

    Parameters
    ----------
    wavelength : (n,) float64
        Å.
    guided : float
        Wavelength without displacement, Å.
    zenith_distance : float
        Degrees.

    Returns
    -------
    (n,) float64
        arcsec (Filippenko 1982, eq. 4).
    """
    difference = refractivity(wavelength) - refractivity(np.array(guided))
    return np.asarray(206265 * difference * np.tan(np.radians(zenith_distance)))
