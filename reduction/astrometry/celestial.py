"""The directions of an image's pixels on the sky."""

from __future__ import annotations

import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning
from numpy.typing import NDArray

GRID = 9
"""Nodes along each side; between them linear interpolation is accurate to far below a pixel."""


def directions(header: fits.Header, shape: tuple[int, int]) -> NDArray[np.float64] | None:
    """Return unit vectors towards the sky on a grid over an image.

    Parameters
    ----------
    header : fits.Header
    shape : (int, int)
        Rows and columns of the image.

    Returns
    -------
    (9, 9, 3) float or None
        First index along the rows, from the centre of the first pixel to that of the last; None
        when the header has no celestial coordinates.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        try:
            system = WCS(header, naxis=2)
            if not system.has_celestial:
                return None
            y, x = np.meshgrid(*(np.linspace(0, n - 1, GRID) for n in shape), indexing="ij")
            ra, dec = system.celestial.all_pix2world(x.ravel(), y.ravel(), 0)
        except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError):
            return None  # invalid cards count as absent
    ra, dec = np.radians(ra), np.radians(dec)
    vectors = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)
    return vectors.reshape(GRID, GRID, 3) if np.isfinite(vectors).all() else None
