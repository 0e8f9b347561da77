"""Small synthetic Goodman frames whose truth is known, for the tests of the reduction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, VarianceUncertainty

from tests.support.paths import SHARED_DATA

DATA = SHARED_DATA
NIGHT = DATA / "soar-blue-2018-02-04"
REASON = "the real frames of ../shared/data are not here"

MODERN: dict[str, Any] = {
    "DATE-OBS": "2026-07-06T03:12:45.125",
    "INSTRUME": "ghts_red",
    "INSTCONF": "Red",
    "OBSTYPE": "OBJECT",
    "OBJECT": "WD.J012336",
    "FILTER": "NO_FILTER",
    "FILTER2": "GG455",
    "GRATING": "400_SYZY",
    "SLIT": "1.0_LONG_SLIT",
    "CAM_TARG": 16.1,
    "GRT_TARG": 7.5,
    "ROI": "Spectroscopic 2x2",
    "WAVMODE": "400_M2",
    "GAIN": 1.48,
    "RDNOISE": 3.89,
    "EXPTIME": 300.0,
    "CCDSUM": "2 2",
    "OBSRA": "03:26:29.404",
    "OBSDEC": "-54:36:19.526",
    "PROPID": "SOAR2026B-001",
    "PROPOSAL": "",
}

OLD: dict[str, Any] = MODERN | {
    "DATE-OBS": "2018-02-05T04:03:55.003",
    "INSTRUME": "Goodman Spectro",
    "INSTCONF": "Blue",
    "FILTER": "<NO FILTER>",
    "FILTER2": "<NO FILTER>",
    "GRATING": "SYZY_930",
    "SLIT": '1.0" long slit',
    "WAVMODE": "400 m1",
    "GAIN": 1.4,
    "RDNOISE": 4.74,
    "PROPOSAL": "N188 Hermes",
}
del OLD["PROPID"]


def header(base: dict[str, Any] = MODERN, **changes: Any) -> fits.Header:
    """Return a header; a change of None takes the card out (``DATE_OBS`` stands for DATE-OBS)."""
    made = fits.Header()
    cards = base | {key.replace("DATE_OBS", "DATE-OBS"): value for key, value in changes.items()}
    for key, value in cards.items():
        if value is not None:
            made[key] = value
    return made


def write(path: Path, data: np.ndarray, made: fits.Header) -> Path:
    """Write a raw frame as the camera does: 16 bits, unsigned by BZERO."""
    counts = np.clip(np.round(data), 0, 65535).astype(np.uint16)
    fits.PrimaryHDU(counts, made).writeto(path)
    return path


def moffat(y: np.ndarray, centre: np.ndarray | float, fwhm: float, beta: float = 3.0) -> np.ndarray:
    """Moffat profile that sums to about 1 over an endless slit."""
    alpha = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    shape = (1 + ((y - centre) / alpha) ** 2) ** (-beta)
    fine = np.arange(-4000, 4000) / 20 * fwhm
    return shape / ((1 + (fine / alpha) ** 2) ** (-beta)).sum() * 20 / fwhm


def reduced(
    electrons: np.ndarray,
    rng: np.random.Generator,
    read_noise: float = 4.0,
    made: fits.Header | None = None,
) -> CCDData:
    """Return a reduced frame of a noiseless scene: Poisson and read noise, variance, LTM/LTV."""
    data = rng.poisson(np.maximum(electrons, 0)) + rng.normal(0, read_noise, electrons.shape)
    made = header() if made is None else made
    if "LTV1" not in made:
        for axis in (1, 2):
            made[f"LTM{axis}_{axis}"], made[f"LTV{axis}"] = 0.5, 0.25
    flags = np.zeros(data.shape, np.uint8)
    return CCDData(
        data.astype(np.float32),
        unit=u.electron,
        uncertainty=VarianceUncertainty((np.maximum(data, 0) + read_noise**2).astype(np.float32)),
        mask=flags != 0,
        flags=flags,
        meta=made,
    )
