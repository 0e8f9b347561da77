"""Simulated standard stars hold what their truth says; altitudes are those of other programs."""

from __future__ import annotations

import datetime as dt

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.time import Time
from astropy.utils import iers

from reduction.errors import ReductionError
from reduction.flux.references.library import star_of
from reduction.notice_codes import NoticeCode
from reduction.simulation import Frame, NightPlan, Weather, frames, load_truth, standard_frame
from reduction.simulation.cards import airmass
from reduction.simulation.detector import ADC_MAX
from reduction.simulation.standards.places import LOWEST, visible
from tests.support.notices import refused

PLAN = NightPlan(7, n_bias=0, n_flat=0, n_science=2, rows=200, standards=("GD 153", "EG 274"))
SITE = EarthLocation(lat=-30.2380 * u.deg, lon=-70.7337 * u.deg, height=2738 * u.m)


@pytest.fixture(scope="module")
def night() -> list[Frame]:
    return [frame for frame in frames(PLAN) if frame.truth.kind == "science"]


def test_standards_begin_and_end_the_night_each_with_its_arc() -> None:
    kinds = [one.facts.kind for one in PLAN.exposures]
    assert kinds == ["arc", *["science", "arc"] * 4]
    names = [one.facts.object_name for one in PLAN.exposures if one.facts.kind == "science"]
    assert names[0] == "GD153"
    assert names[-1] == "EG274"
    assert not {"GD153", "EG274"} & set(names[1:-1])


def test_targets_are_those_of_the_night_without_standards() -> None:
    plain = NightPlan(7, n_bias=0, n_flat=0, n_science=2, rows=200)
    with_, without = (
        [one.sources[0] for one in plan.exposures if one.facts.kind == "science"]
        for plan in (PLAN, plain)
    )
    for a, b in zip(with_[1:-1], without, strict=True):
        assert (a.kind, a.magnitude, a.fwhm, a.offset) == (b.kind, b.magnitude, b.fwhm, b.offset)


def test_altitude_and_airmass_are_those_of_astropy(night: list[Frame]) -> None:
    with iers.conf.set_temp("auto_download", False):
        for frame in night:
            header = frame.header
            opened = Time(header["DATE-OBS"])
            place = SkyCoord(header["RA"], header["DEC"], unit=("hourangle", "deg"))
            middle = opened + header["EXPTIME"] / 2 * u.s
            start, half = (
                place.transform_to(AltAz(obstime=t, location=SITE)) for t in (opened, middle)
            )
            assert header["MOUNT_EL"] == pytest.approx(start.alt.deg, abs=0.03)
            assert header["AIRMASS"] == pytest.approx(float(start.secz), abs=0.01)
            assert frame.truth.airmass == pytest.approx(float(half.secz), rel=0.004)


def test_standard_points_at_the_star_with_its_proper_motion(night: list[Frame]) -> None:
    star = star_of("GD 153")
    assert star is not None
    header = night[0].header
    seen = SkyCoord(header["RA"], header["DEC"], unit=("hourangle", "deg"))
    catalogue = SkyCoord(
        star.ra * u.deg,
        star.dec * u.deg,
        pm_ra_cosdec=star.pm_ra * u.mas / u.yr,
        pm_dec=star.pm_dec * u.mas / u.yr,
        obstime=Time("J2000"),
    )
    now = catalogue.apply_space_motion(new_obstime=Time(header["DATE-OBS"]))
    assert seen.separation(now).arcsec < 0.1
    assert seen.separation(catalogue).arcsec > 2


def test_electrons_are_flux_times_sensitivity_through_air_and_slit(night: list[Frame]) -> None:
    for frame in night:
        truth, seconds = frame.truth, frame.header["EXPTIME"]
        smooth = (truth.wavelength > 5000) & (truth.wavelength < 5700)
        air = 10 ** (-0.4 * truth.extinction * truth.airmass) * truth.bands
        for source in truth.sources:
            expected = source.flux * truth.sensitivity * air * source.slit_transmission * seconds
            ratio = (source.electrons_per_angstrom / expected)[smooth]
            assert np.abs(ratio - 1).max() < 2e-3


