"""The response that one standard star gives, and how it is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.notices import Notice

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]

MAGNITUDE: Final = 2.5 / np.log(10.0)
"""Magnitudes of a difference of natural logarithms of 1."""
PER_MAGNITUDE: Final = 1.0 / MAGNITUDE
"""A magnitude, as a fraction of the flux (for small ones)."""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How a response is fitted.

    Parameters
    ----------
    stiffness : float
        1: as measured best; 2 is half as flexible.
    mask_lines : bool
        Whether the lines of the star are left out.
    """

    stiffness: float = 1.0
    mask_lines: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """The response measured with one star, on the axis of its spectrum.

    Parameters
    ----------
    wavelength : (n,) float64
        Air, Å.
    sensitivity : (n,) float64
        Fitted, electron cm² / erg; NaN outside of the fitted range.
    variance : (n,) float64
        Of the fit, from the noise of the counts; ``inf`` where there is no value.
    points : (n,) float64
        Measured ratio, at the pixel nearest to the centre of each bin; NaN elsewhere.
    masked : (n,) uint8
        `ResponseMask` bits.
    residual : (n,) float64
        Measured minus fitted, magnitudes, where there is a point; NaN elsewhere.
    systematic : (n,) float64
        Fractional systematic error of the shape.
    first, last : float
        Fitted range, Å.
    rms : float
        Of the residuals that the fit uses, magnitudes.
    star, source : str
        The star, and the source of its reference spectrum.
    rank : int
        Of the source.
    airmass : float
    points_used : int
    throughput_ratio : float or None
        Median throughput relative to that expected.
    notices : tuple of Notice
    """

    wavelength: Floats
    sensitivity: Floats
    variance: Floats
    points: Floats
    masked: Flags
    residual: Floats
    systematic: Floats
    first: float
    last: float
    rms: float
    star: str
    source: str
    airmass: float
    rank: int = 0
    points_used: int = 0
    throughput_ratio: float | None = None
    notices: tuple[Notice, ...] = ()
