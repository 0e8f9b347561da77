"""The calibration lamps: which lines an arc shows and how strong they are; the quartz lamp."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, percentile_filter
from scipy.optimize import nnls

from reduction.lamps import laboratory_lines
from reduction.simulation.modes import Setup
from reduction.simulation.sky import throughput

Floats = NDArray[np.float64]

LIBRARY_SIGMA = 1.7
"""Width of a line in the library spectra (narrow slit), unbinned pixels."""

FAINTEST = 3e-4
"""Lines fainter than this share of the brightest are left out: they drown in the noise."""


@dataclass(frozen=True, eq=False)
class ArcLines:
    """Lines of a lamp in one setup.

    Parameters
    ----------
    wavelength : (n,) float64
        Laboratory air wavelength, Å, ascending.
    flux : (n,) float64
        Strength in the library's exposure; the brightest is 1.
    continuum : float
        Level per unbinned pixel between the lines, in the same unit.
    """

    wavelength: Floats
    flux: Floats
    continuum: float


@lru_cache(maxsize=32)
def arc_lines(setup: Setup) -> ArcLines:
    """Measure the lines of the setup's library lamp.

    The published spectrum less its continuum is fitted by non-negative amplitudes of Gaussians at
    the places where the wavelength map puts the laboratory lines, so that blends share their light.
    The positions are the map's: only the brightness comes from the exposure.
    """
    lamp = setup.lamp
    wavelength, _ = laboratory_lines(lamp.elements)
    pixel = setup.column(_in_reach(setup, wavelength)) - lamp.first_column
    wavelength = _in_reach(setup, wavelength)
    inside = (pixel > 3) & (pixel < lamp.flux.size - 4)
    pixel, wavelength = pixel[inside], wavelength[inside]
    floor = gaussian_filter1d(percentile_filter(lamp.flux, 20, size=121), 30)
    signal = np.clip(lamp.flux - floor, 0, None)
    grid = np.arange(lamp.flux.size)
    # Wider than a line, for the map is good to a pixel or so against this exposure.
    profiles = np.exp(-0.5 * ((grid[:, None] - pixel[None, :]) / (1.3 * LIBRARY_SIGMA)) ** 2)
    amplitude, _ = nnls(profiles, signal)
    kept = amplitude > FAINTEST * amplitude.max()
    peak = amplitude.max() * 1.3 * LIBRARY_SIGMA * np.sqrt(2 * np.pi)
    flux = amplitude[kept] * 1.3 * LIBRARY_SIGMA * np.sqrt(2 * np.pi) / peak
    continuum = max(float(np.median(floor)), 0.0) / peak
    return ArcLines(wavelength[kept], flux, min(continuum, 2e-4))


def _in_reach(setup: Setup, wavelength: Floats) -> Floats:
    low, high = setup.wavelength(np.array([0.0, 4141.0]))
    return wavelength[(wavelength > low) & (wavelength < high)]


def quartz(setup: Setup, wavelength: Floats) -> Floats:
    """Spectrum of the quartz lamp through the setup, per Å, peak near 1: a lamp of 3000 K."""
    photons = wavelength**-4 / np.expm1(1.4388e8 / (wavelength * 3000))
    curve = photons * throughput(setup, wavelength)
    return np.asarray(curve / curve.max())
