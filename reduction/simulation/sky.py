"""Throughput of atmosphere and instrument, telluric bands, and the night sky."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reduction.lines.sky_library import sky_library
from reduction.simulation.modes import Setup
from reduction.simulation.optics import PLATE_SCALE

Floats = NDArray[np.float64]

COLLECTING_AREA = 1.15e5
"""Area of SOAR's 4.1 m aperture without the secondary, cm²."""

DARK = 22.0
"""Continuum of the sky without the Moon, AB per arcsec² at 5500 Å."""

RAYLEIGH = 1e6 / (4 * np.pi) / (180 / np.pi * 3600) ** 2
"""One rayleigh in photons per s, cm² and arcsec²."""

# Air wavelength, Å, and a typical brightness on a dark night, rayleigh. OH wavelengths: Osterbrock
# et al. 1996, PASP 108, 277; atomic lines and brightnesses (rounded): Hanuschik 2003, A&A 407,
# 1157, and Leinert et al. 1998, A&AS 127, 1. Hg I is the light of La Serena.
SKY_LINES = np.array(
    [
        (4358.335, 2),
        (5197.902, 3),
        (5200.257, 2),
        (5460.750, 3),
        (5577.338, 250),
        (5889.953, 60),
        (5895.923, 35),
        (5915.301, 2),
        (5932.862, 4),
        (5953.420, 3),
        (6257.961, 12),
        (6287.434, 15),
        (6300.304, 150),
        (6306.869, 9),
        (6363.780, 50),
        (6498.729, 20),
        (6533.044, 24),
        (6553.617, 18),
        (6841.945, 10),
        (6863.955, 40),
        (6870.994, 10),
        (6889.288, 15),
        (6900.833, 20),
        (6912.623, 18),
        (6923.220, 35),
        (6939.521, 25),
        (6969.930, 12),
        (7003.858, 8),
        (7244.907, 30),
        (7276.405, 110),
        (7284.439, 40),
        (7316.282, 130),
        (7329.148, 40),
        (7340.885, 130),
        (7358.659, 40),
        (7571.746, 20),
        (7750.640, 120),
        (7759.996, 40),
        (7794.112, 110),
        (7808.467, 40),
        (7821.503, 120),
        (7841.266, 35),
        (7913.708, 150),
        (7949.204, 30),
        (7964.650, 180),
        (7993.332, 200),
        (8014.059, 40),
        (8025.810, 130),
        (8052.020, 50),
        (8062.190, 70),
        (8310.719, 40),
        (8344.602, 240),
        (8382.392, 80),
        (8399.170, 330),
        (8415.231, 100),
        (8430.174, 350),
        (8452.250, 110),
        (8465.328, 220),
        (8493.389, 70),
        (8504.799, 110),
        (8761.314, 30),
        (8767.912, 100),
        (8776.294, 40),
        (8778.333, 120),
        (8791.186, 80),
        (8827.096, 330),
        (8885.850, 420),
        (8903.114, 130),
        (8919.635, 400),
        (8943.395, 130),
        (8958.084, 280),
        (8988.366, 110),
        (9001.346, 130),
        (9038.057, 90),
        (9049.477, 60),
    ]
)


def photon_flux(magnitude: float, wavelength: Floats) -> Floats:
    """Return the photon flux of an AB magnitude.

    Parameters
    ----------
    magnitude : float
        AB.
    wavelength : ndarray of float64
        Å, any shape.

    Returns
    -------
    ndarray of float64
        Photons per s, cm² and Å, of the same shape.
    """
    return 5.48e6 / wavelength * 10 ** (-0.4 * magnitude)


def throughput(setup: Setup, wavelength: Floats) -> Floats:
    """Return the fraction of photons detected by telescope, filter, grating, camera and CCD.

    Parameters
    ----------
    setup : Setup
    wavelength : (n,) float64
        Air wavelength, Å.

    Returns
    -------
    (n,) float64
    """
    blaze = setup.wavelength(np.array([400.0, 2098.0, 3700.0]))
    width = 0.75 * (blaze[2] - blaze[0])
    grating = np.exp(-0.5 * ((wavelength - blaze[1]) / width) ** 2)
    blue = 1 / (1 + np.exp((3500 - wavelength) / 170))
    red = 1 / (1 + np.exp((wavelength - 9300) / 350))
    curve = 0.25 * grating * blue * red
    if setup.filter_2[2:].isdigit():  # Schott GG455: half transmission at 4550 Å
        cut = 10 * float(setup.filter_2[2:])
        curve = curve / (1 + np.exp((cut - wavelength) / 40))
    return np.asarray(curve)


def lenses(wavelength: Floats) -> Floats:
    """Return the transmission of the lenses in the blue, for nights with weather.

    With it the 400_M1 has the throughput that Goodman's exposure time calculator states: 0.029 at
    3600 Å, 0.114 at 4000 Å and 0.152 at 4200 Å.

    Parameters
    ----------
    wavelength : (n,) float64
        Air wavelength, Å.

    Returns
    -------
    (n,) float64
    """
    return np.asarray(1 / (1 + np.exp((3960 - wavelength) / 290)))


def telluric(wavelength: Floats) -> Floats:
    """Return the transmission of the O2 B and A bands and of water: a band head and a tail each.

    Parameters
    ----------
    wavelength : (n,) float64
        Air wavelength, Å.

    Returns
    -------
    (n,) float64
        0 to 1.
    """
    depth = np.zeros_like(wavelength)
    for head, tail, strength in (
        (6867, 22, 0.35),
        (7593, 30, 0.85),
        (7165, 70, 0.12),
        (8130, 110, 0.12),
    ):
        beyond = wavelength - head
        rise = 1 / (1 + np.exp(-np.clip(beyond / 1.5, -60, 60)))
        depth += strength * rise * np.exp(-np.maximum(beyond, 0) / tail)
    return 1 - np.minimum(depth, 0.98)


def sky_per_row(setup: Setup, slit_arcsec: float) -> tuple[Floats, float]:
    """Return the lines and the scale of the night sky through the slit.

    Parameters
    ----------
    setup : Setup
    slit_arcsec : float
        Width of the slit, arcsec.

    Returns
    -------
    electrons : (n_lines,) float64
        Electrons per s and unbinned row of each of `SKY_LINES`.
    scale : float
        Factor from photons per s, cm², Å and arcsec², times throughput, to electrons per s, Å and
        unbinned row.
    """
    scale = COLLECTING_AREA * slit_arcsec * PLATE_SCALE
    lines = SKY_LINES[:, 1] * RAYLEIGH * scale * throughput(setup, SKY_LINES[:, 0])
    return lines, scale


def sky_continuum(wavelength: Floats, magnitude: float) -> Floats:
    """Return the continuum of the sky.

    Parameters
    ----------
    wavelength : (n,) float64
        Air wavelength, Å.
    magnitude : float
        AB per arcsec² at 5500 Å: 22 without the Moon, about 19 at full Moon. What is brighter than
        `DARK` is sunlight, with its absorption lines.

    Returns
    -------
    (n,) float64
        Photons per s, cm², Å and arcsec².
    """
    level = photon_flux(magnitude, wavelength) * (wavelength / 5500) ** 0.8
    moonlight = max(1 - 10 ** (0.4 * (magnitude - DARK)), 0.0)
    if moonlight == 0:
        return level
    sun = np.interp(wavelength, sky_library().wavelength, sky_library().solar)
    return np.asarray(level * (1 + moonlight * (sun - 1)))
