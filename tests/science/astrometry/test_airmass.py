"""The airmass at mid-exposure, against astropy, published tables and real headers."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.io import fits
from astropy.time import Time
from astropy.utils import iers
from hypothesis import given, settings
from hypothesis import strategies as st

from reduction.astrometry import pointing
from reduction.astrometry.airmass import LOWEST, Airmass, airmass_of, young
from reduction.notice_codes import NoticeCode
from tests.support.goodman_frames import header
from tests.support.notices import codes, params
from tests.support.paths import OLD_NIGHT, REAL_NIGHT

SITE = EarthLocation.from_geodetic(-70.7337 * u.deg, -30.238 * u.deg, 2738 * u.m)
LTT_3218 = {
    "OBSRA": "08:41:32.021",
    "OBSDEC": "-32:56:33.997",
    "RA": "08:41:31.596",
    "DEC": "-32:56:10.705",
    "DATE_OBS": "2014-12-19T05:33:12.76",
    "EXPTIME": 30.0,
    "MOUNT_EL": 63.8476,
    "AIRMASS": 1.11,
}
"""Cards of a real frame."""
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


def of(**cards: Any) -> Airmass:
    found = airmass_of(header(**(LTT_3218 | cards)))
    assert found is not None
    return found


def truth(ra: float, dec: float, when: dt.datetime) -> tuple[float, float]:
    """Return altitude and parallactic angle by astropy, degrees."""
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("auto_max_age", None):
        frame = AltAz(obstime=Time(when.replace(tzinfo=None), scale="utc"), location=SITE)
        star = SkyCoord(ra * u.deg, dec * u.deg)
        zenith = SkyCoord(0 * u.deg, 90 * u.deg, frame=frame).icrs
        return float(star.transform_to(frame).alt.deg), float(star.position_angle(zenith).deg)


@given(ra=st.floats(0, 360), dec=st.floats(-89.9, 55), days=st.floats(0, 9000))
@settings(max_examples=60, deadline=None)
def test_altitude_and_parallactic_angle_are_those_of_astropy(
    ra: float, dec: float, days: float
) -> None:
    when = dt.datetime(2001, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=days)
    place = pointing.horizontal(ra, dec, when)
    altitude, angle = truth(ra, dec, when)
    assert place.altitude == pytest.approx(altitude, abs=0.02)
    turned = math.radians(place.parallactic - angle)
    beside = math.cos(math.radians(dec)) * math.cos(math.radians(altitude))
    assert abs(math.sin(turned)) * beside < 0.005 and (math.cos(turned) > 0 or beside < 0.005)


@pytest.mark.parametrize(
    # Kasten & Young 1989, Applied Optics 28, 4735, table II; by the apparent altitude, which
    # refraction of 2′ at 25° and 5.3′ at 10° makes larger
    ("altitude", "airmass"),
    [(90.0, 1.0), (60.0, 1.1539), (30.0, 1.9939), (24.965, 2.3552), (19.955, 2.9016)],
)
def test_the_formula_is_that_of_the_tables(altitude: float, airmass: float) -> None:
    assert young(altitude) == pytest.approx(airmass, rel=0.003)


@given(
    ra=st.floats(0, 359.9),
    dec=st.floats(-85, 40).filter(lambda dec: abs(dec) > 0.01),  # 0, 0 is no position
    days=st.floats(0, 9000),
    seconds=st.floats(0, 3600),
)
@settings(max_examples=60, deadline=None)
def test_the_airmass_is_that_of_the_middle(
    ra: float, dec: float, days: float, seconds: float
) -> None:
    start = dt.datetime(2001, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=days)
    texts = SkyCoord(ra * u.deg, dec * u.deg).to_string("hmsdms", sep=":", precision=3).split()
    made = header(
        OBSRA=texts[0],
        OBSDEC=texts[1],
        DATE_OBS=start.replace(tzinfo=None).isoformat(timespec="milliseconds"),
        EXPTIME=seconds,
        MOUNT_EL=None,
        AIRMASS=None,
    )
    found = airmass_of(made)
    times = [start + dt.timedelta(seconds=seconds * part) for part in (0, 0.5, 1)]
    altitudes = [truth(ra, dec, when)[0] for when in times]
    if min(altitudes) < LOWEST - 0.05:
        assert found is None
    elif min(altitudes) > LOWEST + 0.05:
        assert found is not None and found.source == "position"
        assert found.value == pytest.approx(1 / math.sin(math.radians(altitudes[1])), rel=0.05)
        assert found.value == pytest.approx(young(altitudes[1]), rel=2e-3)
        mean = np.mean([young(altitude) for altitude in np.interp(
            np.linspace(0, 1, 101), [0, 0.5, 1], altitudes)])  # fmt: skip
        assert abs(mean - found.value) < 3 * found.error + 0.01 * found.value


def test_the_header_that_is_absurd_is_named() -> None:
    found = of(AIRMASS=199.88)
    assert found.value == pytest.approx(1.11, abs=0.01)
    assert found.source == "position"
    assert codes(found.notices) == [NoticeCode.AIRMASS_DIFFERS]
    said = params(found.notices, NoticeCode.AIRMASS_DIFFERS)
    assert said["keyword"] == "AIRMASS" and said["stated"] == 199.88
    assert said["airmass"] == pytest.approx(1.11, abs=0.01)


def test_a_header_that_is_right_needs_no_notice() -> None:
    assert of().notices == ()
    assert of(MOUNT_EL=None, AIRMASS=None).notices == ()


def test_a_stale_target_gives_way_to_where_the_telescope_points() -> None:
    found = of(OBSRA="05:56:24.299")
    assert found.value == pytest.approx(1.11, abs=0.01)
    assert found.source == "position" and found.notices == ()


def test_a_position_that_the_mount_contradicts_is_uncertain() -> None:
    found = of(MOUNT_EL=30.0, AIRMASS=2.0)
    assert {each.params["keyword"] for each in found.notices} == {"MOUNT_EL", "AIRMASS"}
    assert found.error > 0.4


def test_the_elevation_takes_the_place_of_the_position() -> None:
    found = of(OBSRA=None, OBSDEC=None, RA=None, DEC=None)
    assert found.source == "elevation" and found.parallactic is None
    assert abs(found.value - of().value) < 2 * found.error
    longer = of(OBSRA=None, OBSDEC=None, RA=None, DEC=None, EXPTIME=1800.0)
    assert longer.error > 3 * found.error  # it may have been rising or setting


def test_the_stated_airmass_is_the_last_resort() -> None:
    found = of(OBSRA=None, OBSDEC=None, RA=None, DEC=None, MOUNT_EL=None)
    assert (found.value, found.source) == (1.11, "header")


@pytest.mark.parametrize("stated", [None, 0.0, 0.99, -1.0, 199.88, 1e30, "high"])
@pytest.mark.parametrize("elevation", [None, -5.0, 0.0, 3.0, 91.0, 1e9])
def test_absurd_values_give_no_airmass(stated: Any, elevation: Any) -> None:
    cards = {"OBSRA": "20:41:32.0", "RA": "20:41:32.0"}  # below the horizon
    made = header(**(LTT_3218 | cards | {"MOUNT_EL": elevation}))
    made.remove("AIRMASS", ignore_missing=True)
    if stated is not None:
        made["AIRMASS"] = stated
    assert airmass_of(made) is None


@given(
    cards=st.fixed_dictionaries(
        {},
        optional={
            "OBSRA": st.one_of(
                st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=20), st.none()
            ),
            "OBSDEC": st.sampled_from(["+89:59:59", "-90:00:00", "x", "99:00:00", "-30:14:17"]),
            "DATE_OBS": st.sampled_from(["2014-12-19T05:33:12", "1066-10-14T09:00:00", "soon"]),
            "EXPTIME": st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.none()),
            "MOUNT_EL": st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.none()),
            "AIRMASS": st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.none()),
            "EQUINOX": st.floats(1800, 2200),
        },
    )
)
@settings(deadline=None)
def test_any_header_gives_a_possible_airmass_or_none(cards: dict[str, Any]) -> None:
    found = airmass_of(header(**(LTT_3218 | cards)))
    if found is not None:
        assert 0.999 <= found.value <= 6 and 0 < found.error < 6
        assert math.isfinite(found.value)


@pytest.mark.parametrize("folder", [OLD_NIGHT, REAL_NIGHT], ids=lambda path: path.name)
def test_the_real_headers_agree(folder: Any) -> None:
    paths = [*folder.glob("*LTT3218*"), *folder.glob("*WD0507*"), *folder.glob("*AT2018oh*")]
    if not paths:
        pytest.skip(f"the real frames are not here ({folder})")
    for path in paths:
        made = fits.getheader(path)
        found = airmass_of(made)
        assert found is not None and found.source == "position"
        assert found.value == pytest.approx(1 / math.sin(math.radians(made["MOUNT_EL"])), rel=0.012)


def test_the_slit_of_the_real_standard_was_parallactic() -> None:
    """The observer set it: its position angle, from the header, is 267°."""
    found = of()
    assert found.parallactic is not None
    assert (267 - found.parallactic) % 180 == pytest.approx(180, abs=2) or (
        267 - found.parallactic
    ) % 180 == pytest.approx(0, abs=2)
