"""The extinction of the atmosphere.

SOAR stands on Cerro Pachón, 10 km from Cerro Tololo and 500 m higher; its extinction is taken to be
that of CTIO (Stone & Baldwin 1983, MNRAS 204, 347; Baldwin & Stone 1984, MNRAS 206, 241), for which
no uncertainty was published. The curve of Paranal (Patat et al. 2011, A&A 527, A91), as high as
Cerro Pachón, is lower by 0.11 mag per airmass at 3400 Å, 0.05 at 4000 Å and 0.01 from 6500 Å on:
about 15 % in the blue. Two thirds of that, `SPREAD`, are taken for the uncertainty at SOAR.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.flux.references.library import facts, stored

Floats = NDArray[np.float64]

SITE: Final = "CTIO"
"""The curve of SOAR."""
SPREAD: Final = 0.1
"""Uncertainty, as a fraction of the extinction."""
FLOOR: Final = 0.01
"""Magnitudes per airmass: least uncertainty, of aerosols on one night."""


@dataclass(frozen=True, slots=True, eq=False)
class Extinction:
    """An extinction curve.

    Parameters
    ----------
    wavelength : (n,) float64
        In air, Å, ascending.
    magnitudes : (n,) float64
        Magnitudes per airmass.
    uncertainty : (n,) float64
        One sigma on a night, magnitudes per airmass.
    source : str
    """

    wavelength: Floats
    magnitudes: Floats
    uncertainty: Floats
    source: str


def sites() -> tuple[str, ...]:
    """Return the names of the sites with a curve."""
    return tuple(facts()["extinction"])


@cache
def extinction(site: str = SITE) -> Extinction:
    """Return the extinction curve of a site.

    Raises
    ------
    KeyError
        There is no curve of the site.
    """
    names = sites()
    if site not in names:
        raise KeyError(site)
    columns = np.asarray(stored()[f"extinction_{names.index(site)}"], dtype=float)
    wavelength, magnitudes, stated = columns
    uncertainty = np.hypot(FLOOR, SPREAD * magnitudes)
    uncertainty = np.fmax(uncertainty, stated)
    for column in (wavelength, magnitudes, uncertainty):
        column.setflags(write=False)
    return Extinction(wavelength, magnitudes, uncertainty, facts()["extinction"][site])


def magnitudes_at(wavelength: Floats, site: str = SITE) -> tuple[Floats, Floats]:
    """Return the extinction at air wavelengths, and its uncertainty.

    Parameters
    ----------
    wavelength : (n,) float
        Air, Å.
    site : str

    Returns
    -------
    magnitudes, uncertainty : (n,) float64
        Magnitudes per airmass, interpolated; NaN outside the curve, which is not extrapolated.
    """
    curve = extinction(site)
    at = np.asarray(wavelength, dtype=float)
    values, errors = (
        np.interp(at, curve.wavelength, column, left=np.nan, right=np.nan)
        for column in (curve.magnitudes, curve.uncertainty)
    )
    return np.asarray(values, dtype=float), np.asarray(errors, dtype=float)
