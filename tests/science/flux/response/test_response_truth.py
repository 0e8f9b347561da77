"""The response of simulated standard stars against the one that they were made with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reduction.flux.references.library import Reference
from reduction.flux.response import counts as rates
from reduction.flux.response.bands import ResponseMask
from reduction.flux.response.model import FitOptions, Response
from reduction.flux.response.response import measure
from reduction.frames import PixelFlag, Spectrum
from reduction.wavelength.axis.medium import to_air, to_vacuum
from tests.support.notices import codes
from tests.support.truth import standard_stars as truth
from tests.support.truth.standard_stars import Exposure

STARS = {
    "white dwarf": truth.star_flux(),
    "A": truth.star_flux(10000, 0.6, 10, 2e-12, jump=0.4),
    "hot": truth.star_flux(30000, 0.15, 6, 3e-13),
    "cool": truth.star_flux(6000, 0.15, 4, 3e-14),
}


def deviation(found: Response, how: Exposure, first: float, last: float) -> np.ndarray:
    """Logarithm of measured over true sensitivity, within a range."""
    inside = (found.wavelength > first) & (found.wavelength < last)
    inside &= np.isfinite(found.sensitivity)
    expected = truth.true_sensitivity(how.mode, found.wavelength) * how.grey
    return np.log(found.sensitivity[inside] / expected[inside])


def response(
    how: Exposure, kind: str = "white dwarf", width: float = 0.0, seed: int = 1
) -> Response:
    spectrum = truth.observed(STARS[kind], how, np.random.default_rng(seed))
    reference = truth.table(STARS[kind], width, bands_inside=width > 0)
    return measure(spectrum, truth.star(reference, kind=kind), how.known_airmass())


@pytest.mark.parametrize("mode", truth.RANGES)
@pytest.mark.parametrize("kind", STARS)
@pytest.mark.parametrize("width", [0.0, 16.0, 50.0])
def test_shape_and_level(mode: str, kind: str, width: float) -> None:
    how = Exposure(mode=mode)
    found = response(how, kind, width)
    off = deviation(found, how, 4000, 8800)
    assert off.size > 1000
    assert np.std(off) < 0.005
    assert abs(np.median(off)) < 0.005
    assert np.max(np.abs(deviation(found, how, 3300, 4000)), initial=0.0) < 0.06


def test_variance_is_that_of_the_noise() -> None:
    how = Exposure(mode="400_M1", seconds=0.5)
    found = [response(how, "hot", 0.0, seed) for seed in range(40)]
    middle = slice(400, 1900, 50)
    spread = np.std([np.log(each.sensitivity[middle]) for each in found], axis=0)
    stated = np.sqrt(found[0].variance[middle]) / found[0].sensitivity[middle]
    assert 0.85 < np.median(spread / stated) < 1.15
    off = np.array([deviation(each, how, 4000, 7000) for each in found])
    assert np.max(np.abs(off.mean(axis=0))) < 0.01


def test_systematic_error_covers_the_deviation() -> None:
    how = Exposure(mode="400_M1")
    found = response(how, "A", 50.0)
    inside = np.isfinite(found.sensitivity)
    off = np.abs(np.log(found.sensitivity / truth.true_sensitivity(how.mode, found.wavelength)))
    assert np.mean(off[inside] < found.systematic[inside]) > 0.9
    assert np.nanmin(found.systematic) >= 0.025
    assert np.isnan(found.systematic[~inside]).all()


def test_star_calibrated_by_itself() -> None:
    how = Exposure(mode="400_M2", with_telluric=False)
    flux = STARS["white dwarf"]
    spectrum = truth.observed(flux, how, np.random.default_rng(5))
    found = measure(spectrum, truth.star(truth.table(flux, 0.0)), how.known_airmass())
    table = rates.rate_of(spectrum)
    extinction = truth.extinction_at(table.wavelength)
    above = rates.above_atmosphere(table, extinction, how.airmass)
    published = np.interp(table.wavelength, truth.GRID, truth.at_resolution(flux, how.resolution))
    ratio = above.rate / found.sensitivity / published
    assert abs(np.nanmedian(ratio) - 1) < 0.002
    deviation_median = np.nanmedian(np.abs(ratio - 1))
    noise = np.nanmedian(np.sqrt(above.variance) / above.rate)
    assert deviation_median < 0.7 * noise + 0.002


def test_wavelengths_in_vacuum() -> None:
    how = Exposure(mode="400_M1")
    spectrum = truth.observed(STARS["A"], how)
    vacuum = to_vacuum(spectrum.wavelength)
    header = spectrum.header.copy()
    header["AIRORVAC"], header["CTYPE1"] = "vacuum", "WAVE"
    other = replace(spectrum, wavelength=vacuum, header=header)
    star = truth.star(truth.table(STARS["A"], 16.0), kind="A")
    one, two = (measure(each, star, how.known_airmass()) for each in (spectrum, other))
    assert np.allclose(two.wavelength, to_air(vacuum))
    assert np.allclose(one.sensitivity, two.sensitivity, rtol=2e-3, equal_nan=True)


def test_exposure_time_and_loss_of_the_aperture_are_allowed_for() -> None:
    how = Exposure(mode="400_M1")
    spectrum = truth.observed(STARS["A"], how)
    loss = np.linspace(0.05, 0.15, spectrum.flux.size)
    header = spectrum.header.copy()
    header["EXPTIME"] = 2 * how.seconds
    lossy = replace(
        spectrum,
        flux=2 * spectrum.flux * (1 - loss),
        variance=4 * spectrum.variance * (1 - loss) ** 2,
        header=header,
        loss=loss,
    )
    star = truth.star(truth.table(STARS["A"], 16.0), kind="A")
    one, two = (measure(each, star, how.known_airmass()) for each in (spectrum, lossy))
    assert np.allclose(one.sensitivity, two.sensitivity, rtol=1e-6, equal_nan=True)


def test_never_extrapolated() -> None:
    flux, how = STARS["hot"], Exposure(mode="400_M1")
    whole = truth.table(flux, 50.0)
    part = (whole.wavelength > 4200) & (whole.wavelength < 6100)
    star = truth.star(_part(whole, part), kind="hot")
    found = measure(truth.observed(flux, how), star, how.known_airmass())
    assert 4190 <= found.first <= 4260
    assert 6040 <= found.last <= 6110
    outside = (found.wavelength < found.first) | (found.wavelength > found.last)
    assert np.isnan(found.sensitivity[outside]).all()
    assert np.isinf(found.variance[outside]).all()
    assert (found.masked[outside] & ResponseMask.EDGE).all()


def test_reference_ends_in_a_masked_band() -> None:
    flux, how = STARS["hot"], Exposure(mode="400_M2")
    found = measure(
        truth.observed(flux, how),
        truth.star(truth.table(flux, 50.0, bands_inside=True), kind="hot"),
        how.known_airmass(),
    )
    assert found.last < 8960  # the band of H2O begins, and the spectrum ends in it


def test_better_reference_over_its_range() -> None:
    flux, how = STARS["hot"], Exposure(mode="400_M1", with_telluric=False)
    better = truth.table(flux, 0.0)
    better = _part(better, (better.wavelength > 3300) & (better.wavelength < 5500))
    other = truth.table(flux * 1.03, 50.0)
    star = truth.star(better, other, kind="hot")
    found = measure(truth.observed(flux, how), star, how.known_airmass())
    assert found.source == "Moehler + Hamuy"
    assert found.rank == 1
    assert found.last > 6900
    off = deviation(found, how, 4000, 6900)
    assert np.max(np.abs(off)) < 0.008  # the level is that of the better one everywhere


def test_bands_are_masked() -> None:
    found = response(Exposure(mode="400_M2"), "white dwarf", 50.0)
    for at, bit in (
        (6562.8, ResponseMask.BALMER),
        (6880.0, ResponseMask.TELLURIC),
        (7620.0, ResponseMask.TELLURIC),
        (8200.0, ResponseMask.TELLURIC),
    ):
        assert found.masked[np.argmin(np.abs(found.wavelength - at))] & bit
    free = found.masked[np.argmin(np.abs(found.wavelength - 6000.0))]
    assert free == 0


def test_lines_are_used_when_they_are_not_to_be_masked() -> None:
    how = Exposure(mode="400_M1")
    spectrum = truth.observed(STARS["A"], how, np.random.default_rng(1))
    star = truth.star(truth.table(STARS["A"], 0.0), kind="A")
    found = measure(spectrum, star, how.known_airmass(), FitOptions(mask_lines=False))
    assert not (found.masked & ResponseMask.BALMER).any()
    assert np.std(deviation(found, how, 4000, 7000)) < 0.01


def test_weak_bands_of_the_atmosphere() -> None:
    """Where the transmission is known, absorption outside of the masks does not go into S."""
    how = Exposure(mode="400_M2", with_telluric=False)
    spectrum = truth.observed(STARS["hot"], how)
    passed = 1 - 0.03 * np.exp(-(((spectrum.wavelength - 7060) / 60) ** 2))
    absorbed = replace(spectrum, flux=spectrum.flux * passed)
    star = truth.star(truth.table(STARS["hot"], 0.0), kind="hot")
    known = measure(absorbed, star, how.known_airmass(), transmission=passed)
    unknown = measure(absorbed, star, how.known_airmass())
    assert np.max(np.abs(deviation(known, how, 6950, 7150))) < 0.005
    assert np.max(np.abs(deviation(unknown, how, 6950, 7150))) > 0.01
    inside = truth.star(truth.table(STARS["hot"], 50.0, bands_inside=True), kind="hot")
    found = measure(spectrum, inside, how.known_airmass(), transmission=passed)
    without = measure(spectrum, inside, how.known_airmass())
    assert np.array_equal(found.sensitivity, without.sensitivity, equal_nan=True)


@pytest.mark.parametrize("shift", [-14.0, 9.0])
def test_shifted_wavelengths(shift: float) -> None:
    how = Exposure(mode="400_M1", resolution=4.0, shift=shift)
    found = response(how, "white dwarf")
    [told] = [each for each in found.notices if each.code == "standard_shifted"]
    assert told.params["shift"] == pytest.approx(shift, abs=0.6)
    assert np.std(deviation(found, how, 4000, 7000)) < 0.01


def test_no_shift_is_found_where_there_is_none() -> None:
    for kind in STARS:
        assert "standard_shifted" not in codes(response(Exposure(), kind).notices)


def test_cosmic_rays_and_bad_pixels_do_no_harm() -> None:
    how = Exposure(mode="400_M1")
    spectrum = truth.observed(STARS["hot"], how, np.random.default_rng(3))
    spectrum.flux[[500, 900, 1400]] *= 3.0
    spectrum.flux[700:705] = np.nan
    spectrum.variance[700:705] = np.inf
    spectrum.mask[700:705] |= np.uint8(PixelFlag.BAD)
    star = truth.star(truth.table(STARS["hot"], 0.0), kind="hot")
    found = measure(spectrum, star, how.known_airmass())
    assert np.std(deviation(found, how, 4000, 7000)) < 0.005


@pytest.mark.parametrize(("kind", "reaches"), [("cool", 7000.0), ("hot", 6850.0)])
def test_second_order(kind: str, reaches: float) -> None:
    """Light of half the wavelength is added; where it may be too much there is no point."""
    how = Exposure(mode="400_M1", with_telluric=False)
    spectrum = truth.observed(STARS[kind], how, np.random.default_rng(1))
    flagged = spectrum.wavelength > 6400
    spectrum.mask[flagged] |= np.uint8(PixelFlag.SECOND_ORDER)
    blue = np.interp(spectrum.wavelength / 2, spectrum.wavelength, spectrum.flux)
    spectrum.flux[flagged] += 0.5 * 0.2 * blue[flagged]
    star = truth.star(truth.table(STARS[kind], 0.0), kind=kind)
    found = measure(spectrum, star, how.known_airmass())
    assert found.last > reaches
    off = deviation(found, how, 6400, 7050)
    assert np.max(np.abs(off)) < 0.15
    inside = (found.wavelength > 6400) & np.isfinite(found.sensitivity)
    assert np.all(np.abs(off) < 1.5 * found.systematic[inside])


@pytest.mark.parametrize(("glass", "last"), [("NO_FILTER", 7000.0), ("GG455", 8880.0)])
def test_second_order_of_what_is_not_seen(glass: str, last: float) -> None:
    """Half the wavelength lies outside of the spectrum; the filter says how far it reaches."""
    how = Exposure(mode="400_M2", cards={"FILTER2": glass})
    spectrum = truth.observed(STARS["hot"], how, np.random.default_rng(1))
    first = 6400 if glass == "NO_FILTER" else 8700
    spectrum.mask[spectrum.wavelength > first] |= np.uint8(PixelFlag.SECOND_ORDER)
    star = truth.star(truth.table(STARS["hot"], 0.0), kind="hot")
    found = measure(spectrum, star, how.known_airmass())
    assert last - 350 < found.last < last + 80
    beyond = (found.wavelength > last + 80) & (found.wavelength < 8900)
    assert (found.masked[beyond] & ResponseMask.SECOND_ORDER).all()


def test_points_are_the_ratio() -> None:
    how = Exposure(mode="400_M1")
    found = response(how, "A", 16.0)
    there = np.isfinite(found.points) & (found.masked == 0)
    there &= (found.wavelength > 4000) & (found.wavelength < 7000)
    expected = truth.true_sensitivity(how.mode, found.wavelength[there])
    assert np.allclose(found.points[there], expected, rtol=0.03)
    assert found.points_used >= there.sum()
    magnitudes = 2.5 * np.log10(found.points[there] / found.sensitivity[there])
    assert np.allclose(found.residual[there], magnitudes, atol=0.01)


def _part(reference: Reference, chosen: np.ndarray) -> Reference:
    return replace(
        reference,
        wavelength=reference.wavelength[chosen],
        flux=reference.flux[chosen],
        uncertainty=reference.uncertainty[chosen],
    )


def test_spectrum_type() -> None:
    assert isinstance(truth.observed(STARS["A"], Exposure()), Spectrum)
