"""The light of a point source that passes the slit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

Floats = NDArray[np.float64]


def passed(half_width: float, displacement: Floats, fwhm: Floats, beta: float) -> Floats:
    """Return the fraction of a source's light between the jaws of the slit.

    Across the slit the image has the profile that it has along it, a Moffat function: both are the
    projections of one round image, whose exponent is larger by one half.

    Parameters
    ----------
    half_width : float
        Half the width of the slit, arcsec.
    displacement : (n,) float64
        Of the source from the middle of the slit, arcsec.
    fwhm : (n,) float64
        Of the profile, arcsec.
    beta : float
        Exponent of the profile.

    Returns
    -------
    (n,) float64
        0 to 1.
    """
    core = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    return np.asarray(
        _below((half_width - displacement) / core, beta)
        - _below((-half_width - displacement) / core, beta)
    )


def _below(x: Floats, beta: float) -> Floats:
    """Integral of the normalised (1 + x²)^-beta from minus infinity: Student's distribution."""
    tail = 0.5 * betainc(beta - 0.5, 0.5, 1 / (1 + x**2))
    return np.asarray(np.where(x < 0, tail, 1 - tail))
