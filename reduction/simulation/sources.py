"""The simulated sources and their spectra, in photons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.simulation.sky import photon_flux
from reduction.simulation.standards import spectra

Floats = NDArray[np.float64]

STANDARD = "standard"
"""Kind of a standard star."""

BALMER = (6562.79, 4861.35, 4340.47, 4101.73, 3970.07, 3889.06, 3835.39)
"""Air wavelengths, Å."""

NEBULA_LINES = (
    # Air wavelength, Å, and strength beside Hβ = 100, typical of a planetary nebula (Osterbrock &
    # Ferland 2006, Astrophysics of Gaseous Nebulae).
    (3726.03, 25.0),
    (3728.82, 20.0),
    (3868.75, 90.0),
    (3967.46, 30.0),
    (4101.73, 26.0),
    (4340.47, 47.0),
    (4363.21, 10.0),
    (4685.71, 25.0),
    (4861.33, 100.0),
    (4958.91, 380.0),
    (5006.84, 1140.0),
    (5875.62, 14.0),
    (6300.30, 10.0),
    (6548.05, 35.0),
    (6562.79, 285.0),
    (6583.45, 105.0),
    (6678.15, 4.0),
    (6716.44, 8.0),
    (6730.82, 10.0),
    (7135.80, 18.0),
)
NEBULA_CONTINUUM = 0.002
"""Continuum per Å of a nebula, in hundredths of the flux of Hβ; the magnitude is that of it."""

GALAXY_LINES = (
    # Rest wavelength in air, Å, and equivalent width, Å, of a star-forming galaxy.
    (3726.03, 14.0),
    (3728.82, 18.0),
    (4340.47, 5.0),
    (4861.33, 12.0),
    (4958.91, 11.0),
    (5006.84, 33.0),
    (6548.05, 5.0),
    (6562.79, 45.0),
    (6583.45, 15.0),
    (6716.44, 9.0),
    (6730.82, 7.0),
)

SUPERNOVA_FEATURES = (
    # Blueshifted troughs of a type Ia near maximum: centre, width (Å), depth; Filippenko 1997,
    # ARA&A 35, 309.
    (3750.0, 70.0, 0.55),
    (4320.0, 55.0, 0.30),
    (4850.0, 80.0, 0.35),
    (5290.0, 40.0, 0.18),
    (5460.0, 40.0, 0.20),
    (5720.0, 45.0, 0.14),
    (6130.0, 60.0, 0.45),
    (8150.0, 110.0, 0.35),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One source in the slit.

    Parameters
    ----------
    name : str
        Object name.
    kind : str
        A key of `SPECTRA`, or `STANDARD`: the star of the library with this name.
    magnitude : float
        AB, at 5500 Å; of no effect for a standard star, which has its own.
    offset : float
        Rows from the middle of the region of interest at the middle column, unbinned.
    fwhm, beta : float
        Moffat profile along the slit, unbinned rows.
    redshift : float
        Applied to the spectrum.
    seeing_power : float
        Exponent of the dependence of the FWHM on wavelength; `fwhm` is that of the middle column.
        Turbulence theory gives -0.2 (Fried 1966, JOSA 56, 1372).
    """

    name: str
    kind: str
    magnitude: float
    offset: float
    fwhm: float
    beta: float = 3.5
    redshift: float = 0.0
    seeing_power: float = 0.0

    def photons(self, wavelength: Floats) -> Floats:
        """Return the spectrum above the atmosphere.

        Parameters
        ----------
        wavelength : (n,) float64
            Air wavelength, Å.

        Returns
        -------
        (n,) float64
            Photons per s, cm² and Å.
        """
        if self.kind == STANDARD:
            return spectra.photons(self.name, wavelength)
        shape = SPECTRA[self.kind]
        rest_wavelength = wavelength / (1 + self.redshift)
        norm = shape(np.array([5500.0]))[0]
        return np.asarray(
            photon_flux(self.magnitude, np.array(5500.0)) * shape(rest_wavelength) / norm
        )


def _planck(wavelength: Floats, kelvin: float) -> Floats:
    """Return the photons per Å of a black body, arbitrary scale."""
    return wavelength**-4 / np.expm1(1.4388e8 / (wavelength * kelvin))


def _lorentz(wavelength: Floats, centre: float, half_width: float) -> Floats:
    return 1 / (1 + ((wavelength - centre) / half_width) ** 2)


