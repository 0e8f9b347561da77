"""Lines and bands to mark in a spectrum (``data/spectral_lines.json``).

All wavelengths are in air, and each list names its source.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from reduction.lines.sky_features import AIRGLOW

AIRGLOW_SOURCE = (
    "Osterbrock et al. 1996, PASP 108, 277; Hanuschik 2003, A&A 407, 1157; OH doublets as one line"
)


@dataclass(frozen=True, slots=True)
class LineList:
    """Lines of one kind.

    `lines` are (name, air wavelength in ångström); `strong` are the wavelengths of those to label
    first where space is limited; `key` is the short name used in addresses.
    """

    key: str
    label: str
    source: str
    lines: tuple[tuple[str, float], ...]
    strong: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Features:
    """All lines and bands that can be marked in a spectrum.

    Parameters
    ----------
    lists : tuple of LineList
        Lines of targets, which are shifted by the redshift.
    sky : LineList
        Lines of the night sky.
    telluric : tuple of (str, float, float)
        Absorption bands of the atmosphere: molecule, first and last wavelength, Å.
    telluric_source : str
        Source of the bands.
    """

    lists: tuple[LineList, ...]
    sky: LineList
    telluric: tuple[tuple[str, float, float], ...]
    telluric_source: str


@cache
def features() -> Features:
    """Read the lists; once per process."""
    stored = json.loads(
        files("reduction.lines").joinpath("data/spectral_lines.json").read_text("utf-8")
    )
    lists = tuple(
        LineList(
            entry["key"],
            entry["label"],
            entry["source"],
            tuple((str(name), float(wavelength)) for name, wavelength in entry["lines"]),
            tuple(map(float, entry["strong"])),
        )
        for entry in stored["lists"]
    )
    night = tuple(("night sky", float(wavelength)) for wavelength in AIRGLOW[:, 0])
    bands = tuple((str(n), float(a), float(b)) for n, a, b in stored["telluric"]["bands"])
    return Features(
        lists,
        LineList("sky", "Night sky", AIRGLOW_SOURCE, night),
        bands,
        stored["telluric"]["source"],
    )
