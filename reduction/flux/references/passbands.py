"""The passbands of the usual photometric systems.

They are those of Bessell (1990, PASP 102, 1181), SDSS (Doi et al. 2010, AJ 139, 1628), Pan-STARRS 1
(Tonry et al. 2012, ApJ 750, 99) and Gaia DR3 (Riello et al. 2021, A&A 649, A3). All responses are
for photons.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reduction.flux.references.library import facts, stored

Floats = NDArray[np.float64]


class Passband(NamedTuple):
    """A passband.

    Parameters
    ----------
    wavelength : (n,) float64
        Å, ascending; the response is 0 at both ends.
    response : (n,) float64
        Detected fraction of the photons, its maximum 1: the mean flux of a spectrum is that of
        ``flux * response * wavelength`` over ``response * wavelength``.
    system : str
        ``AB`` or ``Vega``.
    zero_point : float
        AB magnitude of an object of magnitude 0 in this band: 0 for AB bands.
    """

    wavelength: Floats
    response: Floats
    system: str
    zero_point: float


def passband_names() -> tuple[str, ...]:
    """Return the names of all bands: ``U`` to ``I``, ``SDSS g``, ``PS1 r``, ``Gaia BP``."""
    return tuple(row["name"] for row in facts()["passbands"])


@cache
def passband(name: str) -> Passband:
    """Return a passband.

    Raises
    ------
    KeyError
        There is none of this name.
    """
    names = passband_names()
    if name not in names:
        raise KeyError(name)
    number = names.index(name)
    wavelength, response = np.asarray(stored()[f"passband_{number}"], dtype=float)
    for column in (wavelength, response):
        column.setflags(write=False)
    row = facts()["passbands"][number]
    return Passband(wavelength, response, row["system"], float(row["zero_point"]))
