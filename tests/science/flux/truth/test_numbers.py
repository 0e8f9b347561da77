"""Fluxes of simulated nights against the spectra that were put into them.

`make bench-flux` measures all modes, with other packages beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest

from reduction.frames import Product, Spectrum
from reduction.simulation import Weather
from reduction.simulation.sources import Source
from tests.support.truth.flux_accuracy import FluxAccuracy, compare, coverage, pulls
from tests.support.truth.flux_chain import flux_of, sensitivity_of, spectrum_of
from tests.support.truth.flux_nights import NO_SLIT_LOSS, Observed, mode_of, night

SETUPS = ("400_M1", "400_M2", "600_MID", "930_M3")
TARGETS = (Source("Bright", "blazar", 14.0, 10, 6.5), Source("Faint", "blazar", 17.0, -12, 6.5))
STAR, BRIGHT, FAINT, OTHER = range(4)


@dataclass(frozen=True, eq=False)
class Night:
    """Spectra of a night, the sensitivity of its first star, and all calibrated with it."""

    observed: list[Observed]
    sensitivity: Product
    products: list[Product]

    def spectrum(self, number: int) -> Spectrum:
        return spectrum_of(self.products[number])

    def accuracy(self, number: int) -> FluxAccuracy:
        return compare(self.observed[number], self.spectrum(number).flux)


@lru_cache(maxsize=8)
def of(setup: str, weather: Weather = NO_SLIT_LOSS) -> Night:
    observed = night(mode_of(setup), TARGETS, weather=weather)
    sensitivity = sensitivity_of(observed[STAR])
    return Night(observed, sensitivity, [flux_of(one, sensitivity) for one in observed])


@pytest.mark.parametrize("setup", SETUPS)
class TestWithoutSlitLoss:
    def test_shape_and_level_are_those_of_the_target(self, setup: str) -> None:
        seen = of(setup).accuracy(BRIGHT)
        assert seen.shape < 0.01
        assert abs(seen.level) < 0.01
        assert seen.covered > 0.9

    def test_the_star_calibrates_itself_and_the_other(self, setup: str) -> None:
        assert of(setup).accuracy(STAR).median < 0.005
        assert of(setup).accuracy(OTHER).median < 0.015

    def test_stated_noise_is_the_true_one(self, setup: str) -> None:
        faint = of(setup).spectrum(FAINT)
        pull = pulls(of(setup).observed[FAINT], faint.flux, faint.variance)
        low, high = np.percentile(pull, [15.87, 84.13])
        assert 0.9 < (high - low) / 2 < 1.1

    @pytest.mark.parametrize("number", [STAR, BRIGHT, OTHER])
    def test_systematic_error_holds_the_true_one(self, setup: str, number: int) -> None:
        one = of(setup).spectrum(number)
        assert coverage(of(setup).observed[number], one.flux, one.planes["SYS"]) > 0.68

    def test_what_is_not_known_has_no_flux(self, setup: str) -> None:
        header = of(setup).sensitivity.quality
        first, last = float(header["first_angstrom"]), float(header["last_angstrom"])  # type: ignore[arg-type]
        bright = of(setup).spectrum(BRIGHT)
        assert bright.wavelength is not None
        outside = (bright.wavelength < first - 3) | (bright.wavelength > last + 3)
        assert np.isnan(bright.flux[outside]).all()
        assert np.isinf(bright.variance[outside]).all()
        assert (bright.mask[outside] != 0).all()


@pytest.mark.parametrize("number", [STAR, BRIGHT, OTHER])
@pytest.mark.parametrize("setup", ["400_M2", "600_MID"])
def test_telluric_bands_are_taken_out(setup: str, number: int) -> None:
    seen = of(setup).accuracy(number)
    assert seen.b_band < 0.03
    assert seen.b_worst < 0.05
    if np.isfinite(seen.a_band):
        assert seen.a_band < 0.05
        # the edge of the head, where a tenth of a pixel is one percent
        assert seen.a_worst < 0.1


def test_telluric_bands_of_a_faint_target_are_taken_out_as_far_as_its_noise_shows() -> None:
    one = of("400_M2").spectrum(FAINT)
    observed = of("400_M2").observed[FAINT]
    assert one.wavelength is not None
    band = (one.wavelength > 7590) & (one.wavelength < 7700) & np.isfinite(one.flux)
    off = one.flux[band].sum() / observed.true_flux[band].sum() - 1
    noise = np.sqrt(one.variance[band].sum()) / observed.true_flux[band].sum()
    assert abs(off) < 0.05 + 3 * noise
    uncorrected = one.planes["UNCORR"][band].sum() / observed.true_flux[band].sum()
    assert uncorrected < 0.8


@pytest.mark.parametrize("setup", ["400_M1", "400_M2"])
def test_shape_survives_a_slit_and_the_level_is_not_called_absolute(setup: str) -> None:
    made = of(setup, Weather())
    assert made.accuracy(BRIGHT).shape < 0.01
    for product in made.products:
        assert product.quality["grade"] != "absolute"
        assert product.notices


def test_wide_slit_gives_the_level_within_its_error() -> None:
    star, target, other = night(
        mode_of("400_M2"), TARGETS[:1], weather=Weather(), slit="3.0_LONG_SLIT"
    )
    assert np.median(target.source.slit_transmission) > 0.95
    for observed in (target, other):
        product = flux_of(observed, sensitivity_of(star))
        assert product.quality["grade"] == "absolute"
        made = spectrum_of(product)
        seen = compare(observed, made.flux)
        assert seen.shape < 0.01
        stated = float(np.nanmedian(made.planes["SYS"] / made.flux))
        assert abs(seen.level) < max(stated, 0.03)


@pytest.mark.parametrize("setup", ["400_M1", "400_M2"])
def test_the_sensitivity_is_that_of_the_instrument(setup: str) -> None:
    made = of(setup)
    observed, found = made.observed[STAR], spectrum_of(made.sensitivity)
    rows = observed.truth.illumination
    passed = float(np.median(rows[rows > 0.5 * np.median(rows)]))
    ratio = found.flux / observed.at(observed.truth.sensitivity) / passed
    known = np.isfinite(ratio) & (observed.wavelength > 4000)
    # The flat is divided by a smooth fit of itself: what is broad in it remains in the counts.
    assert abs(np.median(ratio[known]) - 1) < 0.02
    assert np.std(ratio[known]) < 0.02


def test_the_parent_of_a_sensitivity_is_not_changed() -> None:
    [star] = night(mode_of("400_M2"), stars=("EG 274",))
    before = star.spectrum.header.copy()
    flux = star.spectrum.flux.copy()
    sensitivity_of(star)
    assert star.spectrum.header.tostring() == before.tostring()
    np.testing.assert_array_equal(star.spectrum.flux, flux)
