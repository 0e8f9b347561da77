"""The light of an exposure before the detector: what fills the slit, its lines and its fringes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reduction.simulation import optics
from reduction.simulation.atmosphere import Weather
from reduction.simulation.cards import Facts
from reduction.simulation.detector import N_COLUMNS, Detector, Image
from reduction.simulation.modes import Setup
from reduction.simulation.sources import Source

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Exposure:
    """One exposure of the night's plan.

    `level` is the bias level in ADU, `flexure` the displacement in unbinned columns by flexure and
    slit mask, `seed` that of the noise and the cosmic rays, `sky_magnitude` AB per arcsec² at
    5500 Å. Without `weather` the atmosphere takes the same light from every source: four bands
    of fixed depth, no extinction, and a constant loss at the slit.
    """

    facts: Facts
    seed: tuple[int, ...]
    level: float
    flexure: float = 0.0
    sources: tuple[Source, ...] = ()
    sky_magnitude: float = 22.0
    weather: Weather | None = None


@dataclass(eq=False)
class Light:
    """Expected electrons of a frame and the truth about them, while the frame is built."""

    electrons: Image
    truth: dict[str, object] = field(default_factory=dict)


def slit_width(slit: str) -> float:
    """Return the width of a slit, arcsec, from its name (``1.0_LONG_SLIT``).

    Raises
    ------
    ValueError
        The name does not begin with a number.
    """
    return float(slit.split("_", 1)[0])


def fill_slit(spectrum: Floats, exposure: Exposure, setup: Setup, detector: Detector) -> Light:
    """Return light that fills the slit evenly; `spectrum` is blurred, electron per step and row."""
    (ny, _), height = detector.shape, detector.binning[1]
    shift = optics.tilt(detector.row_centres)
    inside = detector.row_centres[:, None] + (np.arange(height) - (height - 1) / 2)[None, :]
    illumination = optics.slit_illumination(inside).mean(axis=1)
    image = optics.spread_rows(spectrum, shift, detector, slice(0, ny))
    image *= (height * illumination).astype(np.float32)[:, None]
    column = np.arange(N_COLUMNS, dtype=float)
    return Light(
        image,
        {
            "flexure": exposure.flexure,
            "row_shift": shift,
            "wavelength": setup.wavelength(column - exposure.flexure),
            "illumination": illumination,
            "light": optics.per_column(spectrum),
        },
    )


def with_lines(light: Light, wavelength: Floats, column: Floats, electrons: Floats) -> Light:
    """Record the lines on the detector as truth: air wavelength (Å), column, electrons per row."""
    seen = (column > 0) & (column < N_COLUMNS - 1)
    light.truth["line_wavelength"] = wavelength[seen]
    light.truth["line_column"] = column[seen]
    light.truth["line_electrons"] = electrons[seen]
    return light


def fringes(light: Light, detector: Detector) -> Image:
    """Return the fringe pattern, mean 1: interference in the silicon, transparent in the red.

    The thickness varies over the chip, so that fringes run along and across the dispersion. The
    refractive index of silicon is 3.6. Flats and science frames have the same pattern.
    """
    wavelength = np.interp(
        detector.column_centres, np.arange(N_COLUMNS), np.asarray(light.truth["wavelength"])
    )
    amplitude = detector.camera.fringes * np.exp((np.minimum(wavelength, 9800) - 9000) / 450)
    red = np.flatnonzero(amplitude > 2e-4)
    pattern = np.ones(detector.shape, dtype=np.float32)
    if red.size == 0:
        return pattern
    x = detector.column_centres[red] / 1000
    y = detector.row_centres[:, None] / 1000
    bow = 0.12 * np.sin(2.1 * y + 0.7 * x) + 0.08 * np.cos(1.3 * x - 2.9 * y)  # micrometre
    phase = 2 * np.pi * 2 * 3.6 * (detector.camera.depth + bow) / (wavelength[red] * 1e-4)
    pattern[:, red] += (amplitude[red] * np.sin(phase)).astype(np.float32)
    return pattern
