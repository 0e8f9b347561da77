"""The standard stars and their reference spectra (``data/flux_references.npz``).

The best source of a star comes first: the models of Moehler et al. (2014, A&A 568, A9), which have
no absorption by the atmosphere, then CALSPEC, then Hamuy et al. (1992, PASP 104, 533; 1994, PASP
106, 566), then Oke (1990, AJ 99, 1621). All wavelengths are in air, in ångström. The file is
written by ``tools/build_flux_library.py``, which names the sources.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reduction.flux.references.names import merged, normalised, spellings

Floats = NDArray[np.float64]

_FILE: Final = "data/flux_references.npz"
_UNCERTAINTY_STEP: Final = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The published spectrum of a standard star.

    Parameters
    ----------
    source : str
        Moehler, CALSPEC, Hamuy or Oke.
    rank : int
        1 is best.
    wavelength : (n,) float64
        Centres of the bins in air, Å, ascending.
    flux : (n,) float64
        Mean flux of the bins above the atmosphere, erg/s/cm²/Å.
    uncertainty : (n,) float64
        One sigma of the flux, as a fraction of it.
    bin : float
        Width of the bins, Å; 0 for a spectrum that is sampled at its wavelengths.
    telluric_inside : bool
        The bands of the atmosphere are in the spectrum.
    url_or_paper : str
        Where it was published.
    """

    source: str
    rank: int
    wavelength: Floats
    flux: Floats
    uncertainty: Floats
    bin: float
    telluric_inside: bool
    url_or_paper: str


@dataclass(frozen=True, slots=True, eq=False)
class Star:
    """A standard star.

    Parameters
    ----------
    name : str
    aliases : tuple of str
        Its other names.
    ra, dec : float
        Position, degrees, ICRS at epoch J2000.
    pm_ra, pm_dec : float
        Proper motion, mas/yr, that of right ascension with the cosine of the declination; 0 where
        none is known.
    kind : str
        By the lines of the spectrum: ``white dwarf`` (broad Balmer lines, or none), ``hot`` (helium
        lines as well), ``A`` (late B and A) or ``cool``.
    references : tuple of Reference
        The best first.
    """

    name: str
    aliases: tuple[str, ...]
    ra: float
    dec: float
    pm_ra: float
    pm_dec: float
    kind: str
    references: tuple[Reference, ...]


@cache
def stored() -> dict[str, NDArray[Any]]:
    """Read the file; once per process."""
    with files("reduction.flux.references").joinpath(_FILE).open("rb") as stream:
        with np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}


@cache
def facts() -> dict[str, Any]:
    """Return what the file says of its arrays."""
    read: dict[str, Any] = json.loads(str(stored()["facts"]))
    return read


@cache
def stars() -> tuple[Star, ...]:
    """Return all standard stars, in the order of their right ascension."""
    columns = {
        name: stored()[f"reference_{name}"] for name in ("wavelength", "magnitude", "uncertainty")
    }
    found, first = [], 0
    for row in facts()["stars"]:
        references = []
        for entry in row["references"]:
            last = first + int(entry["points"])
            pieces = {name: np.cumsum(one[first:last]) for name, one in columns.items()}
            references.append(_reference(entry, pieces))
            first = last
        found.append(
            Star(
                row["name"],
                tuple(row["aliases"]),
                float(row["ra"]),
                float(row["dec"]),
                float(row["pm_ra"]),
                float(row["pm_dec"]),
                row["kind"],
                tuple(references),
            )
        )
    return tuple(found)


def star_of(name: str) -> Star | None:
    """Return the star of a name, as observers write it; None if it is none of a standard star.

    Spaces, hyphens, underscores and capitals do not matter, and words after the name are left out
    (`reduction.flux.references.names`).
    """
    names = _names()
    return next((names[one] for one in spellings(name) if one in names), None)


@cache
def _names() -> dict[str, Star]:
    return {
        spelled: star
        for star in stars()
        for one in (star.name, *star.aliases)
        for spelled in (normalised(one), merged(one))
    }


def _reference(entry: dict[str, Any], pieces: dict[str, NDArray[Any]]) -> Reference:
    arrays = (
        pieces["wavelength"] * float(facts()["wavelength_step"]),
        10 ** (-0.4 * float(facts()["flux_step"]) * pieces["magnitude"]),
        pieces["uncertainty"] * _UNCERTAINTY_STEP,
    )
    for array in arrays:
        array.setflags(write=False)
    return Reference(
        entry["source"],
        int(entry["rank"]),
        *arrays,
        float(entry["bin"]),
        bool(entry["telluric_inside"]),
        entry["paper"],
    )
