"""What gives no sensitivity, or one with a remark: nothing of it is silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reduction.errors import HeaderError, NoSensitivity, ReductionError
from reduction.flux.references.library import star_of
from reduction.flux.response import site_library
from reduction.flux.response.response import Response, measure
from reduction.frames import PixelFlag, Spectrum
from tests.support.notices import codes
from tests.support.truth import standard_stars as truth
from tests.support.truth.standard_stars import Exposure

FLUX = truth.star_flux()
STAR = truth.star(truth.table(FLUX, 0.0))


def spectrum(how: Exposure | None = None, flux: np.ndarray = FLUX, seed: int = 1) -> Spectrum:
    return truth.observed(flux, how or Exposure(), np.random.default_rng(seed))


def refused(*arguments: object) -> str:
    with pytest.raises(NoSensitivity) as caught:
        measure(*arguments)  # type: ignore[arg-type]
    return str(caught.value.notice.code)


class TestAnotherStar:
    KINDS = {
        "cool": truth.star_flux(6000, 0.15, 4, 3e-14),
        "A": truth.star_flux(9000, 0.8, 16, 3e-14, jump=0.4),
        "hot": truth.star_flux(40000, 0.1, 5, 3e-14),
        "white dwarf": FLUX,
    }

    @pytest.mark.parametrize("mode", ["400_M1", "400_M2"])
    @pytest.mark.parametrize("observed", KINDS)
    @pytest.mark.parametrize("named", KINDS)
    def test_of_another_kind(self, mode: str, observed: str, named: str) -> None:
        how = Exposure(mode=mode)
        seen = spectrum(how, self.KINDS[observed])
        star = truth.star(truth.table(self.KINDS[named], 16.0), kind=named)
        if observed == named:
            assert measure(seen, star, how.known_airmass()).notices == ()
            return
        try:
            found = measure(seen, star, how.known_airmass())
            # Some are to be seen only against earlier nights of the setup.
            earlier = [self.night(mode, seed) for seed in range(3)]
            notices = site_library.judge(found, earlier)
        except NoSensitivity as error:
            assert error.notice.code in {"standard_not_the_star", "standard_colour"}
        else:
            assert codes(notices or ()) == ["throughput_shape"]

    def night(self, mode: str, seed: int) -> Response:
        how = Exposure(mode=mode)
        return measure(spectrum(how, seed=seed), STAR, how.known_airmass())

    def test_much_brighter(self) -> None:
        seen = spectrum(flux=FLUX * 30)
        assert refused(seen, STAR, Exposure().known_airmass()) == "throughput_absurd"


class TestLight:
    def test_saturated(self) -> None:
        seen = spectrum()
        seen.mask[800:1200] |= np.uint8(PixelFlag.SATURATED)
        assert refused(seen, STAR, Exposure().known_airmass()) == "standard_saturated"

    def test_a_few_saturated_pixels_are_left_out(self) -> None:
        seen = spectrum()
        seen.mask[800:820] |= np.uint8(PixelFlag.SATURATED)
        seen.flux[800:820] *= 0.6
        found = measure(seen, STAR, Exposure().known_airmass())
        truly = truth.true_sensitivity("400_M1", found.wavelength)
        assert np.allclose(found.sensitivity[700:900], truly[700:900], rtol=0.01)
        assert "standard_partly_saturated" in codes(found.notices)

    def test_too_faint(self) -> None:
        how = Exposure(seconds=0.01)
        assert refused(spectrum(how), STAR, how.known_airmass()) == "standard_too_faint"

    @pytest.mark.parametrize(("grey", "code"), [(0.1, "throughput_low"), (1.9, "throughput_high")])
    def test_clouds_are_said(self, grey: float, code: str) -> None:
        how = Exposure(grey=grey)
        found = measure(spectrum(how), STAR, how.known_airmass())
        assert codes(found.notices) == [code]
        assert found.throughput_ratio == pytest.approx(grey, rel=0.5)

    def test_closed(self) -> None:
        how = Exposure(grey=0.001, seconds=3000)
        assert refused(spectrum(how), STAR, how.known_airmass()) == "throughput_absurd"


class TestOverlap:
    def test_none(self) -> None:
        whole = truth.table(FLUX, 50.0)
        red = whole.wavelength > 7500
        part = replace(
            whole,
            wavelength=whole.wavelength[red],
            flux=whole.flux[red],
            uncertainty=whole.uncertainty[red],
        )
        code = refused(spectrum(), truth.star(part), Exposure().known_airmass())
        assert code == "standard_no_overlap"

    def test_no_wavelengths(self) -> None:
        with pytest.raises(HeaderError):
            measure(replace(spectrum(), wavelength=None), STAR, Exposure().known_airmass())

    @pytest.mark.parametrize("seconds", [0.0, -3.0, None])
    def test_no_exposure_time(self, seconds: float | None) -> None:
        seen = spectrum()
        if seconds is None:
            del seen.header["EXPTIME"]
        else:
            seen.header["EXPTIME"] = seconds
        with pytest.raises(HeaderError) as caught:
            measure(seen, STAR, Exposure().known_airmass())
        assert caught.value.keyword == "EXPTIME"


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_any_pixels_give_a_response_or_a_notice(data: st.DataObject) -> None:
    seen = spectrum()
    n = seen.flux.size
    for _ in range(data.draw(st.integers(1, 3))):
        first = data.draw(st.integers(0, n - 1))
        last = data.draw(st.integers(first, n))
        value = data.draw(st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1e5, 1e12, 1e300]))
        seen.flux[first:last] = value
        seen.variance[first:last] = data.draw(st.sampled_from([0.0, np.inf, np.nan, 1.0, -1.0]))
        seen.mask[first:last] |= np.uint8(data.draw(st.sampled_from([0, 1, 2, 4, 16, 32])))
    star = data.draw(st.sampled_from([STAR, star_of("LTT 7379"), star_of("Feige 110")]))
    try:
        found = measure(seen, star, Exposure().known_airmass())
    except ReductionError:
        return
    known = np.isfinite(found.sensitivity)
    assert (found.sensitivity[known] > 0).all()
    assert np.isfinite(found.variance[known]).all()
    assert np.isfinite(found.systematic[known]).all()
