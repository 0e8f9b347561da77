"""The laboratory lines of a lamp, and which of them are single at a given resolution."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from reduction.errors import NoWavelengthSolution
from reduction.lines.lamps import LAMP_ELEMENTS, laboratory_lines
from reduction.notice_codes import NoticeCode

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HOLLOW_CATHODES = frozenset({"CuHeAr", "FeHeAr"})
"""Lamps with lines of ionised argon; the other lamps show neutral lines only."""


def spectra_of(lamp: str) -> tuple[str, ...]:
    """Return the spectra (``Ar I``) that a lamp emits.

    `lamp` is a name of `reduction.lines.lamps.LAMP_ELEMENTS`, or several joined by ``+``.

    Raises
    ------
    NoWavelengthSolution
        The lamp is unknown.
    """
    spectra: dict[str, None] = {}
    for name in lamp.split("+"):
        if name not in LAMP_ELEMENTS:
            known = ", ".join(LAMP_ELEMENTS)
            raise NoWavelengthSolution(NoticeCode.LAMP_UNKNOWN, lamp=lamp, known=known)
        stages = ("I", "II") if is_hollow_cathode(name) else ("I",)
        spectra.update(
            dict.fromkeys(f"{e} {stage}" for e in LAMP_ELEMENTS[name] for stage in stages)
        )
    return tuple(spectra)


def is_hollow_cathode(lamp: str) -> bool:
    """Return whether a lamp, or one of several joined by ``+``, is a hollow cathode."""
    return any(name in HOLLOW_CATHODES for name in lamp.split("+"))


@cache
def lamp_lines(lamp: str) -> tuple[Floats, Floats]:
    """Return the laboratory lines of a lamp between 2900 and 10500 Å.

    The NIST intensities are not comparable between elements, so each spectrum is scaled to its
    strongest line in this range.

    Parameters
    ----------
    lamp : str
        As in `spectra_of`.

    Returns
    -------
    wavelength : (n,) float64
        Air Å, ascending. Shared and read-only.
    strength : (n,) float64
        0 to 1 in each spectrum. Shared and read-only.

    Raises
    ------
    NoWavelengthSolution
        The lamp is unknown.
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
    wavelength, strength = wavelength[order], strength[order]
    wavelength.flags.writeable = strength.flags.writeable = False  # they are shared
    return wavelength, strength


def single_lines(wavelength: Floats, strength: Floats, resolution: Floats) -> Bools:
    """Return which lines are not blended at a resolution.

    Parameters
    ----------
    wavelength, strength : (n,) float
        As from `lamp_lines`.
    resolution : (n,) float
        FWHM at each line, Å.

    Returns
    -------
    (n,) bool
        False where another listed line within 1.2 FWHM has more than a tenth of the strength. It
        would shift the measured centre by an amount that depends on the temperature of the lamp.
    """
    single = np.ones(wavelength.size, dtype=bool)
    for step in range(1, 6):
        near = np.abs(wavelength[step:] - wavelength[:-step]) < 1.2 * resolution[step:]
        single[:-step] &= ~(near & (strength[step:] > 0.1 * strength[:-step]))
        single[step:] &= ~(near & (strength[:-step] > 0.1 * strength[step:]))
    return single


def lamp_name(lamps: Iterable[str]) -> str:
    """Return the library's name for the lamps that were on, ``""`` for none.

    Parameters
    ----------
    lamps : iterable of str
        As the header names them: ``HgAr``, ``Ne``, ``Ar``, ``Fe``, ``Cu``, or the library's names.

    Returns
    -------
    str
        A key of `reduction.lines.lamps.LAMP_ELEMENTS`; keys joined by ``+`` if several were
        on that the library does not have together. ``Fe`` and ``Cu`` are the hollow
        cathodes with He and Ar.
    """
    on = {{"Fe": "FeHeAr", "Cu": "CuHeAr"}.get(lamp, lamp) for lamp in lamps}
    if {"HgAr", "Ne"} <= on:
        on = on - {"HgAr", "Ne"} | {"HgArNe"}
    if any(lamp != "Ar" and "Ar" in lamp for lamp in on):
        on.discard("Ar")
    return "+".join(sorted(on))
