"""The passbands of the usual photometric systems, from the wheels of speclite and pyphot."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PANSTARRS_HEADER = 9
"""Lines before the numbers of a curve of Pan-STARRS."""
STEP = 20.0
"""Å: curves that are given more finely are averaged in bins of this width."""
TAIL = 0.001
"""Fraction of a curve that is cut off at each end: leaks far from the band."""
LIGHT = 2.99792458e18
"""Speed of light, Å/s."""
VEGA = "pyphot/libs/alpha_lyr_stis_011.fits"
VEGA_MAGNITUDE = 0.03
"""Of Vega in all bands of Bessell (Bessell, Castelli & Plez 1998, A&A 333, 231)."""
BESSELL = {band: f"speclite/data/filters/bessell-{band}.ecsv" for band in "UBVRI"}
SDSS = {f"SDSS {band}": f"speclite/data/filters/sdss2010-{band}.ecsv" for band in "ugriz"}
GAIA = {f"Gaia {band}": f"speclite/data/filters/gaiadr3-{band}.ecsv" for band in ("G", "BP", "RP")}
GAIA_OFFSETS = {"Gaia G": 25.8010 - 25.6874, "Gaia BP": 25.3540 - 25.3385,
                "Gaia RP": 25.1040 - 24.7479}  # fmt: skip
"""Zero point on the AB system less that on Vega's, of Gaia DR3 (Riello et al. 2021)."""
PANSTARRS = {f"PS1 {band}": f"pyphot/libs/ascii_sources/PS1_{band}.csv" for band in "grizy"}


def ab(wavelength: Floats, flux: Floats, band: Floats, response: Floats) -> float:
    """Return the AB magnitude of a spectrum (erg/s/cm²/Å) in a band of photonic response."""
    at = np.interp(wavelength, band, response, left=0, right=0)
    per_hertz = np.trapezoid(flux * at * wavelength, wavelength) / np.trapezoid(
        at / wavelength, wavelength
    )
    return float(-2.5 * np.log10(per_hertz / LIGHT) - 48.6)


def binned(wavelength: Floats, response: Floats) -> tuple[Floats, Floats]:
    """Return a curve averaged in bins of `STEP`, with zeros at its ends, its maximum 1."""
    if np.median(np.diff(wavelength)) < STEP:
        grid = np.arange(wavelength[0] // STEP * STEP, wavelength[-1] + 2 * STEP, STEP)
        fine = np.arange(grid[0] - STEP / 2, grid[-1] + STEP / 2, 1.0) + 0.5
        values = np.interp(fine, wavelength, response, left=0, right=0)
        wavelength, response = grid, values.reshape(grid.size, int(STEP)).mean(axis=1)
    response = np.round(np.clip(response / response.max(), 0, None), 4)
    share = np.cumsum(response) / response.sum()
    used = np.flatnonzero((share > TAIL) & (share < 1 - TAIL))
    first, last = max(used[0] - 1, 0), min(used[-1] + 2, response.size)
    kept = response[first:last].copy()
    step = wavelength[1] - wavelength[0]
    ends = [wavelength[first] - step], [wavelength[last - 1] + step]
    return np.concatenate([ends[0], wavelength[first:last], ends[1]]), np.concatenate(
        [[0.0], kept, [0.0]]
    )


def ecsv(archive: zipfile.ZipFile, path: str) -> tuple[Floats, Floats]:
    """Return a curve of speclite."""
    table = Table.read(archive.read(path).decode(), format="ascii.ecsv")
    return np.array(table["wavelength"], dtype=float), np.array(table["response"], dtype=float)


def arrays(
    speclite: zipfile.ZipFile, pyphot: zipfile.ZipFile
) -> tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]:
    """Return the facts of the bands, and the curves: photonic response, its maximum 1.

    The zero point is the AB magnitude of an object of magnitude 0.
    """
    with fits.open(io.BytesIO(pyphot.read(VEGA))) as hdus:
        vega = tuple(np.array(hdus[1].data[name], dtype=float) for name in ("WAVELENGTH", "FLUX"))
    facts: list[dict[str, Any]] = []
    stored: dict[str, NDArray[Any]] = {}

    def add(name: str, curve: tuple[Floats, Floats], system: str, zero: float, paper: str) -> None:
        stored[f"passband_{len(facts)}"] = np.array(curve, dtype=np.float32)
        facts.append({"name": name, "system": system, "zero_point": round(zero, 4), "paper": paper})

    for name, path in BESSELL.items():
        wavelength, response = ecsv(speclite, path)
        # the table is for energies (Bessell & Murphy 2012, PASP 124, 140)
        curve = binned(wavelength, response / wavelength)
        zero = ab(*vega, *curve) - VEGA_MAGNITUDE
        add(name, curve, "Vega", zero, "Bessell 1990, PASP 102, 1181")
    for name, path in SDSS.items():
        paper = "Doi et al. 2010, AJ 139, 1628 (airmass 1.3)"
        add(name, binned(*ecsv(speclite, path)), "AB", 0.0, paper)
    for name, path in PANSTARRS.items():
        columns = np.loadtxt(io.StringIO(pyphot.read(path).decode()), delimiter=",",
                             skiprows=PANSTARRS_HEADER, unpack=True)  # fmt: skip
        add(name, binned(*columns[:2]), "AB", 0.0, "Tonry et al. 2012, ApJ 750, 99")
    for name, path in GAIA.items():
        paper = "Riello et al. 2021, A&A 649, A3"
        add(name, binned(*ecsv(speclite, path)), "Vega", GAIA_OFFSETS[name], paper)
    return facts, stored
