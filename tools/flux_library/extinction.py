"""The extinction curves of observatories, from the wheel of aspired."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

CURVES = {
    "CTIO": ("ct_atm_extinct", "Stone & Baldwin 1983, MNRAS 204, 347; Baldwin & Stone 1984, "
             "MNRAS 206, 241 (IRAF, ctioextinct)"),
    "Paranal": ("cp_atm_extinct", "Patat et al. 2011, A&A 527, A91"),
    "La Silla": ("ls_atm_extinct", "ESO's manual of observers, 1993 (Tüg 1977, Messenger 11, 7)"),
}  # fmt: skip
"""Name of the site: file of aspired/extinction, source."""


def arrays(archive: zipfile.ZipFile) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    """Return the sources, and the columns of each curve: wavelength, magnitudes, uncertainty.

    The uncertainty is NaN where the source states none.
    """
    sources, stored = {}, {}
    for number, (site, (name, source)) in enumerate(CURVES.items()):
        text = archive.read(f"aspired/extinction/{name}.txt").decode().replace(",", " ")
        columns = np.loadtxt(io.StringIO(text), unpack=True)
        wavelength, magnitudes = columns[:2]
        stated = columns[2] if len(columns) > 2 else np.full(wavelength.size, np.nan)
        stored[f"extinction_{number}"] = np.array([wavelength, magnitudes, stated], np.float32)
        sources[site] = source
    return sources, stored
