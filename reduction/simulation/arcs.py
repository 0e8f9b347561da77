"""The calibration lamps: lines of an arc and their strengths; spectrum of the quartz lamp."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, percentile_filter
from scipy.optimize import nnls

from reduction.lines.lamps import Lamp, laboratory_lines
from reduction.lines.line_list import spectra_of
from reduction.simulation.modes import Setup
from reduction.simulation.sky import throughput

Floats = NDArray[np.float64]

LIBRARY_SIGMA = 1.7
"""Width of a line in the library spectra (narrow slit), unbinned pixels."""

FAINTEST = 2e-5
"""Lines fainter than this fraction of the brightest are left out: they are below the noise."""

PEAK_WITHIN = 2
"""Largest distance between a line and a peak of the library's exposure, pixels. Light without a
peak is the wing of a bright neighbour."""


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

    Gaussians of non-negative amplitude at the positions of the laboratory lines are fitted to the
    published spectrum without its continuum, so that blended lines share their light. Only the
    brightness is taken from the exposure; the positions of the lines in a simulated arc follow from
    the wavelength map of the setup.

    Parameters
    ----------
    setup : Setup

    Returns
    -------
    ArcLines
    """
    lamp = setup.lamp
    wavelength, _ = laboratory_lines(spectra_of(lamp.lamp))
    wavelength = _in_reach(setup, wavelength)
    pixel = _seen_at(setup, lamp, wavelength)
    inside = (pixel > 3) & (pixel < lamp.flux.size - 4)
    pixel, wavelength = pixel[inside], wavelength[inside]
    floor = gaussian_filter1d(percentile_filter(lamp.flux, 20, size=121), 30)
    signal = np.clip(lamp.flux - floor, 0, None)
    grid = np.arange(lamp.flux.size)
    # Wider than a line, since the positions are accurate to about a pixel.
    profiles = np.exp(-0.5 * ((grid[:, None] - pixel[None, :]) / (1.3 * LIBRARY_SIGMA)) ** 2)
    amplitude, _ = nnls(profiles, signal)
    kept = (amplitude > FAINTEST * amplitude.max()) & _peaks_at(signal, pixel)
    peak = amplitude.max() * 1.3 * LIBRARY_SIGMA * np.sqrt(2 * np.pi)
    flux = amplitude[kept] * 1.3 * LIBRARY_SIGMA * np.sqrt(2 * np.pi) / peak
    continuum = max(float(np.median(floor)), 0.0) / peak
    return ArcLines(wavelength[kept], flux, min(continuum, 2e-4))


def _seen_at(setup: Setup, lamp: Lamp, wavelength: Floats) -> Floats:
    """Pixel of wavelengths in the library's exposure of a lamp.

    The wavelength map of some setups is based on few lines, so it is shifted and stretched to the
    published range of the exposure.
    """
    ends = setup.column(np.array(lamp.range)) - lamp.first_column
    stretch = (lamp.flux.size - 1) / (ends[1] - ends[0])
    return np.asarray((setup.column(wavelength) - lamp.first_column - ends[0]) * stretch)


def _peaks_at(signal: Floats, pixel: Floats) -> NDArray[np.bool_]:
    """Tell at which pixels an exposure has a peak."""
    smooth = gaussian_filter1d(signal, LIBRARY_SIGMA / 2)
    peak = smooth >= maximum_filter1d(smooth, 3)
    near = maximum_filter1d(peak, 2 * PEAK_WITHIN + 1)
    return np.asarray(near[np.rint(pixel).astype(int)])


def _in_reach(setup: Setup, wavelength: Floats) -> Floats:
    low, high = setup.wavelength(np.array([0.0, 4141.0]))
    return wavelength[(wavelength > low) & (wavelength < high)]


def quartz(setup: Setup, wavelength: Floats) -> Floats:
    """Return the spectrum of the quartz lamp, a black body of 3000 K, as detected in a setup.

    Parameters
    ----------
    setup : Setup
    wavelength : (n,) float64
        Air wavelength, Å.

    Returns
    -------
    (n,) float64
        Photons per Å; the maximum is 1.
    """
    photons = wavelength**-4 / np.expm1(1.4388e8 / (wavelength * 3000))
    curve = photons * throughput(setup, wavelength)
    return np.asarray(curve / curve.max())
