"""The published reference lamps and the laboratory lines (``reduction/lines/data/lamps.npz``).

The lamps show the lines of a setup. Wavelengths are taken only from the laboratory line lists,
since some of the published solutions are based on four to seven lines. All wavelengths are in air,
in ångström. The file is written by ``tools/build_lamp_library.py``, which names the sources.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from reduction.errors import NoWavelengthSolution
from reduction.notice_codes import NoticeCode

Floats = NDArray[np.float64]

LAMP_ELEMENTS: dict[str, tuple[str, ...]] = {
    "Ar": ("Ar",),
    "Ne": ("Ne",),
    "HgAr": ("Hg", "Ar"),
    "HgArNe": ("Hg", "Ar", "Ne"),
    "CuHeAr": ("Cu", "He", "Ar"),
    "FeHeAr": ("Fe", "He", "Ar"),
}
"""Elements that each lamp emits; the hollow cathodes (Cu, Fe) are filled with helium and argon."""


@dataclass(frozen=True, eq=False)
class Lamp:
    """One lamp exposure of the library, unbinned.

    Parameters
    ----------
    name : str
        Name of the published file, without its ending.
    wavmode, filter_2, lamp, grating, camera : str
        Setup; `lamp` is a key of `LAMP_ELEMENTS`.
    cam_targ, grt_targ : float
        Camera and grating angle, degrees.
    first_column : float
        Raw detector column (0-based, unbinned, prescan included) of pixel 0.
    flux : (n,) float64
        Extracted signal, ADU.
    coefficients : (order + 1,) float64
        Chebyshev coefficients of the published solution, whose argument is the unscaled 0-based
        pixel.
    pixel, wavelength : (n_lines,) float64
        The matched lines of the published solution: 0-based pixel (1-based in the four
        lamps of 2100_SYZY and 1200_CANIR) and air Å. Some are misidentified.
    seen_wavelength, seen_height : (n_seen,) float64
        All detected lines: wavelength by our own solution (air Å), and height in units of the
        noise.
    range : (float, float)
        First and last wavelength by our own solution, Å.
    """

    name: str
    wavmode: str
    filter_2: str
    lamp: str
    grating: str
    camera: str
    cam_targ: float
    grt_targ: float
    first_column: float
    flux: Floats
    coefficients: Floats
    pixel: Floats
    wavelength: Floats
    seen_wavelength: Floats
    seen_height: Floats
    range: tuple[float, float]

    @property
    def elements(self) -> tuple[str, ...]:
        """Chemical symbols of the elements that the lamp emits."""
        return LAMP_ELEMENTS[self.lamp]

    @cached_property
    def solution(self) -> np.polynomial.Chebyshev:
        """The published solution: 0-based unbinned pixel of the lamp → air wavelength, Å."""
        return np.polynomial.Chebyshev(self.coefficients, domain=[-1, 1])


@dataclass(frozen=True)
class LampLibrary:
    """The published lamps, and the laboratory lines (parallel arrays, any order)."""

    lamps: tuple[Lamp, ...]
    line_wavelength: Floats
    line_strength: Floats
    line_spectrum: NDArray[np.str_]

    def find(self, *, wavmode: str = "", lamp: str = "", grating: str = "") -> tuple[Lamp, ...]:
        """Return the lamps that have the given names; an empty name matches all."""
        return tuple(
            candidate
            for candidate in self.lamps
            if wavmode in ("", candidate.wavmode)
            and lamp in ("", candidate.lamp)
            and grating in ("", candidate.grating)
        )


@cache
def library() -> LampLibrary:
    """Read the library; once per process."""
    with files("reduction.lines").joinpath("data/lamps.npz").open("rb") as stream:
        stored = np.load(stream, allow_pickle=False)
        facts = json.loads(str(stored["facts"]))
        steps = np.split(stored["spectra"], np.cumsum(stored["lengths"])[:-1])
        seen = np.split(stored["seen"], np.cumsum(stored["seen_lengths"])[:-1], axis=1)
        lines = (stored["line_wavelength"], stored["line_strength"], stored["line_spectrum"])
    lamps = []
    for fact, step, (wavelength, height) in zip(facts, steps, seen, strict=True):
        matched = np.array(fact.pop("lines"), dtype=float).reshape(-1, 2)
        fact["coefficients"] = np.array(fact["coefficients"])
        flux = np.cumsum(step, dtype=np.int64).astype(float)
        fact.update(seen_wavelength=wavelength.astype(float), seen_height=height.astype(float))
        fact["range"] = tuple(fact["range"])
        lamps.append(Lamp(flux=flux, pixel=matched[:, 0], wavelength=matched[:, 1], **fact))
    return LampLibrary(tuple(lamps), *lines)


def laboratory_lines(elements: Iterable[str]) -> tuple[Floats, Floats]:
    """Return the strong lines of some elements.

    Parameters
    ----------
    elements : iterable of str
        Chemical symbols (``"Hg"``) or single spectra (``"Ar II"``).

    Returns
    -------
    wavelength : (n,) float64
        Air wavelength, Å, ascending.
    strength : (n,) float64
        NIST relative intensity: comparable inside one spectrum, not between elements.

    Raises
    ------
    NoWavelengthSolution
        There is no list for an element.

    References
    ----------
    Sansonetti & Martin 2005, J. Phys. Chem. Ref. Data 34, 1559 (NIST handbook).
    """
    lines = library()
    wanted = np.zeros(lines.line_wavelength.size, dtype=bool)
    symbols = np.array([spectrum.split()[0] for spectrum in lines.line_spectrum])
    for element in elements:
        chosen = lines.line_spectrum == element if " " in element else symbols == element
        if not chosen.any():
            raise NoWavelengthSolution(NoticeCode.ELEMENT_UNKNOWN, element=element)
        wanted |= chosen
    order = np.argsort(lines.line_wavelength[wanted])
    return lines.line_wavelength[wanted][order], lines.line_strength[wanted][order]


def grooves_per_mm(grating: str) -> float:
    """Read the groove density from a grating's name (``400_SYZY``, ``SYZY_930``), per mm.

    Raises
    ------
    NoWavelengthSolution
        The name contains no number.
    """
    match = re.search(r"(?<!\d)(\d{3,4})(?!\d)", grating)
    if match is None:
        raise NoWavelengthSolution(NoticeCode.GRATING_UNKNOWN, grating=grating)
    return float(match.group(1))
