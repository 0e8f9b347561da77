"""Electrons to flux, against a source whose flux is known, with photon noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reduction.flux.calibration import apply
from reduction.frames import PixelFlag, Spectrum
from reduction.wavelength.axis.medium import to_vacuum
from tests.support.science import flux_scenes
from tests.support.science.flux_scenes import hazy, true_flux, true_sensitivity


def calibrated(spectrum: Spectrum, response: Spectrum, airmass: float = 1.6) -> Spectrum:
    air = apply.air_wavelength(spectrum)
    dimming = hazy(air) * airmass
    known = apply.on_axis(response, air)
    seconds = float(spectrum.header["EXPTIME"])
    factor = apply.conversion(spectrum, known, exposure=seconds, dimming=dimming)
    return apply.in_flux(spectrum, factor)


def test_the_flux_is_that_of_the_source() -> None:
    made = calibrated(flux_scenes.observed(), flux_scenes.sensitivity())
    assert made.wavelength is not None
    np.testing.assert_allclose(made.flux, true_flux(made.wavelength), rtol=2e-5)
    assert made.header["BUNIT"] == "erg / (s cm2 Angstrom)"


@pytest.mark.parametrize("seconds", [0.17, 1200.0])
@pytest.mark.parametrize("step", [0.8, 7.0])
def test_neither_exposure_nor_dispersion_changes_the_flux(seconds: float, step: float) -> None:
    air = np.arange(5000.0, 8000.0, step)
    made = calibrated(flux_scenes.observed(air=air, EXPTIME=seconds), flux_scenes.sensitivity())
    np.testing.assert_allclose(made.flux, true_flux(air), rtol=2e-5)


def test_the_variance_is_that_of_the_photons() -> None:
    rng = np.random.default_rng(3)
    pulls = []
    for _ in range(20):
        made = calibrated(flux_scenes.observed(rng), flux_scenes.sensitivity())
        assert made.wavelength is not None
        pulls.append((made.flux - true_flux(made.wavelength)) / np.sqrt(made.variance))
    spread = np.std(pulls)
    assert 0.97 < spread < 1.03
    assert abs(np.mean(pulls)) < 0.03


def test_faint_fluxes_keep_their_variance() -> None:
    air = np.arange(5000.0, 8000.0, 2.0)
    faint = flux_scenes.observed(air=air, flux=np.full(air.size, 1e-20))
    made = calibrated(faint, flux_scenes.sensitivity())
    assert made.flux.dtype == made.variance.dtype == np.float64
    assert np.all(made.variance > 0)
    np.testing.assert_allclose(made.flux, 1e-20, rtol=2e-5)


def test_an_axis_in_vacuum_gives_the_flux_at_the_same_light() -> None:
    in_air = np.arange(5000.0, 8000.0, 2.0)
    steep = np.exp(-0.5 * ((in_air - 6500) / 30) ** 2)
    spectrum = flux_scenes.observed(air=in_air, flux=1e-15 * (1 + steep))
    spectrum.wavelength = to_vacuum(in_air)
    spectrum.header["AIRORVAC"] = "vacuum"
    made = calibrated(spectrum, flux_scenes.sensitivity())
    # 0.03 %: the flux is one per ångström in vacuum
    np.testing.assert_allclose(made.flux, 1e-15 * (1 + steep), rtol=4e-4)


def test_a_sensitivity_in_vacuum_is_understood() -> None:
    response = flux_scenes.sensitivity()
    assert response.wavelength is not None
    steep = flux_scenes.sensitivity()
    edge = 1 / (1 + np.exp(-(response.wavelength - 6000) / 5))
    steep.flux = true_sensitivity(response.wavelength) * (0.1 + edge)
    in_air = apply.on_axis(steep, np.arange(5950.0, 6050.0))
    assert steep.wavelength is not None
    steep.wavelength = to_vacuum(steep.wavelength)
    steep.header["AIRORVAC"] = "vacuum"
    again = apply.on_axis(steep, np.arange(5950.0, 6050.0))
    np.testing.assert_allclose(again.value, in_air.value, rtol=1e-6)


@given(first=st.floats(4000, 9500), span=st.floats(0, 4000), gap=st.floats(4600, 9000))
def test_nothing_is_extrapolated_and_no_gap_is_bridged(
    first: float, span: float, gap: float
) -> None:
    response = flux_scenes.sensitivity(first, first + span)
    assert response.wavelength is not None
    response.flux[np.abs(response.wavelength - gap) < 20] = np.nan
    spectrum = flux_scenes.observed()
    made = calibrated(spectrum, response)
    assert made.wavelength is not None
    good = response.wavelength[np.isfinite(response.flux)]
    out = np.ones(made.wavelength.size, dtype=bool)
    if good.size:
        out = (made.wavelength < good[0]) | (made.wavelength > good[-1])
        out |= np.abs(made.wavelength - gap) < 20
    assert np.all(np.isnan(made.flux[out]))
    assert np.all(np.isinf(made.variance[out]))
    assert np.all(made.mask[out] & PixelFlag.NO_SENSITIVITY)
    inside = np.isfinite(made.flux)
    assert not np.any(made.mask[inside] & PixelFlag.NO_SENSITIVITY)
    np.testing.assert_allclose(made.flux[inside], true_flux(made.wavelength[inside]), rtol=2e-5)


def test_a_bad_pixel_stays_bad_and_has_no_variance() -> None:
    spectrum = flux_scenes.observed()
    spectrum.flux[100], spectrum.variance[100], spectrum.mask[100] = np.nan, np.inf, 1
    spectrum.mask[200] = PixelFlag.SECOND_ORDER
    made = calibrated(spectrum, flux_scenes.sensitivity())
    assert np.isnan(made.flux[100]) and np.isinf(made.variance[100])
    assert made.mask[100] == PixelFlag.BAD
    assert made.mask[200] == PixelFlag.SECOND_ORDER


def test_the_sky_stays_in_proportion() -> None:
    spectrum = flux_scenes.observed(sky=250.0)
    made = calibrated(spectrum, flux_scenes.sensitivity())
    assert made.sky is not None
    np.testing.assert_allclose(made.sky / made.flux, 250.0 / spectrum.flux, rtol=1e-12)


def test_without_a_known_loss_nothing_is_added() -> None:
    spectrum = flux_scenes.observed(loss=0.05)
    spectrum.loss = None
    made = calibrated(spectrum, flux_scenes.sensitivity())
    assert made.wavelength is not None
    np.testing.assert_allclose(made.flux, 0.95 * true_flux(made.wavelength), rtol=2e-5)


def test_light_that_is_nearly_all_outside_of_the_aperture_is_not_restored() -> None:
    spectrum = flux_scenes.observed()
    assert spectrum.loss is not None
    spectrum.loss[:100], spectrum.loss[100:200] = 0.95, np.nan
    made = calibrated(spectrum, flux_scenes.sensitivity())
    assert np.isnan(made.flux[:100]).all() and np.isinf(made.variance[:100]).all()
    assert np.isfinite(made.flux[100:]).all()
