"""What makes a flux wrong is refused, or said with the product: nothing of it is silent."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from reduction.errors import ReductionError
from reduction.frames import Product
from reduction.notice_codes import NoticeCode, Severity
from reduction.simulation import Weather
from reduction.simulation.light import Exposure
from reduction.simulation.sources import Source
from reduction.simulation.standards.places import position
from tests.support.notices import codes
from tests.support.truth.flux_accuracy import compare
from tests.support.truth.flux_chain import flux_of, sensitivity_of, spectrum_of
from tests.support.truth.flux_nights import NO_SLIT_LOSS, START, Observed, mode_of, night, observe

TARGET = (Source("Target", "blazar", 15.0, 8, 6.5),)


@lru_cache(maxsize=8)
def of(setup: str, weather: Weather = NO_SLIT_LOSS) -> tuple[Observed, Observed]:
    """Return a standard star and a target of a night."""
    star, target = night(mode_of(setup), TARGET, stars=("EG 274",), weather=weather)
    return star, target


@lru_cache(maxsize=8)
def good(setup: str = "400_M2") -> Product:
    return sensitivity_of(of(setup)[0])


def standard(setup: str = "400_M2", weather: Weather = NO_SLIT_LOSS, **changes: object) -> Observed:
    """Observe EG 274 in another way."""
    mode = mode_of(setup)
    plan = mode.plan(4, n_science=0, standards=("EG 274",), weather=weather, start=START)
    [exposure] = [one for one in plan.exposures if one.facts.kind == "science"]
    facts = replace(exposure.facts, **changes)  # type: ignore[arg-type]
    return observe(mode, plan, replace(exposure, facts=facts), plan.exposures[-1])


def warnings(notices: Iterable[object]) -> list[NoticeCode]:
    """Return the codes of what is more than a remark."""
    return [one.code for one in notices if one.code.severity >= Severity.WARNING]  # type: ignore[attr-defined]


def test_the_good_night_is_as_it_should_be() -> None:
    star, target = of("400_M2")
    assert warnings(good().notices) == []
    assert abs(compare(target, spectrum_of(flux_of(target, good())).flux).level) < 0.01
    assert star.truth.n_saturated == 0


@pytest.mark.parametrize("setup", ["400_M1", "400_M2"])
@pytest.mark.parametrize("named", ["LTT 7987", "LTT 6248", "Feige 110"])
def test_another_star_than_the_header_says(setup: str, named: str) -> None:
    pointing = position(named, START)
    seen = standard(setup, object_name=named.replace(" ", ""), pointing=pointing)
    try:
        made = sensitivity_of(seen)
    except ReductionError:
        return
    assert warnings(made.notices)


def test_name_of_one_star_at_the_place_of_another() -> None:
    seen = standard(object_name="LTT7987")
    with pytest.raises(ReductionError):
        sensitivity_of(seen)
    assert sensitivity_of(seen, star="EG 274").quality["star"] == "EG 274"


def test_no_standard_star() -> None:
    with pytest.raises(ReductionError):
        sensitivity_of(of("400_M2")[1])


@pytest.mark.parametrize("cloud", [0.15, 0.02, 1e-4])
def test_clouds_before_the_standard_star(cloud: float) -> None:
    try:
        made = sensitivity_of(standard(weather=replace(NO_SLIT_LOSS, cloud=cloud)))
    except ReductionError:
        return
    assert warnings(made.notices)


@pytest.mark.parametrize("seconds", [340.0, 420.0, 600.0, 1500.0])
def test_saturated_standard_star(seconds: float) -> None:
    try:
        seen = standard(exptime=seconds)
        assert seen.truth.n_saturated > 0
        made = sensitivity_of(seen)
    except ReductionError:
        return
    assert codes(made.notices) or codes(seen.product.notices)
    target = of("400_M2")[1]
    assert compare(target, spectrum_of(flux_of(target, made)).flux).shape < 0.02


@pytest.mark.parametrize(("of_star", "of_target"), [("400_M1", "400_M2"), ("400_M2", "930_M3")])
def test_sensitivity_of_another_setup(of_star: str, of_target: str) -> None:
    with pytest.raises(ReductionError):
        flux_of(of(of_target)[1], good(of_star))


def test_sensitivity_without_a_wavelength_in_common() -> None:
    moved = copy.deepcopy(good())
    spectrum = spectrum_of(moved)
    assert spectrum.wavelength is not None
    spectrum.wavelength += 6000
    with pytest.raises(ReductionError):
        flux_of(of("400_M2")[1], moved)


def test_sensitivity_with_little_in_common_covers_that_alone() -> None:
    moved = copy.deepcopy(good())
    spectrum = spectrum_of(moved)
    assert spectrum.wavelength is not None
    spectrum.flux[spectrum.wavelength > 6000] = np.nan
    target = of("400_M2")[1]
    product = flux_of(target, moved)
    assert codes(product.notices)
    made = spectrum_of(product)
    assert np.isnan(made.flux[target.wavelength > 6010]).all()
    assert np.isfinite(made.flux[target.wavelength < 5990]).mean() > 0.9


def test_narrow_slit_is_relative_and_says_so() -> None:
    star, target = of("400_M2", Weather())
    product = flux_of(target, sensitivity_of(star))
    assert product.quality["grade"] in {"relative", "shape only"}
    assert codes(product.notices)


def test_blue_light_lost_by_refraction_is_in_the_systematic_error() -> None:
    weather = Weather(refraction=True, position_angle=90.0)
    star, _ = of("400_M1")
    low = _low(weather)
    product = flux_of(low, sensitivity_of(star))
    assert product.quality["grade"] != "absolute"
    made = spectrum_of(product)
    blue = (low.wavelength > 4000) & (low.wavelength < 4200)
    red = (low.wavelength > 6000) & (low.wavelength < 6200)
    ratio = made.flux / low.true_flux
    tilt = abs(np.nanmedian(ratio[blue]) / np.nanmedian(ratio[red]) - 1)
    stated = np.nanmedian((made.planes["SYS"] / np.abs(made.flux))[blue])
    assert tilt > 0.05, "the light is lost"
    assert codes(product.notices)
    assert tilt < 3 * stated


@lru_cache(maxsize=1)
def _low(weather: Weather) -> Observed:
    """Observe a target at an airmass of 1.7, with the corrector parked."""
    mode = mode_of("400_M1")
    plan = mode.plan(4, n_science=0, standards=("LTT 7987",), weather=weather, start=START)
    exposure: Exposure = plan.exposures[1]
    facts = replace(exposure.facts, object_name="Target")
    blurred = replace(TARGET[0], seeing_power=weather.seeing_power)
    return observe(
        mode, plan, replace(exposure, facts=facts, sources=(blurred,)), plan.exposures[2]
    )


@pytest.mark.parametrize("card", [199.88, 0.0, -1.0])
def test_absurd_airmass_of_the_header_is_not_believed(card: float) -> None:
    star, target = of("400_M2")
    odd = copy.deepcopy(star)
    odd.spectrum.header["AIRMASS"] = card
    made = sensitivity_of(odd)
    assert float(made.quality["airmass"]) == pytest.approx(star.truth.airmass, rel=0.01)  # type: ignore[arg-type]
    assert abs(compare(target, spectrum_of(flux_of(target, made)).flux).level) < 0.01
