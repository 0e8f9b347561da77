"""What a flux is good for, and the reasons."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from reduction.astrometry.airmass import airmass_of
from reduction.fits import card_repair, frame_io
from reduction.flux.calibration import setup
from reduction.flux.calibration.grade import Evidence, Grade, grade, slit_terms
from reduction.flux.calibration.setup import SlitAndNight
from reduction.notice_codes import NoticeCode
from tests.support.notices import codes, params
from tests.support.paths import SHARED_DATA

FOLDER = SHARED_DATA / "soar-blue-2014-12-18"
STANDARDS = sorted(FOLDER.glob("02*LTT3218*"))

AIR = np.arange(3700.0, 9000.0, 10.0)
NIGHT = dt.date(2026, 7, 5)


def slit(width: float, night: dt.date | None = NIGHT) -> SlitAndNight:
    return SlitAndNight(f"{width:.1f}_LONG_SLIT", width, night)


CLEAR = Evidence(AIR, slit(3.0), slit(3.0), seeing=0.8, airmass=1.2)


def judged(evidence: Evidence, *, scaled: bool = False) -> tuple[Grade, list[NoticeCode]]:
    found = grade(evidence, slit_terms(evidence), scaled=scaled)
    return found.grade, codes(found.reasons)


def test_a_wide_slit_of_the_same_clear_night_is_absolute() -> None:
    assert judged(CLEAR) == (Grade.ABSOLUTE, [])


LEVEL = [
    (replace(CLEAR, spectrum=slit(1.2), standard=slit(1.2), seeing=0.3), "FLUX_SLIT_NARROW"),
    (replace(CLEAR, seeing=1.5), "FLUX_SLIT_LOSS"),
    (replace(CLEAR, seeing=None), "FLUX_SEEING_UNKNOWN"),
    (replace(CLEAR, loss_known=False), "FLUX_LOSS_UNKNOWN"),
    (replace(CLEAR, standard=slit(3.0, dt.date(2026, 7, 4))), "FLUX_OTHER_NIGHT"),
    (replace(CLEAR, standard=slit(3.0, None)), "FLUX_OTHER_NIGHT"),
    (replace(CLEAR, zero_point=-0.4), "FLUX_ZERO_POINT_OFF"),
]


@pytest.mark.parametrize(("evidence", "code"), LEVEL)
def test_what_is_against_the_level_makes_it_relative(evidence: Evidence, code: str) -> None:
    assert judged(evidence) == (Grade.RELATIVE, [NoticeCode[code]])


@pytest.mark.parametrize(("evidence", "code"), LEVEL)
def test_a_photometric_magnitude_gives_the_level(evidence: Evidence, code: str) -> None:
    assert judged(evidence, scaled=True) == (Grade.ABSOLUTE, [])


def test_seeing_that_just_fits_is_enough() -> None:
    assert judged(replace(CLEAR, seeing=1.49))[0] is Grade.ABSOLUTE
    assert judged(replace(CLEAR, seeing=1.51))[0] is Grade.RELATIVE


@pytest.mark.parametrize("scaled", [False, True])
def test_another_slit_spoils_the_shape(scaled: bool) -> None:
    narrow = replace(CLEAR, spectrum=slit(1.0), seeing=1.2)
    found, reasons = judged(narrow, scaled=scaled)
    assert found is Grade.SHAPE_ONLY
    assert NoticeCode.FLUX_SLIT_DIFFERS in reasons


def test_two_slits_that_pass_all_of_the_light_do_not() -> None:
    assert judged(replace(CLEAR, standard=slit(6.0), seeing=0.6))[0] is Grade.RELATIVE


def test_an_unknown_slit_is_not_taken_for_the_same() -> None:
    unknown = SlitAndNight("", None, NIGHT)
    found, reasons = judged(replace(CLEAR, spectrum=unknown, standard=unknown))
    assert found is Grade.SHAPE_ONLY
    assert NoticeCode.FLUX_SLIT_UNKNOWN in reasons


def test_a_slit_across_the_refraction_loses_blue_light() -> None:
    across = replace(
        CLEAR,
        spectrum=slit(1.0),
        standard=slit(1.0),
        airmass=1.8,
        off_parallactic=90.0,
        seeing=0.9,
    )
    found = grade(across, slit_terms(across), scaled=True)
    assert found.grade is Grade.SHAPE_ONLY
    # 3700 Å is 1.6″ from 5500 Å (ERFA): most of it misses a slit of 1″
    assert params(found.reasons, NoticeCode.FLUX_OFF_PARALLACTIC)["lost"] > 0.9
    assert slit_terms(across).refraction[np.argmin(abs(AIR - 5500))] == pytest.approx(0, abs=0.01)


def test_up_to_twenty_degrees_it_does_not_matter() -> None:
    assert judged(replace(CLEAR, off_parallactic=19.0)) == (Grade.ABSOLUTE, [])
    assert judged(replace(CLEAR, off_parallactic=21.0))[1] == [NoticeCode.FLUX_OFF_PARALLACTIC]


@pytest.mark.parametrize(
    ("angle", "parallactic", "off"),
    [(267.0, -92.0, 1.0), (0.0, 90.0, 90.0), (10.0, 175.0, 15.0), (350.0, 190.0, 20.0)],
)
def test_a_slit_has_no_direction(angle: float, parallactic: float, off: float) -> None:
    header = fits.Header({"ADCSTAT": "PARK", "POSANGLE": angle})
    assert setup.off_parallactic(header, parallactic) == pytest.approx(off)


@pytest.mark.parametrize("state", ["IN", "", "ACTIVE"])
def test_nothing_is_said_when_the_corrector_may_be_in_the_beam(state: str) -> None:
    header = fits.Header({"ADCSTAT": state, "POSANGLE": 90.0})
    assert setup.off_parallactic(header, 0.0) is None


@pytest.mark.skipif(not STANDARDS, reason=f"{FOLDER} is not here")
@pytest.mark.parametrize("path", STANDARDS, ids=lambda path: path.name[:4])
def test_the_observers_of_a_real_standard_put_the_slit_along_the_vertical(path: Path) -> None:
    header = card_repair.repair(frame_io.read_header(path)[0]).header
    airmass = airmass_of(header)
    assert airmass is not None
    off = setup.off_parallactic(header, airmass.parallactic)
    assert off is not None and off < 3
