"""Synthetic photometry, against published magnitudes of standard stars and exact spectra."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from reduction.errors import UnusableFrame
from reduction.flux.calibration.photometry import (
    BandName,
    Photometry,
    coverage,
    magnitude,
    scaling,
)
from reduction.flux.references.library import star_of
from reduction.flux.references.passbands import passband, passband_names
from reduction.notice_codes import NoticeCode
from tests.support.notices import refused

AIR = np.arange(3000.0, 11_000.0, 2.0)
AB_ZERO = 3631e-23 * 2.99792458e18 / AIR**2
"""erg/s/cm²/Å of magnitude 0 of the AB system at all wavelengths."""


def test_the_bands_are_those_of_the_library() -> None:
    assert set(get_args(BandName)) == set(passband_names())


@pytest.mark.parametrize("name", ["SDSS g", "SDSS r", "SDSS i", "PS1 g", "PS1 r", "PS1 i"])
def test_a_flat_spectrum_in_frequency_has_its_ab_magnitude(name: BandName) -> None:
    assert magnitude(AIR, AB_ZERO * 10 ** (-0.4 * 17.3), name) == pytest.approx(17.3, abs=0.003)


@pytest.mark.parametrize(
    ("star", "name", "published"),
    # Landolt & Uomoto 2007, AJ 133, 768: EG 274 and LTT 3218 (V), Feige 110 (V, B)
    [("EG 274", "V", 11.029), ("Feige 110", "V", 11.832), ("Feige 110", "B", 11.527)],
)
def test_standard_stars_have_their_published_magnitudes(
    star: str, name: BandName, published: float
) -> None:
    found = star_of(star)
    assert found is not None
    best = found.references[0]
    assert magnitude(best.wavelength, best.flux, name) == pytest.approx(published, abs=0.04)


def test_a_spectrum_is_scaled_to_a_magnitude() -> None:
    flux = AB_ZERO * 10 ** (-0.4 * 18.0) * 0.37
    variance = (0.02 * flux) ** 2
    found = scaling(AIR, flux, variance, Photometry(band="SDSS r", magnitude=18.0, error=0.02))
    assert found.factor == pytest.approx(1 / 0.37, rel=0.003)
    assert magnitude(AIR, flux * found.factor, "SDSS r") == pytest.approx(18.0, abs=1e-6)
    assert found.error == pytest.approx(0.0185, abs=0.001)


def test_a_band_that_is_not_covered_is_refused() -> None:
    red = AIR > 6000
    asked = Photometry(band="V", magnitude=15.0)
    with refused(UnusableFrame, NoticeCode.PHOTOMETRY_NOT_COVERED, band="V"):
        scaling(AIR[red], AB_ZERO[red], np.ones(red.sum()) * 1e-30, asked)
    flux = np.where(np.abs(AIR - 5500) < 60, np.nan, AB_ZERO)
    with refused(UnusableFrame, NoticeCode.PHOTOMETRY_NOT_COVERED, band="V"):
        scaling(AIR, flux, np.ones(AIR.size) * 1e-30, asked)
    assert magnitude(AIR[red], AB_ZERO[red], "V") is None


def test_single_bad_pixels_do_not_matter() -> None:
    flux = AB_ZERO.copy()
    flux[::7] = np.nan
    assert coverage(AIR, flux, passband("V")) == pytest.approx(1, abs=1e-9)
    assert magnitude(AIR, flux, "SDSS r") == pytest.approx(0, abs=0.003)


@pytest.mark.parametrize("level", [0.0, -1.0, np.nan])
def test_no_light_in_the_band_is_refused(level: float) -> None:
    flux = np.full(AIR.size, level)
    with pytest.raises(UnusableFrame):
        scaling(AIR, flux, np.ones(AIR.size), Photometry(band="V", magnitude=15.0))
    noisy = np.random.default_rng(1).normal(1e-18, 1e-16, AIR.size)
    with refused(UnusableFrame, NoticeCode.PHOTOMETRY_TOO_FAINT, band="V"):
        scaling(AIR, noisy, np.full(AIR.size, 1e-28), Photometry(band="V", magnitude=15.0))
