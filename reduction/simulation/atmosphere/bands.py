"""The absorption bands of O2 and H2O, line by line."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import voigt_profile

Floats = NDArray[np.float64]

STEP = 0.01
"""Of the optical depths, Å: below the width of a line."""

O2_COLUMN = 3.3e24
"""Molecules per cm² towards the zenith at the pressure of Cerro Pachón (735 hPa)."""

KELVIN = 255.0
"""Mean temperature of the air, weighted by mass."""

O2_WIDTH, H2O_WIDTH = 0.018, 0.05
"""Half width of a line by collisions, cm⁻¹, at the mean pressure of the oxygen and the water."""

REACH = 25.0
"""Distance from its centre at which a line ends, Å."""


class _OxygenBand(NamedTuple):
    """A band of b¹Σ ← X³Σ: origin and rotation (cm⁻¹), and strength (cm per molecule).

    Constants: Babcock and Herzberg 1948, ApJ 108, 167; strengths rounded from Galkin et al.
    """

    origin: float
    rotation: float
    stretching: float
    strength: float


OXYGEN = {
    "A": _OxygenBand(13120.909, 1.391249, 5.37e-6, 2.28e-22),
    "B": _OxygenBand(14525.661, 1.372956, 5.40e-6, 1.52e-23),
    "gamma": _OxygenBand(15902.418, 1.354610, 5.45e-6, 9.0e-25),
}
B_GROUND, D_GROUND, SPIN_SPIN, SPIN_ROTATION = 1.437677, 4.84e-6, 1.984751, -0.008425
"""Of the ground state of O2, cm⁻¹."""

WATER: dict[int, tuple[float, ...]] = {
    # First wavelength of a band, Å: the sum of the equivalent widths of its lines if they were
    # weak, Å per mm of water, in each `WATER_PART`. With 3 mm each part absorbs as LOWTRAN 7
    # (Kneizys et al. 1988, AFGL-TR-88-0177) has it.
    5850: (0.136, 0.226, 0.122),
    6450: (0.161, 0.111, 0.0848),
    6900: (0.217, 0.303, 0.315, 0.231, 0.179, 1.05, 0.849, 0.997, 0.516, 0.262, 0.0625),
    7850: (
        0.124,
        0.154,
        0.195,
        0.213,
        0.118,
        0.39,
        0.829,
        0.57,
        0.451,
        0.365,
        0.221,
        0.135,
        0.0619,
        0.0808,
    ),
    8850: (
        0.048,
        0.232,
        1.57,
        1.37,
        1.72,
        1.94,
        1.46,
        0.889,
        1.86,
        9.89,
        11.2,
        6.44,
        6.37,
        5.04,
        3.74,
        3.06,
        1.38,
        0.979,
        0.928,
        0.456,
        0.142,
        0.0682,
    ),
}
WATER_PART, WATER_LINES = 50.0, 40
"""Å, and the lines in each part."""
WATER_SEED = 18


class Depth(NamedTuple):
    """Optical depths along a wavelength grid in air (Å): O2 per airmass, H2O per mm of water."""

    wavelength: Floats
    oxygen: Floats
    water: Floats


def transmission(edges: Floats, airmass: float, water: float) -> Floats:
    """Return the mean transmission of the bands between neighbouring wavelengths.

    Parameters
    ----------
    edges : (n + 1,) float64
        Ascending air wavelengths, Å.
    airmass : float
    water : float
        Precipitable water towards the zenith, mm.

    Returns
    -------
    (n,) float64
        0 to 1. The bands are saturated: their depth is not a power of the airmass.
    """
    depth = optical_depth()
    absorbed = 1 - np.exp(-airmass * (depth.oxygen + water * depth.water))
    widths = np.diff(depth.wavelength, prepend=depth.wavelength[0] - STEP)
    total = np.cumsum(np.where(widths < 1.5 * STEP, absorbed * STEP, 0.0))
    return np.asarray(
        1 - np.diff(np.interp(edges, depth.wavelength + STEP / 2, total)) / np.diff(edges)
    )


@lru_cache(maxsize=1)
def optical_depth() -> Depth:
    """Return the optical depths of all bands, on pieces of a grid of `STEP`."""
    lines = [*_oxygen_lines()]
    place, strength = (np.concatenate(part) for part in zip(*lines, strict=True))
    water_place, water_strength = _water_lines()
    every = np.sort(np.concatenate([place, water_place]))
    wavelength = np.arange(every[0] - REACH, every[-1] + REACH, STEP)
    near = np.searchsorted(every, wavelength)
    below = wavelength - every[np.maximum(near - 1, 0)]
    above = every[np.minimum(near, every.size - 1)] - wavelength
    wavelength = wavelength[(np.abs(below) <= REACH) | (np.abs(above) <= REACH)]
    return Depth(
        wavelength,
        _depth(wavelength, place, strength * O2_COLUMN, O2_WIDTH, 32.0),
        _depth(wavelength, water_place, water_strength, H2O_WIDTH, 18.0),
    )


def _depth(
    wavelength: Floats, place: Floats, strength: Floats, width: float, mass: float
) -> Floats:
    """Sum Voigt lines; `strength` is the integral of the optical depth, cm⁻¹."""
    depth = np.zeros_like(wavelength)
    for centre, integral in zip(place, strength, strict=True):
        piece = slice(*np.searchsorted(wavelength, (centre - REACH, centre + REACH)))
        wavenumber = 1e8 / centre
        offset = wavenumber * (wavelength[piece] / centre - 1)
        doppler = wavenumber * 3.04e-7 * np.sqrt(KELVIN / mass)  # standard deviation
        depth[piece] += integral * voigt_profile(offset, doppler, width)
    return depth


def _oxygen_lines() -> list[tuple[Floats, Floats]]:
    """Return air wavelengths (Å) and strengths (cm per molecule) of each band of O2."""
    n = np.arange(1, 46, 2.0)  # the nuclei allow only odd rotation in the ground state
    middle = B_GROUND * n * (n + 1) - D_GROUND * (n * (n + 1)) ** 2
    up, down = 2 * n + 3, 2 * n - 1
    split = SPIN_SPIN**2 - 2 * SPIN_SPIN * B_GROUND
    # Schlapp 1937, Phys. Rev. 51, 342
    first = middle + up * B_GROUND - SPIN_SPIN - np.sqrt((up * B_GROUND) ** 2 + split)
    first += SPIN_ROTATION * (n + 1)
    third = middle - down * B_GROUND - SPIN_SPIN + np.sqrt((down * B_GROUND) ** 2 + split)
    third -= SPIN_ROTATION * n
    third[0] = middle[0] - 2 * B_GROUND - SPIN_SPIN + np.sqrt(B_GROUND**2 + split)
    # branches: lower level, change of rotation, share of the strength
    branches = (
        (middle, -1, n / 2),
        (third, -1, n / 2),
        (middle, 1, (n + 1) / 2),
        (first, 1, (n + 1) / 2),
    )
    population = np.exp(-1.4388 * middle / KELVIN)
    norm = float(np.sum((2 * n + 1) * population))
    bands = []
    for band in OXYGEN.values():
        place, strength = [], []
        for lower, change, share in branches:
            j = n + change
            upper = band.rotation * j * (j + 1) - band.stretching * (j * (j + 1)) ** 2
            place.append(_in_air(1e8 / (band.origin + upper - lower)))
            strength.append(band.strength * share * population / norm)
        bands.append((np.concatenate(place), np.concatenate(strength)))
    return bands


def _water_lines() -> tuple[Floats, Floats]:
    """Return air wavelengths (Å) and integrals of the optical depth (cm⁻¹ per mm) of H2O lines.

    Within each part of a band they are those of a random band model (Goody 1952, QJRMS 78, 165):
    places without order and exponentially distributed strengths, which statistically absorb like
    the bands of an asymmetric top.
    """
    rng = np.random.default_rng(WATER_SEED)
    place, strength = [], []
    for first, totals in WATER.items():
        for number, total in enumerate(totals):
            low = first + number * WATER_PART
            place.append(rng.uniform(low, low + WATER_PART, WATER_LINES))
            share = rng.exponential(1.0, WATER_LINES)
            strength.append(total * share / share.sum() * 1e8 / place[-1] ** 2)
    every = np.concatenate(place)
    order = np.argsort(every)
    return every[order], np.concatenate(strength)[order]


def _in_air(vacuum: Floats) -> Floats:
    """Return air wavelengths, Å (Morton 2000, ApJS 130, 403, eq. 8)."""
    inverse = (1e4 / vacuum) ** 2
    index = 1 + 8.34254e-5 + 2.406147e-2 / (130 - inverse) + 1.5998e-4 / (38.9 - inverse)
    return np.asarray(vacuum / index)
