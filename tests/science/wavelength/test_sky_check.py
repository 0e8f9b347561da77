"""The sky tells how far a spectrum is shifted against its arc, or nothing at all."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.lines.sky_library import sky_library
from reduction.simulation.sky import SKY_LINES
from reduction.wavelength.zero_points.line_profile import LineProfile
from reduction.wavelength.zero_points.sky_check import SkyOffset, sky_offset
from tests.support.truth.skies import MODES, Sky, simulated

FRAUNHOFER = (4045.812, 4226.728, 4383.545, 5895.924, 6562.79, 8542.09)
"""Fe I, Ca I, Fe I, Na D1, Hα and Ca II in air, Å: Moore, Minnaert & Houtgast 1966, NBS Monograph
61."""


def measure(sky: Sky, slit_arcsec: float) -> SkyOffset | None:
    profile = LineProfile(slit_arcsec / 0.15 * sky.dispersion, 1.05 * sky.dispersion)
    reach = 80 * sky.dispersion
    return sky_offset(sky.sky, sky.wavelength, profile, reach=reach, target=sky.target)


def centre(line: float, values: np.ndarray, half: float = 1.5) -> float:  # type: ignore[type-arg]
    wavelength = sky_library().wavelength
    near = np.abs(wavelength - line) < half
    height = np.clip(values[near] - np.median(values[near]), 0, None)
    return float(wavelength[near] @ height / height.sum())


def test_the_wavelengths_of_the_library_are_those_of_the_laboratory() -> None:
    library = sky_library()
    bright = SKY_LINES[SKY_LINES[:, 1] >= 110, 0]
    airglow = [centre(line, library.night) - line for line in bright]
    assert abs(np.median(airglow)) < 0.02
    assert np.std(airglow) < 0.1
    solar = [centre(line, 1 - library.solar) - line for line in FRAUNHOFER]
    assert np.max(np.abs(solar)) < 0.15
    assert abs(np.mean(solar)) < 0.06


@pytest.mark.parametrize("slit_arcsec", [1.0, 3.0])
@pytest.mark.parametrize("mode", ["400_M1", "600_MID", "930_M2", "930_M4", "1200_M5"])
def test_a_dark_sky_shows_the_shift(mode: str, slit_arcsec: float) -> None:
    rng = np.random.default_rng([7, list(MODES).index(mode), int(slit_arcsec)])
    sky = simulated(mode, "dark", rng, slit_arcsec=slit_arcsec)
    found = measure(sky, slit_arcsec)
    assert found is not None
    assert abs(found.offset - sky.shift) < 3 * found.error
    assert found.error < 0.5


@pytest.mark.parametrize("slit_arcsec", [1.0, 3.0])
@pytest.mark.parametrize("mode", ["600_UV", "930_M1", "930_M2", "1200_M1"])
def test_a_moonlit_sky_shows_the_shift(mode: str, slit_arcsec: float) -> None:
    rng = np.random.default_rng([8, list(MODES).index(mode), int(slit_arcsec)])
    sky = simulated(mode, "moon", rng, slit_arcsec=slit_arcsec)
    found = measure(sky, slit_arcsec)
    assert found is not None
    assert found.features == "solar" or mode == "600_UV"
    assert abs(found.offset - sky.shift) < 3 * found.error
    assert found.error < 0.5


def test_the_width_of_the_lines_is_measured() -> None:
    sky = simulated("930_M4", "dark", np.random.default_rng(5), slit_arcsec=3.0, counts=1000)
    for assumed in (2.7, 3.0, 3.3):
        found = measure(sky, assumed)
        assert found is not None
        assert found.fwhm == pytest.approx(3.0 / 0.15 * sky.dispersion, rel=0.15)


def test_of_many_skies_none_is_measured_wrongly() -> None:
    # all modes, slits, binnings and brightnesses; a third has no feature at all
    rng = np.random.default_rng(2026)
    pulls, n_measured, wrong = [], {"dark": 0, "moon": 0, "none": 0}, []
    for mode in MODES:
        for kind in n_measured:
            slit_arcsec = float(rng.choice([0.6, 1.0, 3.0]))
            counts, binning = float(10 ** rng.uniform(1, 3.3)), int(rng.choice([1, 2, 3]))
            sky = simulated(
                mode, kind, rng, slit_arcsec=slit_arcsec, counts=counts, binning=binning
            )
            found = measure(sky, slit_arcsec)
            if found is None:
                continue
            n_measured[kind] += 1
            miss = found.offset - sky.shift
            pulls.append(miss / found.error)
            if abs(miss) > 3 * found.error and abs(miss) > 1:
                wrong.append((mode, kind, slit_arcsec, miss, found))
    assert not wrong
    assert n_measured["none"] == 0
    assert n_measured["dark"] >= 18
    assert n_measured["moon"] >= 15
    assert np.std(pulls) < 1.1


def test_a_cosmic_ray_or_a_bad_column_is_not_taken_for_a_line() -> None:
    rng = np.random.default_rng(11)
    axis = 5490 + 0.82 * np.arange(2030)
    for _ in range(60):
        sky = rng.normal(100, 10, axis.size)
        for place in rng.integers(20, axis.size - 20, 3):
            sky[place : place + 2] += rng.uniform(200, 3000)
        assert sky_offset(sky, axis, LineProfile(1.6, 0.43), reach=33.0) is None


def test_the_light_of_the_target_in_the_background_zones_is_not_taken_for_sky() -> None:
    rng = np.random.default_rng(12)
    axis = 3570 + 0.84 * np.arange(2030)
    library = sky_library()
    # A star of solar type at 900 km/s in the target's spectrum, and a hundredth of it in the sky's.
    star = 1e5 * np.interp(axis / 1.003, library.wavelength, library.solar)
    sky = rng.normal(0.01 * star, 30)
    profile = LineProfile(0.0, 1.0)
    deceived = sky_offset(sky, axis, profile, reach=33.0)
    assert deceived is not None
    assert sky_offset(sky, axis, profile, reach=33.0, target=rng.normal(star, 300)) is None


def test_a_sky_without_features_says_nothing() -> None:
    rng = np.random.default_rng(8)
    profile = LineProfile(2.0, 0.6)
    for _ in range(50):
        axis = rng.uniform(3400, 7000) + 0.84 * np.arange(2030)
        walk = np.cumsum(rng.normal(0, 1, axis.size)) + rng.normal(300, 5, axis.size)
        assert sky_offset(walk, axis, profile, reach=33.0) is None
    assert sky_offset(np.full(2030, np.nan), axis, profile, reach=33.0) is None
    assert sky_offset(np.zeros(2030), axis, profile, reach=33.0) is None
    assert sky_offset(np.ones(50), axis[:50], profile, reach=33.0) is None
