"""Recognition of standard stars, by position and name."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from reduction.flux.references.library import Star, star_of, stars
from reduction.flux.references.recognition import (
    NEAREST,
    Recognition,
    place,
    recognise,
    recognise_frame,
)
from reduction.notice_codes import NoticeCode
from tests.support.goodman_frames import header
from tests.support.notices import codes, params
from tests.support.paths import OLD_NIGHT, REAL_NIGHT, SHARED_DATA

NOW = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)


def star(name: str) -> Star:
    found = star_of(name)
    assert found is not None
    return found


def moved(which: Star, when: dt.datetime) -> SkyCoord:
    """Return where a star is at a time, by astropy."""
    start = SkyCoord(
        which.ra * u.deg,
        which.dec * u.deg,
        pm_ra_cosdec=which.pm_ra * u.mas / u.yr,
        pm_dec=which.pm_dec * u.mas / u.yr,
        distance=10 * u.pc,
        obstime=Time("J2000"),
    )
    return start.apply_space_motion(new_obstime=Time(when.replace(tzinfo=None), scale="utc"))


def beside(which: Star, arcsec: float, angle: float = 120.0) -> tuple[float, float]:
    """Return a position at a distance from a star of today."""
    there = moved(which, NOW).directional_offset_by(angle * u.deg, arcsec * u.arcsec)
    return float(there.ra.deg), float(there.dec.deg)


def seen(name: str, position: tuple[float | None, float | None]) -> Recognition:
    return recognise(name, *position, NOW)


def test_position_and_name_agree() -> None:
    for each in stars():
        found = seen(each.name, beside(each, 20.0))
        assert (found.star, found.by, found.notices) == (each.name, "both", ())
        assert found.separation == pytest.approx(20.0, abs=0.3)


def test_the_proper_motion_is_followed() -> None:
    """LTT 3218 and LTT 4364 move by 26″ and 40″ in 15 years."""
    for name in ("LTT 3218", "LTT 4364", "LDS 749B", "G60-54"):
        which = star(name)
        for year in (1995, 2014, 2026):
            when = dt.datetime(year, 7, 1, tzinfo=dt.UTC)
            ra, dec = place(which, when)
            away = moved(which, when).separation(SkyCoord(ra * u.deg, dec * u.deg))
            assert away.arcsec < 0.02
    years = (NOW - dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)).days / 365.25
    start = star("LTT 4364")
    found = recognise("LTT 4364", start.ra, start.dec, NOW)  # coordinates of the year 2000
    assert found.separation == pytest.approx(2.684 * years, abs=0.5)


def test_the_star_at_the_position_is_taken_if_the_name_says_nothing() -> None:
    for name in ("", "standard", "target 7"):
        found = seen(name, beside(star("EG 274"), 30.0))
        assert (found.star, found.by) == ("EG 274", "position")
        assert codes(found.notices) == [NoticeCode.STANDARD_BY_POSITION]


def test_the_name_is_taken_without_coordinates() -> None:
    for position in ((None, None), (0.0, 0.0), (math.nan, 3.0), (10.0, 95.0), (10.0, None)):
        found = seen("LTT-7379", position)
        assert (found.star, found.by, found.separation) == ("LTT 7379", "name", None)
        assert codes(found.notices) == [NoticeCode.STANDARD_BY_NAME]


def test_the_name_of_one_star_at_the_position_of_another_is_neither() -> None:
    found = seen("LTT 7379", beside(star("LTT 7987"), 15.0))
    assert (found.star, found.by) == (None, "")
    assert codes(found.notices) == [NoticeCode.STANDARD_DISPUTED]
    said = params(found.notices, NoticeCode.STANDARD_DISPUTED)
    assert (said["named"], said["star"]) == ("LTT 7379", "LTT 7987")


@pytest.mark.parametrize("arcsec", [200.0, 3600.0, 300_000.0])
def test_a_name_far_from_its_position_is_no_star(arcsec: float) -> None:
    found = seen("Feige 110", beside(star("Feige 110"), arcsec))
    assert found.star is None
    assert codes(found.notices) == [NoticeCode.STANDARD_ELSEWHERE]
    assert found.separation == pytest.approx(arcsec, rel=0.01)


def test_another_target_is_no_star() -> None:
    for name, position in (
        ("AT2018oh", (136.665, 19.336)),
        ("", (None, None)),
        ("x", (10.0, -5.0)),
    ):
        assert seen(name, position) == Recognition()
    assert seen("galaxy", beside(star("EG 274"), 61.0)) == Recognition()


def test_no_two_stars_can_be_confused() -> None:
    places = SkyCoord([each.ra for each in stars()] * u.deg, [each.dec for each in stars()] * u.deg)
    _, nearest, _ = places.match_to_catalog_sky(places, nthneighbor=2)
    assert nearest.arcsec.min() > NEAREST


@given(
    which=st.sampled_from(stars()),
    arcsec=st.floats(0, 59),
    angle=st.floats(0, 360),
    turns=st.integers(-1, 1),
)
@settings(max_examples=60, deadline=None)
def test_any_position_near_a_star_is_it(
    which: Star, arcsec: float, angle: float, turns: int
) -> None:
    ra, dec = beside(which, arcsec, angle)
    found = recognise("", ra + 360 * turns, dec, NOW)
    assert found.star == which.name
    assert found.separation == pytest.approx(arcsec, abs=0.3)


@given(
    name=st.text(max_size=30),
    ra=st.one_of(st.none(), st.floats()),
    dec=st.one_of(st.none(), st.floats()),
    when=st.datetimes(),
)
def test_anything_is_recognised_or_not(
    name: str, ra: float | None, dec: float | None, when: dt.datetime
) -> None:
    found = recognise(name, ra, dec, when)
    assert found.star is None or found.star in {each.name for each in stars()}
    assert (found.star is None) == (found.by == "")


def test_the_real_standard_is_recognised_and_no_other_target() -> None:
    paths = [*OLD_NIGHT.glob("02*"), *REAL_NIGHT.glob("*AT2018oh*")]
    if not paths:
        pytest.skip(f"the real frames are not here ({SHARED_DATA})")
    for path in paths:
        found = recognise_frame(fits.getheader(path))
        if "LTT3218" in path.name:
            assert (found.star, found.by, found.notices) == ("LTT 3218", "both", ())
            assert found.separation is not None and found.separation < 30
        else:
            assert found == Recognition()


def test_coordinates_that_were_left_in_the_header_make_no_standard() -> None:
    """The telescope has moved on to a galaxy; the target's cards are still those of LTT 2415."""
    cards = {
        "DATE_OBS": "2016-10-30T07:42:32.80",
        "EXPTIME": 120.0,
        "OBSRA": "05:56:24.299",
        "OBSDEC": "-27:51:28.800",
    }
    assert recognise_frame(header(OBJECT="NGC 1566", RA="04:20:00", DEC="-54:56:16", **cards)) == (
        Recognition()
    )
    there = recognise_frame(header(OBJECT="", RA="05:56:24.9", DEC="-27:51:30", **cards))
    assert (there.star, there.by) == ("LTT 2415", "position")
    named = recognise_frame(header(OBJECT="LTT 2415", RA="04:20:00", DEC="-54:56:16", **cards))
    assert named.star is None
    assert codes(named.notices) == [NoticeCode.STANDARD_ELSEWHERE]


def test_a_frame_without_coordinates_has_its_name() -> None:
    bare = header(OBJECT="LTT2415", OBSRA=None, OBSDEC=None, RA=None, DEC=None)
    found = recognise_frame(bare)
    assert (found.star, found.by) == ("LTT 2415", "name")
    assert recognise_frame(fits.Header()) == Recognition()
