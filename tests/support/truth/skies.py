"""Simulated skies of all modes behind any slit, with a known shift: the worst that nights offer.

Sunlight and airglow are those of the published spectra, but each line and band has a brightness of
its own, which the model of the code under test does not know. Light of a star in the background
zones, light pollution, fringes, cosmic rays and bad columns are added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.special import erf

from reduction.lines.sky_library import sky_library
from reduction.simulation.sources import SPECTRA

Array = np.ndarray[Any, Any]

MODES = {
    "400_M1": (3030, 7060),
    "400_M2": (4970, 8970),
    "600_UV": (3200, 5690),
    "600_BLUE": (3540, 6170),
    "600_MID": (4410, 7030),
    "600_RED": (6670, 8640),
    "930_M1": (3200, 4660),
    "930_M2": (3790, 5490),
    "930_M3": (4650, 6335),
    "930_M4": (5490, 7155),
    "930_M5": (6350, 7990),
    "930_M6": (7190, 8800),
    "1200_M1": (3555, 4860),
    "1200_M2": (4230, 5535),
    "1200_M3": (4930, 6205),
    "1200_M4": (5620, 6870),
    "1200_M5": (6330, 7545),
    "1200_M6": (7005, 8205),
    "1200_M7": (7700, 8880),
}
"""First and last wavelength of the modes, Å."""
N_UNBINNED = 4060
POLLUTION = ((4046.56, 0.3), (4358.33, 1.0), (5460.74, 1.2), (5769.6, 0.4), (5790.7, 0.4))
"""Mercury lines of street lamps: air wavelength, Å, and relative strength."""


@dataclass(frozen=True)
class Sky:
    """A simulated sky.

    Parameters
    ----------
    mode, kind : str
    wavelength, sky, target : (n,) float64
        Scale of the arc, Å, and counts.
    dispersion : float
        Å per unbinned pixel.
    slit, optics : float
        Width of the slit's image and standard deviation of the blur, unbinned pixels.
    shift : float
        The truth: measured minus true wavelength, Å.
    """

    mode: str
    kind: str
    wavelength: Array
    sky: Array
    target: Array
    dispersion: float
    slit: float
    optics: float
    shift: float


def simulated(
    mode: str,
    kind: str,
    rng: np.random.Generator,
    *,
    slit_arcsec: float = 3.0,
    counts: float = 300.0,
    binning: int = 2,
    offset: float | None = None,
) -> Sky:
    """Simulate the sky of an exposure.

    Parameters
    ----------
    mode : str
        A key of `MODES`.
    kind : str
        ``"dark"``, ``"moon"``, ``"twilight"`` or ``"none"``: a continuum without a feature.
    rng : Generator
    slit_arcsec : float
    counts : float
        Electrons per pixel of the sky's continuum.
    binning : int
    offset : float, optional
        Shift, unbinned pixels; drawn from −45 to 45 when None.
    """
    first, last = MODES[mode]
    dispersion = (last - first) / N_UNBINNED
    n = N_UNBINNED // binning
    step = dispersion * binning
    axis = first + step * np.arange(n)
    shift = dispersion * (float(rng.uniform(-45, 45)) if offset is None else offset)
    library = sky_library()
    grid = library.wavelength
    moon = {"dark": 0.25, "moon": 1.0, "twilight": 1.0, "none": 0.0}[kind]
    airglow = {"dark": 1.0, "moon": 0.15, "twilight": 0.01, "none": 0.0}[kind]
    colour = np.exp(rng.normal(0, 0.4) * (grid - grid.mean()) / 3000)
    depth = moon * rng.uniform(0.85, 1.1)
    light = colour * (1 + depth * (library.solar - 1))
    light += airglow * _airglow(grid, library.night, rng)
    for line, strength in POLLUTION:
        height = strength * rng.exponential(0.6) * airglow
        light += height * np.exp(-0.5 * ((grid - line) / 0.3) ** 2)
    slit = slit_arcsec * float(rng.uniform(0.95, 1.05)) / 0.15
    optics = float(rng.uniform(0.9, 1.2))
    seen = np.interp(axis - shift, grid, _blurred(light, slit * dispersion, optics * dispersion))
    response = np.exp(-0.5 * ((axis - axis.mean()) / (0.45 * (last - first))) ** 2)
    response *= 1 / (1 + np.exp((3500 - axis) / 150))
    fringes = 0.04 * np.exp((np.minimum(axis, 9000) - 9000) / 450)
    response *= 1 + fringes * np.sin(axis**-1 * 2.2e6 + rng.uniform(0, 6))
    target = _star(axis - shift, rng, 3 * dispersion) * response * counts
    sky = counts * response * seen + rng.exponential(0.01) * target
    noisy = rng.normal(sky, np.sqrt(np.clip(sky, 1, None) * 0.5 + 25))
    for place in rng.integers(5, n - 5, int(rng.integers(0, 12))):
        noisy[place : place + int(rng.integers(1, 3))] += rng.exponential(8 * np.sqrt(counts + 50))
    bright = rng.exponential(4)
    star = rng.normal(bright * target, np.sqrt(bright * target + 50))
    return Sky(mode, kind, axis, noisy, star, dispersion, slit, optics, shift)


def _airglow(grid: Array, night: Array, rng: np.random.Generator) -> Array:
    """Return airglow with a brightness of its own for every 15 Å, and for every 300 Å."""
    n = grid.size
    step = float(grid[1] - grid[0])
    narrow = _smooth_noise(n, 15 / step, rng)
    broad = _smooth_noise(n, 300 / step, rng)
    return np.asarray(night * np.exp(0.25 * narrow + 0.4 * broad))


def _smooth_noise(n: int, scale: float, rng: np.random.Generator) -> Array:
    """Return noise of unit variance that is correlated over a scale, pixels."""
    noise = gaussian_filter1d(rng.normal(size=n), scale)
    return np.asarray(noise * np.sqrt(2 * np.sqrt(np.pi) * scale))


def _blurred(light: Array, slit: float, optics: float) -> Array:
    step = sky_library().step
    half = int((slit / 2 + 5 * optics) / step) + 2
    x = step * np.arange(-half, half + 1)
    optics = max(optics, step / 2)
    kernel = erf((x + slit / 2) / optics / np.sqrt(2)) - erf((x - slit / 2) / optics / np.sqrt(2))
    return np.asarray(np.convolve(light, kernel / kernel.sum(), mode="same"))


def _star(wavelength: Array, rng: np.random.Generator, blur: float) -> Array:
    """Return a star or galaxy of any velocity, displaced in the slit, with a mean of 1."""
    kind = str(rng.choice(["white dwarf", "star", "galaxy", "supernova"]))
    moved = wavelength * (1 + rng.normal(0, 100) / 299792.458) + rng.normal(0, 2 * blur)
    light = SPECTRA[kind](moved)
    return np.asarray(light / light.mean())
