"""The systematic error of a response, as a function of the wavelength.

It is fractional, and that of the shape: what changes the level as a whole (clouds, the part of the
light that a narrow slit passes) is said by the grade of a spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.astrometry.airmass import Airmass
from reduction.fits import header_values, headers, vocabulary
from reduction.flux.response.bins import Points
from reduction.flux.response.model import PER_MAGNITUDE
from reduction.flux.response.spline import SmoothFit
from reduction.slits import width_arcsec

Floats = NDArray[np.float64]

BETWEEN_SYSTEMS: Final = 0.025
"""Fractional: the tables of different authors differ by that much (Hamuy et al. against Moehler et
al.: 0.983 to 0.993 in the level; Bohlin et al. 2014, PASP 126, 711: 2 %)."""
WINDOW: Final = 300.0
"""Å, over which the residuals of the points are averaged."""

_SLIT_SHAPE: Final = np.array(
    [
        (3300, -0.62),
        (3400, -0.52),
        (3500, -0.40),
        (3600, -0.29),
        (3700, -0.225),
        (3850, -0.19),
        (4000, -0.168),
        (4150, -0.150),
        (4300, -0.133),
        (4600, -0.118),
        (4900, -0.095),
        (5200, -0.075),
        (5500, -0.058),
        (5800, -0.043),
        (6100, -0.031),
        (6400, -0.020),
        (6900, 0.0),
        (7400, 0.012),
        (7700, 0.020),
        (8000, 0.030),
        (8300, 0.045),
        (8600, 0.063),
        (9000, 0.080),
    ]
).T
"""Wavelength, Å, and what a night of one standard deviation changes in the response, magnitudes.

Measured on 34 standard stars through the slit of 1.0 arcsec in 17 nights, August 2025 to February
2026; only differences count. Refraction moves the star in the slit differently at each wavelength,
the seeing depends on the wavelength, and the extinction varies.
"""
_NARROW: Final = 1.2
_WIDE: Final = 4.0
_OF_A_WIDE_SLIT: Final = 0.2
"""Part of the scatter that is assumed to remain where the slit passes all of the light."""


@dataclass(frozen=True, slots=True, eq=False)
class SystematicError:
    """The parts of the error, each (n,) float64 and fractional.

    Parameters
    ----------
    reference : of the published spectrum.
    night : what changes from night to night. It was measured with the references, so that the
        larger of the two counts.
    residual : scatter of the points around the fit.
    interpolated : of the fit, which grows over masked bands.
    airmass : of the correction for the atmosphere.
    second_order : light of half the wavelength.
    """

    reference: Floats
    night: Floats
    residual: Floats
    interpolated: Floats
    airmass: Floats
    second_order: Floats

    @property
    def fraction(self) -> Floats:
        """All of them in quadrature."""
        largest = np.maximum(self.reference, self.night)
        with np.errstate(invalid="ignore"):
            total = largest**2 + self.residual**2 + self.interpolated**2
            total = total + self.airmass**2 + self.second_order**2
            return np.asarray(np.sqrt(total), dtype=float)


def of_reference(points: Points, usable: NDArray[np.bool_], wavelength: Floats) -> Floats:
    """Return the error of the published spectrum, (n,), at least that between systems."""
    stated = np.interp(wavelength, points.wavelength[usable], points.uncertainty[usable])
    return np.maximum(stated, BETWEEN_SYSTEMS)


def of_residuals(
    points: Points, usable: NDArray[np.bool_], fitted: SmoothFit, wavelength: Floats
) -> Floats:
    """Return the scatter of the points around the fit in a sliding window, (n,).

    Parameters
    ----------
    points : Points
    usable : (m,) bool
        Points of the fit.
    fitted : SmoothFit
    wavelength : (n,) float64
        Where it is wanted, Å.
    """
    where = points.wavelength[usable]
    residual = np.log(points.ratio[usable]) - fitted.at(where)[0]
    scatter = np.array(
        [_scatter(residual, fitted.weight, np.abs(where - at) < WINDOW / 2) for at in where]
    )
    return np.interp(wavelength, where, scatter)


def of_airmass(magnitudes: Floats, airmass: Airmass) -> Floats:
    """Return the error from that of the airmass, (n,) fractional.

    The error of the extinction curve is that of a spectrum at another airmass than that of the
    standard star (`reduction.flux.calibration.uncertainty`).

    Parameters
    ----------
    magnitudes : (n,) float64
        Extinction, magnitudes per airmass.
    airmass : Airmass
    """
    return np.asarray(PER_MAGNITUDE * np.nan_to_num(magnitudes) * airmass.error, dtype=float)


def of_slit(header: fits.Header, wavelength: Floats, sensitivity: Floats) -> Floats:
    """Return the scatter of the shape from night to night, (n,) fractional.

    Parameters
    ----------
    header : fits.Header
        Which states the slit; an unknown one counts as narrow.
    wavelength : (n,) float64
        Å.
    sensitivity : (n,) float64
        NaN outside of its range; the shape is relative to the middle of the range.
    """
    known = wavelength[np.isfinite(sensitivity)]
    pivot = float(np.median(known)) if known.size else float(np.median(wavelength))
    width = width_arcsec(header_values.slit_name(headers.text(header, vocabulary.SLIT)))
    share = 1.0 if width is None else np.interp(width, [_NARROW, _WIDE], [1.0, _OF_A_WIDE_SLIT])
    change = np.interp(wavelength, *_SLIT_SHAPE) - np.interp(pivot, *_SLIT_SHAPE)
    return np.asarray(share * PER_MAGNITUDE * np.abs(change), dtype=float)


def _scatter(residual: Floats, weight: Floats, near: NDArray[np.bool_]) -> float:
    total = float(np.sum(weight[near]))
    if total <= 0:
        return 0.0
    return float(np.sqrt(np.sum(weight[near] * residual[near] ** 2) / total))
