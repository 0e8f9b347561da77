"""Which laboratory lines a lamp may show, and which of them are single at a given resolution."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from reduction.errors import NoWavelengthSolution
from reduction.lamps import LAMP_ELEMENTS, laboratory_lines

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HOLLOW_CATHODES = frozenset({"CuHeAr", "FeHeAr"})
"""Their argon is ionised; the pen lamps show neutral lines."""


def spectra_of(lamp: str) -> tuple[str, ...]:
    """Return the spectra (``Ar I``) that a lamp of `reduction.lamps.LAMP_ELEMENTS` emits."""
    if lamp not in LAMP_ELEMENTS:
        known = ", ".join(LAMP_ELEMENTS)
        raise NoWavelengthSolution(f"No line list for the lamp {lamp!r}; known are {known}.")
    stages = ("I", "II") if lamp in HOLLOW_CATHODES else ("I",)
    return tuple(f"{element} {stage}" for element in LAMP_ELEMENTS[lamp] for stage in stages)


def lamp_lines(lamp: str) -> tuple[Floats, Floats]:
    """Return air wavelengths (Å, ascending) and relative strengths, 0 to 1 in each spectrum.

    The NIST intensities are not comparable between elements, so each spectrum is scaled to its
    strongest line between 3000 and 10000 Å.
    """
    wavelengths, strengths = [], []
    for spectrum in spectra_of(lamp):
        wavelength, strength = laboratory_lines([spectrum])
        seen = (wavelength > 2900) & (wavelength < 10500)
        if seen.any():
            wavelengths.append(wavelength[seen])
            strengths.append(strength[seen] / strength[seen].max())
    wavelength, strength = np.concatenate(wavelengths), np.concatenate(strengths)
    order = np.argsort(wavelength)
    return wavelength[order], strength[order]


def single_lines(wavelength: Floats, strength: Floats, resolution: Floats) -> Bools:
    """Tell which lines stand alone at a resolution.

    Parameters
    ----------
    wavelength, strength : (n,) float
        As from `lamp_lines`.
    resolution : (n,) float
        FWHM at each line, Å.

    Returns
    -------
    (n,) bool
        False where another listed line within 1.2 FWHM has a tenth or more of the strength: its
        light moves the measured centre by an amount that the lamp's temperature decides.
    """
    single = np.ones(wavelength.size, dtype=bool)
    for step in range(1, 6):
        near = np.abs(wavelength[step:] - wavelength[:-step]) < 1.2 * resolution[step:]
        single[:-step] &= ~(near & (strength[step:] > 0.1 * strength[:-step]))
        single[step:] &= ~(near & (strength[:-step] > 0.1 * strength[step:]))
    return single


def lamp_name(lamps: Iterable[str], object_name: str = "") -> str:
    """Say which library lamp was on, from the header's lamp names and OBJECT; ``""`` if unclear.

    ``Fe`` and ``Cu`` are the hollow cathodes `FeHeAr` and `CuHeAr`; mercury-argon with neon is
    `HgArNe`.
    """
    names = {name.upper() for name in lamps if name} or {object_name.strip().upper()}
    text = "".join(sorted(names))
    if "FE" in text:
        return "" if "CU" in text else "FeHeAr"
    if "CU" in text:
        return "CuHeAr"
    if "HG" in text:
        return "HgArNe" if "NE" in text else "HgAr"
    if "NE" in text:
        return "" if "AR" in text.replace("NEAR", "") else "Ne"
    return "Ar" if names & {"AR", "ARGON"} else ""
