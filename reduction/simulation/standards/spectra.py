"""The true spectra of standard stars."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from reduction.errors import ReductionError
from reduction.flux.references.library import Star, star_of
from reduction.notice_codes import NoticeCode

Floats = NDArray[np.float64]

PHOTONS_PER_ERG = 5.034117e7
"""Times the wavelength in Å: photons per erg."""

TELLURIC = (
    (6270.0, 6330.0),
    (6850.0, 6980.0),
    (7140.0, 7430.0),
    (7570.0, 7720.0),
    (8090.0, 9900.0),
)
"""Ranges, Å, across which a table with telluric absorption inside is bridged."""


def find_star(name: str) -> Star:
    """Find a standard star.

    Raises
    ------
    ReductionError
        The library has no star of this name.
    """
    star = star_of(name)
    if star is None:
        raise ReductionError(NoticeCode.SIMULATION_STAR_UNKNOWN, star=name)
    return star


def photons(name: str, wavelength: Floats) -> Floats:
    """Return the true spectrum of a standard star above the atmosphere.

    It passes smoothly through its best reference spectrum, without the telluric absorption that
    some tables contain, and goes on beyond their ends as a power law.

    Parameters
    ----------
    name : str
    wavelength : (n,) float64
        Air, Å.

    Returns
    -------
    (n,) float64
        Photons per s, cm² and Å.

    Raises
    ------
    ReductionError
        The library has no star of this name.
    """
    curve, ends, slopes = _curve(find_star(name).name)
    logarithm = np.log(wavelength)
    inside = np.clip(logarithm, *ends)
    flux = np.exp(
        curve(inside) + np.where(logarithm < inside, slopes[0], slopes[1]) * (logarithm - inside)
    )
    return np.asarray(flux * wavelength * PHOTONS_PER_ERG)


def magnitude(name: str) -> float:
    """Return the AB magnitude of a standard star at 5500 Å."""
    flux = float(photons(name, np.array([5500.0]))[0])
    return -2.5 * float(np.log10(flux * 5500 / 5.48e6))


@lru_cache(maxsize=64)
def _curve(name: str) -> tuple[PchipInterpolator, tuple[float, float], tuple[float, float]]:
    """Return log flux over log wavelength, its ends and the slopes beyond them."""
    reference = find_star(name).references[0]
    good = np.isfinite(reference.flux) & (reference.flux > 0)
    if reference.telluric_inside:
        for low, high in TELLURIC:
            good &= (reference.wavelength < low) | (reference.wavelength > high)
    x, y = np.log(reference.wavelength[good]), np.log(reference.flux[good])
    n = max(int(np.count_nonzero(x < x[0] + 0.05)), 4)
    m = max(int(np.count_nonzero(x > x[-1] - 0.05)), 4)
    slopes = [float(np.polyfit(x[piece], y[piece], 1)[0]) for piece in (np.s_[:n], np.s_[-m:])]
    return PchipInterpolator(x, y), (float(x[0]), float(x[-1])), (slopes[0], slopes[1])
