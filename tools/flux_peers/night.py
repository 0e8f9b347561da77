"""Spectra of a night in a file, with numpy alone, which is in every environment."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class Spectrum:
    """A wavelength-calibrated spectrum.

    `wavelength` is in air, Å, and linear; `electrons` and `sigma` are per pixel. `reference` and
    `reference_flux` (erg/s/cm²/Å) are the published spectrum of a standard star, else empty;
    `extinction` (magnitudes per airmass) is along the wavelengths.
    """

    name: str
    exptime: float
    airmass: float
    ra: float
    dec: float
    wavelength: np.ndarray
    electrons: np.ndarray
    sigma: np.ndarray
    good: np.ndarray
    reference: np.ndarray
    reference_flux: np.ndarray
    extinction: np.ndarray


FACTS = ("name", "exptime", "airmass", "ra", "dec")
ARRAYS = ("wavelength", "electrons", "sigma", "good", "reference", "reference_flux", "extinction")


def save(path: Path, spectra: list[Spectrum]) -> None:
    """Write spectra; the first is that of the standard star to calibrate the others with."""
    arrays = {f"{n}_{key}": getattr(one, key) for n, one in enumerate(spectra) for key in ARRAYS}
    facts = [{key: getattr(one, key) for key in FACTS} for one in spectra]
    np.savez(path, facts=np.array(json.dumps(facts)), **arrays)


def load(path: Path) -> list[Spectrum]:
    """Read spectra."""
    with np.load(path, allow_pickle=False) as stored:
        facts = json.loads(str(stored["facts"]))
        return [
            Spectrum(**one, **{key: stored[f"{n}_{key}"] for key in ARRAYS})
            for n, one in enumerate(facts)
        ]


Calibrate = Callable[[Spectrum], np.ndarray]


def run(prepare: Callable[[Spectrum], Calibrate]) -> None:
    """Calibrate the spectra of the file named first on the command line; write the second.

    `prepare` makes a sensitivity of the standard star, and returns the function that gives the
    flux (erg/s/cm²/Å) of a spectrum with it. Failures are written as their text.
    """
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    spectra = load(source)
    began = time.perf_counter()
    calibrate = prepare(spectra[0])
    seconds = [time.perf_counter() - began]
    fluxes = {}
    for n, spectrum in enumerate(spectra):
        began = time.perf_counter()
        fluxes[f"{n}_flux"] = np.asarray(calibrate(spectrum), dtype=float)
        seconds.append(time.perf_counter() - began)
    np.savez(target, seconds=np.array(seconds), **fluxes)
