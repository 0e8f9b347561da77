"""The zero point of a night against those of earlier nights: clouds make it fainter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from reduction.flux.response.model import MAGNITUDE, Response

FEWEST: Final = 3
"""Earlier nights of which a median is taken."""
_LEAST_COMMON: Final = 20
"""Pixels that two responses share at least."""


def offset(own: Response, earlier: Sequence[Response]) -> float | None:
    """Return the zero point of a standard star minus the median of earlier nights.

    Parameters
    ----------
    own : Response
    earlier : sequence of Response
        Of the same setup and slit.

    Returns
    -------
    float or None
        Magnitudes, the median over the wavelengths; negative under clouds. None with fewer than
        `FEWEST` nights in common wavelengths.
    """
    differences = []
    for other in earlier:
        known = np.isfinite(other.sensitivity) & (other.sensitivity > 0)
        if np.count_nonzero(known) < _LEAST_COMMON:
            continue
        at, values = other.wavelength[known], np.log(other.sensitivity[known])
        theirs = np.interp(own.wavelength, at, values, left=np.nan, right=np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            difference = MAGNITUDE * (np.log(own.sensitivity) - theirs)
        shared = difference[np.isfinite(difference)]
        if shared.size >= _LEAST_COMMON:
            differences.append(float(np.median(shared)))
    return float(np.median(differences)) if len(differences) >= FEWEST else None
