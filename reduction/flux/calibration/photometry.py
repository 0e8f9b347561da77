"""Synthetic photometry, and the scaling of a spectrum to a measured magnitude."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from reduction.errors import UnusableFrame
from reduction.flux.references.passbands import Passband, passband
from reduction.flux.response.model import PER_MAGNITUDE
from reduction.notice_codes import NoticeCode

Floats = NDArray[np.float64]

BandName = Literal[
    "U", "B", "V", "R", "I",
    "SDSS u", "SDSS g", "SDSS r", "SDSS i", "SDSS z",
    "PS1 g", "PS1 r", "PS1 i", "PS1 z", "PS1 y",
    "Gaia G", "Gaia BP", "Gaia RP",
]  # fmt: skip
SHOWN: Final[tuple[BandName, ...]] = ("B", "V", "R", "I", "SDSS g", "SDSS r", "SDSS i")
"""Bands whose magnitudes are shown with a spectrum that covers them."""
UNCOVERED: Final = 0.01
"""Largest part of a band, of the light of a flat spectrum, that may lie outside of the spectrum."""
LIGHT: Final = 2.99792458e18
"""Speed of light, Å/s."""
AB_ZERO: Final = -48.60
"""AB magnitude of 1 erg/s/cm²/Hz (Oke & Gunn 1983, ApJ 266, 713)."""


class Photometry(BaseModel):
    """A magnitude of the target, to which a spectrum is scaled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    band: BandName = Field(
        title="Band",
        description="Passband of the magnitude: U to I (Bessell, Vega), SDSS and PS1 (AB), Gaia "
        "(Vega).",
    )
    magnitude: float = Field(
        ge=-5.0, le=35.0, title="Magnitude", description="Magnitude of the target in this band."
    )
    error: float = Field(
        0.03, ge=0.0, le=2.0, title="Error", description="Its uncertainty, magnitudes."
    )


@dataclass(frozen=True, slots=True)
class Scaling:
    """What a spectrum was multiplied by, and the fractional error of it."""

    photometry: Photometry
    factor: float
    error: float


def coverage(air: Floats, flux: Floats, band: Passband) -> float:
    """Return the part of a band in which a spectrum has a flux.

    Parameters
    ----------
    air : (n,) float64
        Increasing wavelengths, Å.
    flux : (n,) float64
        NaN where there is no value; single pixels without one are bridged.
    band : Passband

    Returns
    -------
    float
        0 to 1, of the light of a spectrum of constant flux.
    """
    known = np.isfinite(flux)
    if np.count_nonzero(known) < 2:
        return 0.0
    at, share = _finely(band)
    inside = (at >= air[known][0]) & (at <= air[known][-1])
    place = np.interp(at, air[known], np.arange(np.count_nonzero(known)))
    gaps = np.diff(air[known])[np.minimum(place.astype(int), np.count_nonzero(known) - 2)]
    inside &= gaps < max(10 * float(np.median(np.diff(air))), 20.0)
    weight = share * at
    return float(np.sum(weight[inside]) / np.sum(weight))


def magnitude(air: Floats, flux: Floats, name: BandName) -> float | None:
    """Return the magnitude of a spectrum in a band, in the system of the band.

    Parameters
    ----------
    air : (n,) float64
        Increasing wavelengths, Å.
    flux : (n,) float64
        erg/s/cm²/Å; NaN where there is no value.
    name : str

    Returns
    -------
    float or None
        None if the spectrum does not cover the band, or has no light in it.
    """
    band = passband(name)
    if coverage(air, flux, band) < 1 - UNCOVERED:
        return None
    at, share = _finely(band)
    known = np.isfinite(flux)
    values = np.interp(at, air[known], flux[known])
    per_hertz = float(np.sum(values * share * at) / np.sum(share / at)) / LIGHT
    if not per_hertz > 0:
        return None
    return -2.5 * math.log10(per_hertz) + AB_ZERO - band.zero_point


def scaling(air: Floats, flux: Floats, variance: Floats, photometry: Photometry) -> Scaling:
    """Return what brings a spectrum to a measured magnitude.

    Raises
    ------
    UnusableFrame
        The spectrum does not cover the band, or its flux in it is not above its noise.
    """
    band = passband(photometry.band)
    covered = coverage(air, flux, band)
    if covered < 1 - UNCOVERED:
        known = air[np.isfinite(flux)]
        first, last = (float(known[0]), float(known[-1])) if known.size else (0.0, 0.0)
        raise UnusableFrame(
            NoticeCode.PHOTOMETRY_NOT_COVERED,
            band=photometry.band,
            fraction=round(covered, 3),
            first=first,
            last=last,
        )
    found = magnitude(air, flux, photometry.band)
    noise = _noise(air, flux, variance, band)
    if found is None or noise > 0.2:
        raise UnusableFrame(NoticeCode.PHOTOMETRY_TOO_FAINT, band=photometry.band)
    factor = 10 ** (0.4 * (found - photometry.magnitude))
    error = math.hypot(PER_MAGNITUDE * photometry.error, noise)
    return Scaling(photometry, factor, error)


def _finely(band: Passband) -> tuple[Floats, Floats]:
    """Return a band on a grid of 1 Å."""
    at = np.arange(band.wavelength[0], band.wavelength[-1] + 0.5, 1.0)
    return at, np.interp(at, band.wavelength, band.response)


def _noise(air: Floats, flux: Floats, variance: Floats, band: Passband) -> float:
    """Return the error of the light in a band by the noise of the pixels, as a fraction."""
    weight = np.interp(air, band.wavelength, band.response, left=0.0, right=0.0) * air
    used = np.isfinite(flux) & np.isfinite(variance)
    light = float(np.sum(weight[used] * flux[used]))
    if not light > 0:
        return math.inf
    return math.sqrt(float(np.sum(weight[used] ** 2 * variance[used]))) / light
