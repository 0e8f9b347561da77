"""Throughput, and what is expected of it.

The expected curves are those of the exposure time calculator of Goodman where it states values
(400_M1: 3600 to 4200 Å; 400_M2: 5000 to 6380 Å), continued with the shape of the median response
of 34 standard stars observed with these modes between August 2025 and February 2026. Every other
mode has one generic curve: from 3600 to 7000 Å 0.7 times what LTT 3218 gave with the grating of 930
lines through a slit of 3 arcsec in December 2014, beyond that of 400_M2. The curves are good enough
to notice clouds, a closed mirror cover or another star.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from astropy import constants
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COLLECTING_AREA: Final = 1.15e5
"""cm²: the mirror of SOAR, 4.1 m, without its secondary."""
LEAST_RATIO: Final = 0.2
MOST_RATIO: Final = 1.5
"""Throughput relative to the expected one, outside of which a sensitivity has a notice."""
ABSURD: Final = (0.003, 4.0)
"""The same, outside of which there is none."""

_SHAPE_FROM: Final = 3600.0
_LEAST_SPAN: Final = 800.0
_HC: Final = float((constants.h * constants.c).cgs.value) * 1e8  # erg Å

_CURVES: Final[dict[str, tuple[tuple[float, float], ...]]] = {
    "400_M1": (
        (3300, 0.0024),
        (3400, 0.012),
        (3500, 0.021),
        (3600, 0.029),
        (3700, 0.048),
        (3800, 0.073),
        (4000, 0.114),
        (4200, 0.152),
        (4600, 0.174),
        (5000, 0.201),
        (5500, 0.231),
        (5800, 0.233),
        (6400, 0.220),
        (7100, 0.203),
    ),
    "400_M2": (
        (4900, 0.139),
        (5000, 0.149),
        (5450, 0.199),
        (5900, 0.226),
        (6380, 0.239),
        (7000, 0.239),
        (7500, 0.232),
        (8000, 0.206),
        (8500, 0.165),
        (9000, 0.125),
    ),
}
_GENERIC: Final = (
    (3300, 0.02),
    (3500, 0.09),
    (3600, 0.13),
    (3800, 0.23),
    (4000, 0.29),
    (5600, 0.29),
    (6000, 0.27),
    (6500, 0.25),
    (7000, 0.24),
    *_CURVES["400_M2"][6:],
    (9500, 0.08),
    (10000, 0.04),
    (10500, 0.015),
)


def throughput(wavelength: Floats, sensitivity: Floats) -> Floats:
    """Return the fraction of the photons above the atmosphere that is detected.

    Parameters
    ----------
    wavelength : (n,) float64
        Å.
    sensitivity : (n,) float64
        electron cm² / erg.
    """
    return np.asarray(sensitivity * _HC / wavelength / COLLECTING_AREA, dtype=float)


def expected(mode: str, wavelength: Floats) -> Floats:
    """Return the expected throughput of a mode, (n,); NaN where nothing is known.

    Parameters
    ----------
    mode : str
        As of `reduction.setups.mode_of`; one that is not known has the generic curve.
    wavelength : (n,) float64
        In air, Å.
    """
    known, value = np.array(_CURVES.get(mode, _GENERIC), dtype=float).T
    return np.asarray(np.interp(wavelength, known, value, left=np.nan, right=np.nan), dtype=float)


def ratio_to_expected(mode: str, wavelength: Floats, sensitivity: Floats) -> float | None:
    """Return the median throughput relative to that expected; None where neither is known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = throughput(wavelength, sensitivity) / expected(mode, wavelength)
    known = ratio[np.isfinite(ratio)]
    return float(np.median(known)) if known.size else None


def is_known(mode: str) -> bool:
    """Return whether a mode has an expected curve of its own."""
    return mode in _CURVES


def shape_to_expected(
    mode: str, wavelength: Floats, sensitivity: Floats
) -> tuple[float, float] | None:
    """Return how the shape of the measured throughput differs from that of the expected one.

    Returns
    -------
    slope, bend : float
        Slope of the logarithm of their ratio against the logarithm of the wavelength, and the rms
        of the logarithm around it. None where they have less than `_LEAST_SPAN` in common.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(throughput(wavelength, sensitivity) / expected(mode, wavelength))
    known = np.isfinite(ratio) & (wavelength > _SHAPE_FROM)
    if not known.any() or np.ptp(wavelength[known]) < _LEAST_SPAN:
        return None
    x = np.log(wavelength[known])
    line = np.polyfit(x, ratio[known], 1)
    return float(line[0]), float(np.std(ratio[known] - np.polyval(line, x)))
