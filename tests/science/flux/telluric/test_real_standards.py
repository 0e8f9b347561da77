"""The bands in real spectra of standard stars: Goodman Red, 400 lines/mm, 1.0″, 2025 to 2026."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.flux.telluric.fit import fit
from reduction.wavelength.axis.medium import to_air
from tests.support.paths import SHARED_DATA

STANDARDS = SHARED_DATA / "goodman-standards" / "red-400-2025-2026.npz"
BROKEN = ("20251203",)
"""A night whose spectrum of HR 9087 in 400_M2 alternates from pixel to pixel."""


@pytest.mark.skipif(not STANDARDS.exists(), reason=f"{STANDARDS} is not here")
def test_the_bands_of_real_spectra_are_corrected() -> None:
    data = np.load(STANDARDS)
    left: dict[str, list[float]] = {}
    for number, date in enumerate(data["date"]):
        counts = data["counts"][number].astype(float)
        bad = ~(np.isfinite(counts) & (counts > 0))
        if date in BROKEN or np.count_nonzero(bad) > 400:
            continue
        found = fit(
            to_air(data["wave"][number].astype(float)),
            counts,
            np.clip(counts, 1, None),
            bad.astype(np.uint8),
            airmass=float(data["airmass"][number]),
            resolution=6.5,
            shift_error=10.0,  # their wavelengths are up to 30 Å off
        )
        if found is None:  # too few pixels around the B band
            continue
        for band in found.bands:
            left.setdefault(band.band.name, []).append(band.after)
            assert band.improved
    assert np.median(left["A"]) < 0.035 and np.mean(np.array(left["A"]) < 0.05) > 0.85
    assert np.median(left["B"]) < 0.010 and np.mean(np.array(left["B"]) < 0.03) > 0.90
    assert np.median(left["7200"]) < 0.015
    assert np.median(left["8200"]) < 0.018
    assert len(left["B"]) > 30 and len(left["A"]) >= 15