def test_flux_is_that_of_the_reference(night: list[Frame]) -> None:
    star = star_of("EG 274")
    assert star is not None
    reference, truth = star.references[0], night[-1].truth
    smooth = (truth.wavelength > 5100) & (truth.wavelength < 6300)
    expected = np.interp(truth.wavelength, reference.wavelength, reference.flux)
    assert np.abs(truth.sources[0].flux / expected - 1)[smooth].max() < 5e-3


def test_light_on_the_detector_is_the_truth() -> None:
    frame = standard_frame(3, "EG 274", rows=200, weather=Weather(slit_loss=False))
    truth = frame.truth
    trace = truth.sources[0].trace
    electrons = truth.gain * (frame.data - truth.bias_level)
    electrons[truth.cosmic_ray_mask()] = np.nan
    rows = np.arange(truth.shape[0])[:, None]
    background = np.nanmedian(np.where(abs(rows - trace) > 60, electrons, np.nan), axis=0)
    near = np.abs(rows - trace) < 30
    seen = np.nansum(np.where(near, electrons - background, 0), axis=0)
    expected = truth.illumination.max() * truth.sources[0].electrons.reshape(-1, 2).sum(axis=1)
    middle = slice(300, 1700)
    assert np.nanmedian(seen[middle] / expected[middle]) == pytest.approx(1, abs=0.03)
    assert frame.data.max() < 0.8 * ADC_MAX
    assert frame.data[:, middle].max() > 0.05 * ADC_MAX


def test_cards_say_slit_angle_and_corrector(night: list[Frame]) -> None:
    assert night[0].header["POSANGLE"] == 0
    assert night[0].header["ADCSTAT"] == "IN"
    parked = standard_frame(3, "EG 274", rows=60, weather=Weather(refraction=True))
    assert parked.header["ADCSTAT"] == "PARK"
    assert "ADCSTAT" not in next(iter(frames(NightPlan(3, n_bias=1, rows=60)))).header


def test_truth_survives_its_file(
    night: list[Frame], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("truth") / "truth.npz"
    night[0].truth.save(path)
    read = load_truth(path)
    assert read.airmass == night[0].truth.airmass
    np.testing.assert_array_equal(read.sensitivity, night[0].truth.sensitivity)
    np.testing.assert_array_equal(read.sources[0].flux, night[0].truth.sources[0].flux)


@pytest.mark.parametrize("month", range(1, 13))
def test_every_evening_has_two_standards_at_a_reasonable_airmass(month: int) -> None:
    start = dt.datetime(2026, month, 3, 19, 30, tzinfo=dt.UTC)
    evening = start + dt.timedelta(hours=4)
    second = visible(evening + dt.timedelta(hours=2))
    first = visible(evening, without=(second,))
    plan = NightPlan(
        1, n_bias=0, n_flat=0, n_science=12, start=start, standards=(first, second), rows=60
    )
    stars = [one for one in plan.exposures if one.sources and one.sources[0].kind == "standard"]
    assert [one.facts.object_name for one in stars] == [
        name.replace(" ", "") for name in (first, second)
    ]
    assert first != second
    assert max(airmass(one.facts.opened, one.facts.pointing) for one in stars) < 1.75


def test_unknown_and_low_stars_are_refused() -> None:
    with refused(ReductionError, NoticeCode.SIMULATION_STAR_UNKNOWN, star="Zeta 2"):
        NightPlan(1, standards=("Zeta 2",))
    low = NightPlan(1, n_bias=0, n_flat=0, n_science=0, standards=("GD 71",))
    with refused(ReductionError, NoticeCode.SIMULATION_STAR_LOW, star="GD 71", least=LOWEST):
        _ = low.exposures
