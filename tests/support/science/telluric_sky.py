"""Spectra behind the bands of oxygen and water of the simulator, with photon noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from reduction.simulation.atmosphere import bands

FINE = 0.1


class Observed(NamedTuple):
    """Photons of a spectrum, (n,), and the true transmission at its pixels."""

    air: np.ndarray
    counts: np.ndarray
    passed: np.ndarray
    airmass: float


def true_transmission(
    air: np.ndarray, fwhm: float, airmass: float, water: float, shift: float = 0.0
) -> np.ndarray:
    """Return the transmission at air wavelengths, smoothed to a resolution, shifted redwards."""
    fine = np.arange(air[0] - 8 * fwhm, air[-1] + 8 * fwhm, FINE)
    edges = np.append(fine - FINE / 2, fine[-1] + FINE / 2)
    sharp = bands.transmission(edges - shift, airmass, water)
    return np.asarray(np.interp(air, fine, gaussian_filter1d(sharp, fwhm / 2.3548 / FINE)))


def flat(air: np.ndarray) -> np.ndarray:
    """Return a continuum of 1."""
    return np.ones(air.shape)


def observed(
    rng: np.random.Generator,
    *,
    air: np.ndarray,
    fwhm: float,
    airmass: float = 1.2,
    water: float = 3.0,
    shift: float = 0.0,
    signal: float = 100.0,
    shape: Callable[[np.ndarray], np.ndarray] = flat,
) -> Observed:
    """Return a spectrum with `signal` over noise per pixel where the continuum is 1."""
    passed = true_transmission(air, fwhm, airmass, water, shift)
    counts = rng.poisson(signal**2 * shape(air) * passed).astype(float)
    return Observed(air, counts, passed, airmass)
