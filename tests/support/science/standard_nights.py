"""The standard stars that were observed with Goodman's red camera in 2025 and 2026.

Counts per Å of 39 observations through the slit of 1.0 arcsec, with the fits that PypeIt made.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from astropy.io import fits

from reduction.astrometry.airmass import Airmass
from reduction.errors import NoSensitivity
from reduction.flux.references.library import Star, star_of
from reduction.flux.response import site_library
from reduction.flux.response.response import Response, measure
from reduction.frames import Spectrum
from tests.support.paths import SHARED_DATA

STORED = SHARED_DATA / "goodman-standards" / "red-400-2025-2026.npz"
MAGNITUDE = 2.5 / np.log(10)


@lru_cache
def stored() -> dict[str, np.ndarray]:
    if not STORED.exists():
        pytest.skip("the standard stars of 2025 and 2026 are not on this machine")
    with np.load(STORED) as opened:
        return {name: opened[name] for name in opened.files}


def observation(row: int) -> tuple[Spectrum, Star, Airmass]:
    """Return a stored observation as a calibrated spectrum."""
    table = stored()
    wave = table["wave"][row].astype(float)
    step = float(np.median(np.diff(wave)))
    axis = wave[0] + step * np.arange(wave.size)
    electrons = np.interp(axis, wave, table["counts"][row].astype(float)) * step
    mode = str(table["mode"][row])
    header = fits.Header()
    header["EXPTIME"], header["AIRORVAC"] = float(table["exptime"][row]), "vacuum"
    header["GSP_RESO"], header["GRATING"], header["SLIT"] = 6.0, "400_SYZY", "1.0_LONG_SLIT"
    header["CAM_TARG"], header["GRT_TARG"] = {"400_M1": (11.6, 5.8), "400_M2": (16.1, 7.5)}[mode]
    variance = np.maximum(electrons, 0) + 100.0
    mask = np.zeros(electrons.size, dtype=np.uint8)
    spectrum = Spectrum(electrons, variance, mask, header, wavelength=axis)
    star = star_of(str(table["std_name"][row]))
    assert star is not None
    return spectrum, star, Airmass(float(table["airmass"][row]), 0.01, "header")


@lru_cache
def responses(mode: str) -> dict[int, Response]:
    found = {}
    for row in np.flatnonzero(stored()["mode"] == mode):
        try:
            found[int(row)] = measure(*observation(int(row)))
        except NoSensitivity:
            continue
    return found


def at(response: Response, wavelengths: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.interp(wavelengths, response.wavelength, values)


def against_the_others(rows: np.ndarray) -> np.ndarray:
    """Return each row minus the median of the others, without its own median."""
    left = [row - np.nanmedian(np.delete(rows, i, axis=0), axis=0) for i, row in enumerate(rows)]
    return np.array(left) - np.nanmedian(left, axis=1, keepdims=True)


def scatter(residuals: np.ndarray) -> np.ndarray:
    return 1.4826 * np.nanmedian(np.abs(residuals), axis=0)


def one_star(mode: str, wavelengths: np.ndarray) -> np.ndarray:
    """Return each night's response against the median of the others, magnitudes."""
    found = responses(mode).values()
    logs = [np.log(at(one, wavelengths, one.sensitivity)) for one in found]
    return MAGNITUDE * against_the_others(np.array(logs))


def stored_fits(mode: str, wavelengths: np.ndarray) -> np.ndarray:
    """Return the same of the fits stored with the data, of the same nights."""
    table = stored()
    rows = [
        np.interp(wavelengths, table["wave"][row].astype(float), table["fit"][row])
        for row in responses(mode)
    ]
    return against_the_others(np.array(rows))


def with_library(mode: str, wavelengths: np.ndarray) -> np.ndarray:
    """Return each night's points against the shape of the others with its own low-order term."""
    found, residuals = responses(mode), []
    for row, own in found.items():
        library = site_library.combine(own, [o for r, o in found.items() if r != row])
        assert library is not None
        there = (own.points > 0) & (own.masked == 0)
        ratio = np.log(np.where(there, own.points, 1.0) / library.sensitivity)
        near = [there & (np.abs(own.wavelength - w) < 40) for w in wavelengths]
        residuals.append([np.median(ratio[n]) if n.any() else np.nan for n in near])
    return MAGNITUDE * np.array(residuals)
