"""What is left of a star's light behind the atmosphere and the slit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.simulation.atmosphere.bands import transmission
from reduction.simulation.atmosphere.extinction import extinction, refraction
from reduction.simulation.atmosphere.slit import passed
from reduction.simulation.atmosphere.weather import Weather

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sight:
    """Where a telescope looks: airmass, zenith distance (deg), parallactic angle (deg)."""

    airmass: float
    zenith_distance: float
    parallactic: float


@dataclass(frozen=True, eq=False, slots=True)
class Starlight:
    """Transmissions along a wavelength grid, 0 to 1.

    Parameters
    ----------
    extinction : (n,) float64
        Magnitudes per airmass.
    continuous : (n,) float64
        Transmission of the air outside the bands, and of the clouds.
    bands : (n,) float64
        Transmission of the O2 and H2O bands.
    """

    extinction: Floats
    continuous: Floats
    bands: Floats


def starlight(wavelength: Floats, weather: Weather, sight: Sight) -> Starlight:
    """Return the transmission of the atmosphere.

    Parameters
    ----------
    wavelength : (n,) float64
        Middles of the steps of an ascending grid in air, Å.
    weather : Weather
    sight : Sight

    Returns
    -------
    Starlight
        (n,) each.
    """
    magnitudes = extinction(wavelength, weather.aerosol)
    middle = (wavelength[1:] + wavelength[:-1]) / 2
    ends = (2 * wavelength[0] - middle[0], 2 * wavelength[-1] - middle[-1])
    edges = np.concatenate([[ends[0]], middle, [ends[1]]])
    return Starlight(
        magnitudes,
        weather.cloud * 10 ** (-0.4 * magnitudes * sight.airmass),
        transmission(edges, sight.airmass, weather.water),
    )


def through_slit(
    wavelength: Floats,
    weather: Weather,
    sight: Sight,
    slit: float,
    seeing: tuple[Floats, float],
) -> Floats:
    """Return the fraction of a point source's light that passes the slit.

    Parameters
    ----------
    wavelength : (n,) float64
        Air, Å.
    weather : Weather
    sight : Sight
    slit : float
        Width of the slit, arcsec.
    seeing : (n,) float64, float
        FWHM of the source, arcsec, and exponent of its Moffat profile.

    Returns
    -------
    (n,) float64
        1 when the weather says that the slit cuts nothing.
    """
    if not weather.slit_loss:
        return np.ones_like(wavelength)
    displacement = np.full_like(wavelength, weather.decentred)
    if weather.refraction:
        towards_zenith = refraction(wavelength, weather.guided, sight.zenith_distance)
        displacement += towards_zenith * np.sin(
            np.radians(sight.parallactic - weather.position_angle)
        )
    return passed(slit / 2, displacement, *seeing)
