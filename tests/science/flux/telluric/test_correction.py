"""Which bands are corrected, with which absorption, and that nothing becomes worse by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from reduction.flux.telluric import cards
from reduction.flux.telluric.bands import Gas
from reduction.flux.telluric.correction import Correction, Expected, Source, correction
from reduction.flux.telluric.fit import Telluric, fit
from tests.support.science.telluric_sky import Observed, observed

AIR, FWHM = np.arange(4950.0, 8950.0, 2.0), 6.7


def corrected(
    seen: Observed, standard: Telluric | None = None, noise: float | None = None
) -> Correction:
    variance = np.clip(seen.counts, 1, None) if noise is None else np.full(seen.air.size, noise**2)
    return correction(
        seen.air,
        seen.counts,
        variance,
        np.zeros(seen.air.size, np.uint8),
        expected=Expected(seen.airmass, FWHM),
        standard=standard,
    )


def of_standard(airmass: float = 1.1, water: float = 3.0) -> Telluric:
    seen = observed(np.random.default_rng(9), air=AIR, fwhm=FWHM, airmass=airmass, water=water)
    found = fit(
        AIR,
        seen.counts,
        np.clip(seen.counts, 1, None),
        np.zeros(AIR.size, np.uint8),
        airmass=airmass,
        resolution=FWHM,
    )
    assert found is not None
    return found


def rms(seen: Observed, found: Correction, first: float, last: float) -> tuple[float, float]:
    inside = (seen.air > first) & (seen.air < last)
    values = (seen.passed[inside], (seen.passed / found.transmission)[inside])
    before, after = (float(np.sqrt(np.mean((value - 1) ** 2))) for value in values)
    return before, after


def test_a_bright_spectrum_is_corrected_with_its_own_bands() -> None:
    seen = observed(np.random.default_rng(1), air=AIR, fwhm=FWHM, airmass=1.6, water=2.0)
    found = corrected(seen, of_standard(water=9.0))
    assert found.source is Source.SCIENCE
    assert rms(seen, found, 7590, 7710)[1] < 0.05
    assert rms(seen, found, 6864, 6945)[1] < 0.03
    assert found.before is not None and found.after is not None
    assert found.after < 0.06
    assert found.before > 0.3


def test_a_faint_spectrum_is_corrected_with_those_of_the_standard() -> None:
    rng = np.random.default_rng(2)
    for airmass in (1.0, 1.9):
        seen = observed(rng, air=AIR, fwhm=FWHM, airmass=airmass, signal=1.5)
        found = corrected(seen, of_standard(airmass=1.3), noise=2.0)
        assert found.source is Source.STANDARD
        before, after = rms(seen, found, 7590, 7710)
        assert after < 0.06 < before


def test_without_a_standard_a_faint_spectrum_is_left_alone() -> None:
    seen = observed(np.random.default_rng(3), air=AIR, fwhm=FWHM, signal=1.5)
    found = corrected(seen, noise=2.0)
    assert found.source is Source.NONE
    assert np.all(found.transmission == 1)


def test_a_spectrum_from_above_the_atmosphere_is_left_alone() -> None:
    seen = observed(np.random.default_rng(4), air=AIR, fwhm=FWHM)
    bare = seen._replace(counts=np.random.default_rng(4).poisson(1e4, AIR.size).astype(float))
    found = corrected(bare, of_standard())
    assert np.all(found.transmission > 0.97)
    found = corrected(bare)
    assert np.all(found.transmission > 0.97)


def test_a_band_that_the_correction_makes_worse_is_left_out() -> None:
    seen = observed(np.random.default_rng(5), air=AIR, fwhm=FWHM, signal=12)
    counts = seen.counts.copy()
    b_band = (AIR > 6850) & (AIR < 6960)
    counts[b_band] = np.random.default_rng(5).poisson(144 * 1.1, np.count_nonzero(b_band))
    found = corrected(seen._replace(counts=counts))
    assert found.left_out == ("B",)
    assert np.all(found.transmission[(AIR > 6880) & (AIR < 6930)] > 0.97)
    assert found.transmission[(AIR > 7600) & (AIR < 7610)].max() < 0.6


def test_the_error_covers_what_is_left() -> None:
    for airmass, water in ((1.1, 1.0), (1.5, 3.0), (2.0, 8.0)):
        seen = observed(np.random.default_rng(6), air=AIR, fwhm=FWHM, airmass=airmass, water=water)
        found = corrected(seen)
        for first, last in ((6864, 6945), (7590, 7710)):
            inside = (AIR > first) & (AIR < last)
            left = np.abs(seen.passed / found.transmission - 1)[inside]
            assert 0.4 < np.sqrt(np.mean(left**2) / np.mean(found.error[inside] ** 2)) < 1.3
        assert np.all(found.error[(AIR > 5000) & (AIR < 5700)] == 0)


def test_outside_of_the_bands_nothing_changes() -> None:
    seen = observed(np.random.default_rng(7), air=AIR, fwhm=FWHM)
    found = corrected(seen)
    assert np.all(found.transmission[(AIR < 5850) | ((AIR > 6690) & (AIR < 6780))] == 1)


def test_an_absorption_survives_its_header() -> None:
    header = fits.Header()
    given = of_standard()
    cards.write(header, given)
    read = cards.read(header)
    assert read is not None
    assert read.measured == given.measured == {Gas.OXYGEN, Gas.WATER}
    for name in ("o2", "h2o", "shift", "width"):
        assert getattr(read, name) == pytest.approx(getattr(given, name), abs=1e-3)


@pytest.mark.parametrize(
    ("keyword", "value"), [("GSP_O2", -1.0), ("GSP_TWID", 0.0), ("GSP_H2O", "much")]
)
def test_cards_that_cannot_be_are_no_absorption(keyword: str, value: float | str) -> None:
    header = fits.Header()
    cards.write(header, of_standard())
    header[keyword] = value
    assert cards.read(header) is None
    assert cards.read(fits.Header()) is None


def test_a_gas_that_the_standard_did_not_show_is_not_made_up() -> None:
    seen = observed(np.random.default_rng(8), air=AIR, fwhm=FWHM, signal=1.5)
    dry = replace(of_standard(), measured=frozenset({Gas.OXYGEN}))
    found = corrected(seen, dry, noise=2.0)
    assert np.all(found.transmission[(AIR > 8080) & (AIR < 8370)] == 1)
    assert found.transmission.min() < 0.5