def _gauss(wavelength: Floats, centre: float, sigma: float) -> Floats:
    return np.asarray(np.exp(-0.5 * ((wavelength - centre) / sigma) ** 2))


def white_dwarf(wavelength: Floats) -> Floats:
    """Return a DA white dwarf of 15 000 K: a blue continuum and broad Balmer lines.

    Parameters
    ----------
    wavelength : (n,) float64
        Rest wavelength in air, Å.

    Returns
    -------
    (n,) float64
        Photons per Å, arbitrary scale.
    """
    absorption = np.ones_like(wavelength)
    for n, line in enumerate(BALMER):
        absorption *= 1 - (0.55 - 0.04 * n) * _lorentz(wavelength, line, 32 - 3 * n)
    return _planck(wavelength, 15000) * absorption


def galaxy(wavelength: Floats) -> Floats:
    """Return a star-forming galaxy: a red continuum, a break at 4000 Å, and emission lines.

    Parameters
    ----------
    wavelength : (n,) float64
        Rest wavelength in air, Å.

    Returns
    -------
    (n,) float64
        Photons per Å, arbitrary scale.
    """
    continuum = _planck(wavelength, 5600) * (0.65 + 0.35 / (1 + np.exp((4000 - wavelength) / 25)))
    lines = np.zeros_like(wavelength)
    for line, width in GALAXY_LINES:
        sigma = line * 120 / 299792.458  # 120 km/s
        lines += width * _gauss(wavelength, line, sigma) / (sigma * np.sqrt(2 * np.pi))
    return continuum * (1 + lines)


def supernova(wavelength: Floats) -> Floats:
    """Return a type Ia supernova near maximum: a hot continuum with P Cygni profiles.

    Parameters
    ----------
    wavelength : (n,) float64
        Rest wavelength in air, Å.

    Returns
    -------
    (n,) float64
        Photons per Å, arbitrary scale.
    """
    shape = _planck(wavelength, 11500)
    for centre, sigma, depth in SUPERNOVA_FEATURES:
        shape = shape * (1 - depth * _gauss(wavelength, centre, sigma))
        shape = shape * (1 + 0.4 * depth * _gauss(wavelength, centre + 2.4 * sigma, sigma))
    return shape


def star(wavelength: Floats) -> Floats:
    """Return a K dwarf: a cool continuum with Mg b, Na D, Ca II and G-band absorption.

    Parameters
    ----------
    wavelength : (n,) float64
        Rest wavelength in air, Å.

    Returns
    -------
    (n,) float64
        Photons per Å, arbitrary scale.
    """
    shape = _planck(wavelength, 4600)
    for centre, sigma, depth in (
        (3933.7, 9, 0.7),
        (3968.5, 9, 0.7),
        (4304, 14, 0.35),
        (5175, 16, 0.3),
        (5893, 5, 0.4),
        (8498, 2.5, 0.3),
        (8542.1, 3.5, 0.45),
        (8662.1, 3.5, 0.4),
    ):
        shape = shape * (1 - depth * _gauss(wavelength, centre, sigma))
    return shape


def nebula(wavelength: Floats) -> Floats:
    """Return a planetary nebula: emission lines and a very faint continuum.

    Parameters
    ----------
    wavelength : (n,) float64
        Rest wavelength in air, Å.

    Returns
    -------
    (n,) float64
        Photons per Å, arbitrary scale.
    """
    light = np.full_like(wavelength, NEBULA_CONTINUUM)
    sigma = 0.4  # 20 km/s
    for line, strength in NEBULA_LINES:
        light += strength * _gauss(wavelength, line, sigma) / (sigma * np.sqrt(2 * np.pi))
    return light


def blazar(wavelength: Floats) -> Floats:
    """Return a power law without any line, F_λ ∝ λ^-1.5.

    Parameters
    ----------
    wavelength : (n,) float64
        Rest wavelength in air, Å.

    Returns
    -------
    (n,) float64
        Photons per Å, arbitrary scale.
    """
    return (wavelength / 5500) ** -0.5


SPECTRA: dict[str, Callable[[Floats], Floats]] = {
    "white dwarf": white_dwarf,
    "galaxy": galaxy,
    "supernova": supernova,
    "star": star,
    "nebula": nebula,
    "blazar": blazar,
}
