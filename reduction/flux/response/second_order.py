"""How much light of the second order a standard star can have in its spectrum.

Light of half the wavelength lies there with half the density, and with the efficiency of the
grating in its second order. Where the spectrum itself shows the light of half the wavelength in the
first order, it says how much there is; elsewhere it is estimated from the reference spectrum, the
expected throughput and the order-blocking filter.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.fits import header_values, headers, vocabulary
from reduction.flux.references.extinction import magnitudes_at
from reduction.flux.references.library import Reference
from reduction.flux.response.counts import Counts
from reduction.flux.response.throughput import expected
from reduction.frames import PixelFlag

Floats = NDArray[np.float64]

EFFICIENCY: Final = 0.3
"""Of the second order relative to the first: a volume phase holographic grating is made for its
first order (Barden et al. 2000, PASP 112, 809)."""
TOLERATED: Final = 0.15
"""Largest part of the light in a pixel that the fit uses; it is part of the systematic error."""
FILTER_WIDTH: Final = 43.5
"""Å, of the edge of a long-pass filter as a logistic function: 1 % is reached 200 Å from the half
(`reduction.wavelength.axis.second_order`)."""
_LONG_PASS: Final = re.compile(r"(?:GG|OG|RG)(\d{3})")
_SMOOTHED: Final = 25
"""Pixels over which the counts are averaged."""


def contamination(
    counts: Counts, reference: Reference, header: fits.Header, airmass: float
) -> Floats:
    """Return the part of the light of each pixel that may be of the second order.

    Parameters
    ----------
    counts : Counts
        As detected, below the atmosphere.
    reference : Reference
        Of the star.
    header : fits.Header
        With the filters.
    airmass : float

    Returns
    -------
    (n,) float64
        0 where the spectrum is not flagged for it; ``inf`` where it is, and nothing is known of
        the light of half the wavelength.
    """
    flagged = (counts.flags & np.uint8(PixelFlag.SECOND_ORDER)) > 0
    part = np.zeros(counts.wavelength.size)
    if not flagged.any():
        return part
    wavelength = counts.wavelength[flagged]
    seen = _seen(counts, wavelength)
    estimated = _estimated(reference, header, airmass, wavelength)
    ratio = np.where(np.isfinite(seen), seen, estimated)
    known = np.isfinite(ratio) & (ratio >= 0)
    part[flagged] = np.where(known, 0.5 * EFFICIENCY * ratio, np.inf)
    return part


def _seen(counts: Counts, wavelength: Floats) -> Floats:
    """Return the counts at half of wavelengths relative to those there; NaN if not observed."""
    good = counts.good & np.isfinite(counts.rate)
    if good.sum() < _SMOOTHED:
        return np.full(wavelength.size, np.nan)
    filled = np.interp(counts.wavelength, counts.wavelength[good], counts.rate[good])
    smooth = np.convolve(filled, np.ones(_SMOOTHED) / _SMOOTHED, mode="same")
    blue = np.interp(0.5 * wavelength, counts.wavelength, smooth, left=np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(
            np.maximum(blue, 0.0) / np.interp(wavelength, counts.wavelength, smooth), dtype=float
        )


def _estimated(
    reference: Reference, header: fits.Header, airmass: float, wavelength: Floats
) -> Floats:
    """Return the same as `_seen` from what is known of star, instrument and atmosphere."""

    def electrons(at: Floats) -> Floats:
        flux = np.interp(at, reference.wavelength, reference.flux, left=np.nan, right=np.nan)
        dimming = 10 ** (-0.4 * airmass * magnitudes_at(at)[0])
        return np.asarray(flux * at * expected("", at) * dimming * _filters(header, at))

    with np.errstate(divide="ignore", invalid="ignore"):
        return electrons(0.5 * wavelength) / electrons(wavelength)


def _filters(header: fits.Header, wavelength: Floats) -> Floats:
    """Return the transmission of the long-pass filters of a header."""
    passed = np.ones(wavelength.size)
    for card in (vocabulary.FILTER, vocabulary.FILTER2):
        glass = _LONG_PASS.search(header_values.filter_name(headers.text(header, card)))
        if glass:
            away = (wavelength - 10.0 * float(glass.group(1))) / FILTER_WIDTH
            passed = passed / (1 + np.exp(-np.clip(away, -50, 50)))
    return passed
