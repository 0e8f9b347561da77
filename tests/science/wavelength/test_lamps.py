"""The lamp library is whole, and its line lists are air wavelengths of known lines."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.errors import NoWavelengthSolution
from reduction.lines.lamps import LAMP_ELEMENTS, grooves_per_mm, laboratory_lines, library
from reduction.notice_codes import NoticeCode
from tests.support.notices import refused


def test_library_holds_the_80_published_lamps() -> None:
    lamps = library().lamps
    assert len(lamps) == 80
    assert {lamp.lamp for lamp in lamps} <= set(LAMP_ELEMENTS)
    assert all(lamp.flux.size in (4060, 3096) and lamp.flux.max() > 1000 for lamp in lamps)
    assert all(lamp.filter_2 in ("NO_FILTER",) or lamp.filter_2[2:].isdigit() for lamp in lamps)


def test_a_lamp_agrees_with_its_published_header() -> None:
    # values of the header of goodman_comp_930M2_HgArNe.fits
    (lamp,) = library().find(wavmode="930_M2", lamp="HgArNe")
    assert (lamp.cam_targ, lamp.grt_targ, lamp.first_column) == (25.2, 12.6, 50.0)
    np.testing.assert_allclose(lamp.pixel[0], 610.6013666262957)
    np.testing.assert_allclose(lamp.wavelength, [4046.563, 4072.005, 4358.328, 5460.735], atol=1e-9)
    np.testing.assert_allclose(lamp.solution(lamp.pixel), lamp.wavelength, atol=1e-3)


@pytest.mark.parametrize(
    ("element", "line"),
    [("Hg", 5460.735), ("Ne", 5852.488), ("Ar", 7635.106), ("He", 5875.62), ("Fe", 4045.81)],
)
def test_line_lists_are_air_wavelengths(element: str, line: float) -> None:
    wavelength, strength = laboratory_lines([element])
    assert np.abs(wavelength - line).min() < 0.02
    assert np.all(np.diff(wavelength) >= 0)
    assert np.all(strength > 0)


def test_a_single_spectrum_can_be_asked_for() -> None:
    neutral, _ = laboratory_lines(["Ar I"])
    ionised, _ = laboratory_lines(["Ar II"])
    both, _ = laboratory_lines(["Ar"])
    assert neutral.size + ionised.size == both.size > 200


def test_an_unknown_element_is_refused() -> None:
    with refused(NoWavelengthSolution, NoticeCode.ELEMENT_UNKNOWN, element="Xx"):
        laboratory_lines(["Xx"])


@pytest.mark.parametrize(
    ("name", "grooves"), [("SYZY_930", 930), ("400_SYZY", 400), ("1200_RALC_BLUE", 1200)]
)
def test_groove_density_is_read_from_the_name(name: str, grooves: float) -> None:
    assert grooves_per_mm(name) == grooves


def test_a_grating_without_number_is_refused() -> None:
    with refused(NoWavelengthSolution, NoticeCode.GRATING_UNKNOWN, grating="NO_GRATING"):
        grooves_per_mm("NO_GRATING")
