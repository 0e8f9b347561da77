"""The lines of an arc and the laboratory lines of its lamp, between which matches are sought.

Positions are in unbinned raw detector columns ("pixels"). The *model pixel* of a wavelength is the
column at which the grating equation puts it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.wavelength.grating import predicted_wavelength

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

CENTROID_PX = 0.1
"""Uncertainty of the centre of a bright line, from unlisted blends, pixels."""
FLAT_WEIGHT = 0.3
"""Weight of a saturated line relative to a clean one; only its flanks determine its centre."""
MARGIN_PX = 400.0
"""Range beyond the detector in which laboratory lines are kept, to allow for a large shift."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Setup of the wavelengths: grating name, camera and grating angle in degrees."""

    grating: str
    cam_targ: float
    grt_targ: float


@dataclass(frozen=True, eq=False)
class Problem:
    """The arc's lines and the laboratory lines of its lamp.

    Parameters
    ----------
    pixel, height : (n,) float64
        Centres of the arc's lines, and their heights in units of the noise.
    clean : (n,) bool
        Lines that can be measured accurately.
    flat : (n,) bool
        Saturated lines, which get a small weight.
    fwhm : float
        Width of a line, pixels.
    extent : (float, float)
        First and last column of the arc.
    setup : Setup
        Grating and angles.
    laboratory, strength : (m,) float64
        Laboratory lines, air Å ascending, and their relative strengths.
    single : (m,) bool
        Laboratory lines with a known position in the arc: lines that are not blended at its
        resolution, and the centres of blends in published lamps.
    """

    pixel: Floats
    height: Floats
    clean: Bools
    flat: Bools
    fwhm: float
    extent: tuple[float, float]
    setup: Setup
    laboratory: Floats
    strength: Floats
    single: Bools

    @property
    def weight(self) -> Floats:
        """Weight of each centre, (n,) float64: lower for faint and for saturated lines."""
        smoothed = np.maximum(self.height, 1.0) * np.sqrt(1.5 * self.fwhm)
        error = self.fwhm / 2.3548 / smoothed
        faint = CENTROID_PX**2 / (CENTROID_PX**2 + error**2)
        return np.asarray(faint * np.where(self.flat, FLAT_WEIGHT, 1.0))

    @property
    def centre(self) -> float:
        """Middle column of the arc."""
        return 0.5 * (self.extent[0] + self.extent[1])

    def scaled(self, pixel: Floats) -> Floats:
        """Scale columns to the range of the arc.

        Parameters
        ----------
        pixel : ndarray of float64
            Columns of any shape.

        Returns
        -------
        ndarray of float64
            From -1 at the first to 1 at the last column of the arc.
        """
        return (pixel - self.centre) / (0.5 * (self.extent[1] - self.extent[0]))

    def predicted(self, pixel: Floats) -> Floats:
        """Return the wavelengths of model pixels.

        Parameters
        ----------
        pixel : (n,) float64

        Returns
        -------
        (n,) float64
            Air wavelength, Å.

        Raises
        ------
        NoWavelengthSolution
            The grating is unknown, or its angles give no light.
        """
        return predicted_wavelength(
            pixel, self.setup.grating, self.setup.cam_targ, self.setup.grt_targ
        )

    def model_pixel(self, wavelength: Floats) -> Floats:
        """Return the model pixels of wavelengths.

        Parameters
        ----------
        wavelength : ndarray of float64
            Air wavelength, Å, any shape.

        Returns
        -------
        ndarray of float64
            Of the same shape; NaN farther than `MARGIN_PX` outside the detector.
        """
        grid = np.arange(self.extent[0] - MARGIN_PX, self.extent[1] + MARGIN_PX + 16, 8.0)
        return np.asarray(
            np.interp(wavelength, self.predicted(grid), grid, left=np.nan, right=np.nan)
        )


def measurable(problem: Problem) -> tuple[Indices, Floats, Indices]:
    """Return the laboratory lines on the detector or near it.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    index : (n,) int
        Indices into the laboratory lines of the problem.
    pixel : (n,) float
        Their model pixels.
    single : (n_single,) int
        Indices into `pixel` of the lines that are not blended.
    """
    pixel = problem.model_pixel(problem.laboratory)
    index = np.flatnonzero(np.isfinite(pixel))
    return index, pixel[index], np.flatnonzero(problem.single[index])
