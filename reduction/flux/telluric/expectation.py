"""Resolution and wavelength error to expect of a star's spectrum, before its bands are fitted."""

from __future__ import annotations

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.fits import header_values, vocabulary
from reduction.fits.derivation.cards import usable_number, usable_text
from reduction.flux.telluric.correction import Expected
from reduction.slits import width_arcsec

Floats = NDArray[np.float64]

_PIXELS = 3.0
"""Resolution of a spectrum whose header does not state it, pixels."""


def seeing_of(header: fits.Header) -> float | None:
    """Return the FWHM of the target along the slit, arcsec; None if it was not measured."""
    fwhm = usable_number(header, vocabulary.Card(vocabulary.GSP_FWAS, float, "", "arcsec"))
    return fwhm if fwhm is not None and 0.1 < fwhm < 20 else None


def expected(header: fits.Header, air: Floats, airmass: float) -> Expected:
    """Return what to expect of the bands in a star's spectrum.

    Parameters
    ----------
    header : fits.Header
        Of a calibrated spectrum, with the resolution that its sky or its arc has.
    air : (n,) float64
        Air wavelengths, Å.
    airmass : float

    Returns
    -------
    Expected
        A star that does not fill the slit has a better resolution than the sky, and may be off the
        middle of the slit by half of what it leaves free.
    """
    pixel = float(np.median(np.diff(air)))
    resolution = _PIXELS * pixel
    for keyword in (vocabulary.GSP_RESO, vocabulary.GSP_LWID):
        stated = usable_number(header, vocabulary.Card(keyword, float, "", "angstrom"))
        if stated is not None and 0.5 * pixel <= stated <= 50 * pixel:
            resolution = stated
            break
    error = 0.0
    for keyword in (vocabulary.GSP_ZERR, vocabulary.GSP_ZLIM):
        stated = usable_number(header, vocabulary.Card(keyword, float, "", "angstrom"))
        if stated is not None and 0 < stated < 50:
            error = max(error, stated)
    width = width_arcsec(header_values.slit_name(usable_text(header, vocabulary.SLIT)))
    seeing = seeing_of(header)
    if width is not None and seeing is not None and seeing < width:
        free = 0.5 * (1 - seeing / width) * resolution
        error, resolution = float(np.hypot(error, free)), max(resolution * seeing / width, pixel)
    return Expected(airmass, resolution, error)
