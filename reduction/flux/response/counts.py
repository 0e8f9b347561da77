"""The electrons of a spectrum, per second and ångström, above the atmosphere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.errors import HeaderError
from reduction.fits import headers, vocabulary
from reduction.fits.provenance import NONE
from reduction.frames import BAD_PIXEL, PixelFlag, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.wavelength.axis.medium import in_air, medium_of

Floats = NDArray[np.float64]

MOST_LOSS: Final = 0.8
"""Aperture loss from which on there is no value: what is left says little of the whole."""
_PIXELS_OF_A_LINE: Final = 2.5
"""Resolution of a spectrum whose header does not state it, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """The electrons of a spectrum, as a rate.

    Parameters
    ----------
    wavelength : (n,) float64
        Of the pixel centres, air, Å.
    width : (n,) float64
        Of the pixels, in air, Å.
    rate : (n,) float64
        electron / s / Å; NaN where there is no value.
    variance : (n,) float64
        Its variance; ``inf`` where there is no value.
    flags : (n,) uint8
        `PixelFlag` bits of the spectrum.
    resolution : float
        FWHM of an unresolved line, Å.
    """

    wavelength: Floats
    width: Floats
    rate: Floats
    variance: Floats
    flags: NDArray[np.uint8]
    resolution: float

    @property
    def good(self) -> NDArray[np.bool_]:
        """Which pixels (n,) have a value that measurements may use."""
        return (self.flags & np.uint8(BAD_PIXEL)) == 0

    def scaled(self, factor: Floats) -> Counts:
        """Return the rates times `factor`, (n,), which has no error."""
        return replace(self, rate=self.rate * factor, variance=self.variance * factor**2)


def rate_of(spectrum: Spectrum) -> Counts:
    """Return the electrons per second and Å that a spectrum detected of its whole target.

    Electrons per pixel are divided by the exposure time and by the width of a pixel in air, and by
    the part of the light that lies inside the aperture. The resampling to the linear axis conserves
    electrons (`reduction.wavelength.resample`), so the result does not depend on the axis.

    Parameters
    ----------
    spectrum : Spectrum
        Wavelength calibrated, electron per pixel, in air or vacuum.

    Returns
    -------
    Counts
        As detected, below the atmosphere.

    Raises
    ------
    HeaderError
        The spectrum is not calibrated in wavelength, or has no exposure time.
    """
    if spectrum.wavelength is None or spectrum.wavelength.size < 2:
        raise HeaderError(NoticeCode.WAVELENGTHS_MISSING, keyword="CRVAL1")
    seconds = headers.number(spectrum.header, vocabulary.EXPTIME)
    if seconds is None or not seconds > 0:
        keyword = vocabulary.EXPTIME.keyword
        raise HeaderError(NoticeCode.CARD_ABSURD, keyword=keyword, value=seconds or NONE)
    air = in_air(spectrum.wavelength, medium_of(spectrum.header))
    width = np.gradient(air)
    inside = _inside_aperture(spectrum)
    factor = 1.0 / (seconds * width * inside)
    rate, variance = spectrum.flux * factor, spectrum.variance * factor**2
    known = np.isfinite(rate) & np.isfinite(variance) & (variance >= 0)
    flags = np.where(known, spectrum.mask, spectrum.mask | np.uint8(PixelFlag.BAD))
    return Counts(
        air,
        width,
        np.where(known, rate, np.nan),
        np.where(known, variance, np.inf),
        flags.astype(np.uint8),
        resolution_of(spectrum, width),
    )


def above_atmosphere(counts: Counts, extinction: Floats, airmass: float) -> Counts:
    """Return the rates as they would be without atmosphere.

    Parameters
    ----------
    counts : Counts
    extinction : (n,) float64
        Magnitudes per airmass at the pixels; where it is not known (NaN) there is no rate.
    airmass : float
    """
    corrected = counts.scaled(10 ** (0.4 * extinction * airmass))
    known = np.isfinite(corrected.rate)
    flags = np.where(known, counts.flags, counts.flags | np.uint8(PixelFlag.BAD))
    variance = np.where(known, corrected.variance, np.inf)
    return replace(corrected, variance=variance, flags=flags.astype(np.uint8))


def resolution_of(spectrum: Spectrum, width: Floats) -> float:
    """Return the FWHM of an unresolved line, Å; 2.5 pixels if the header does not state it."""
    pixel = float(np.median(width))
    stated = spectrum.header.get(vocabulary.GSP_RESO)
    if isinstance(stated, int | float) and 0.5 * pixel <= stated <= 50 * pixel:
        return float(stated)
    return _PIXELS_OF_A_LINE * pixel


def _inside_aperture(spectrum: Spectrum) -> Floats:
    """Return the part of the light inside the aperture, (n,); 1 where the loss is not known."""
    if spectrum.loss is None:
        return np.ones(spectrum.flux.size)
    loss = np.where(np.isfinite(spectrum.loss), spectrum.loss, 0.0)
    return np.where(loss < MOST_LOSS, 1.0 - np.clip(loss, 0.0, MOST_LOSS), np.nan)
