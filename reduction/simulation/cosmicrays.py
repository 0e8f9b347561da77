"""Cosmic rays: straight tracks of muons in the silicon, curved tracks of Compton electrons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reduction.simulation.detector import Detector

Floats = NDArray[np.float64]

PIXEL = 15.0
"""Pixel pitch, micrometre."""

MUON_RATE = 2.0
"""Muons per cm² and minute: one at sea level, about twice that at 2700 m (Groom 2002, Exp. Astron.
14, 45, also the source of the pairs per micrometre and the rate of Compton electrons)."""

COMPTON_RATE = 1.2
"""Visible Compton electrons per cm² and minute (the same source)."""

PAIRS_PER_UM = 80.0
"""Electron-hole pairs per micrometre of a minimum-ionising track."""

DIFFUSION = 0.35
"""Standard deviation of the diffusion of charge before it is collected, pixels."""


def cosmic_rays(
    detector: Detector, seconds: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Floats]:
    """Draw the cosmic rays of one exposure.

    Parameters
    ----------
    detector : Detector
        Sets the area, the thickness and the binning.
    seconds : float
        Time during which charge is collected: the exposure and half the read-out.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    index : (n,) int64
        Flat pixel index into the raw image, unique, ascending.
    electrons : (n,) float64
        Charge deposited in it.
    """
    ny, nx = detector.shape
    bx, by = detector.binning
    width, height = nx * bx, ny * by
    minutes_area = width * height * (PIXEL * 1e-4) ** 2 * seconds / 60
    tracks = [
        _muon(detector.camera.depth / PIXEL, rng)
        for _ in range(rng.poisson(MUON_RATE * minutes_area))
    ]
    tracks += [_electron_track(rng) for _ in range(rng.poisson(COMPTON_RATE * minutes_area))]
    if not tracks:
        return np.empty(0, dtype=np.int64), np.empty(0)
    points_of_tracks, charges = [], []
    for points, total in tracks:
        points_of_tracks.append(points + rng.uniform((0, 0), (width, height)))
        charges.append(np.full(len(points), total / len(points)))
    spread = np.concatenate(points_of_tracks)
    spread += DIFFUSION * rng.standard_normal(spread.shape)
    column, row = np.floor(spread / (bx, by)).astype(np.int64).T
    charge = np.concatenate(charges)
    inside = (column >= 0) & (column < nx) & (row >= 0) & (row < ny)
    index, inverse = np.unique(row[inside] * nx + column[inside], return_inverse=True)
    deposit = np.zeros(index.size)
    np.add.at(deposit, inverse, charge[inside])
    return index.astype(np.int64), deposit


def _muon(depth: float, rng: np.random.Generator) -> tuple[Floats, float]:
    """Return (n, 2) points along a straight track, pixels, and its charge, electron.

    A flux of cos² of the zenith angle through a horizontal surface has cos θ = u**(1/4).
    """
    cosine = max(rng.uniform() ** 0.25, 0.02)
    length = depth * np.sqrt(1 - cosine**2) / cosine
    azimuth = rng.uniform(0, 2 * np.pi)
    along = np.linspace(0, length, int(20 * length) + 40)[:, None]
    charge = PAIRS_PER_UM * PIXEL * depth / cosine * rng.lognormal(0, 0.3)
    return along * [np.cos(azimuth), np.sin(azimuth)], charge


def _electron_track(rng: np.random.Generator) -> tuple[Floats, float]:
    """Return (n, 2) points of a scattered electron's walk, pixels, and its charge, electron."""
    n_steps = int(rng.integers(20, 160))
    heading = np.cumsum(rng.normal(0, 0.35, n_steps)) + rng.uniform(0, 2 * np.pi)
    steps = 0.08 * np.stack([np.cos(heading), np.sin(heading)], axis=1)
    return np.cumsum(steps, axis=0), n_steps * 50 * rng.lognormal(0, 0.4)
