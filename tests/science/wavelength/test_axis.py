"""Medium, velocity frame and second order of a calibrated spectrum, against published values."""

from __future__ import annotations

import datetime as dt
import socket
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import FK5, EarthLocation, SkyCoord
from astropy.io import fits
from astropy.time import Time
from astropy.utils import iers
from hypothesis import given, settings
from hypothesis import strategies as st

from reduction.frames import BAD_PIXEL, PixelFlag
from reduction.notice_codes import NoticeCode
from reduction.wavelength.axis import barycentric, medium
from reduction.wavelength.axis.second_order import second_order
from tests.support.goodman_frames import header
from tests.support.notices import codes, params

# Å in vacuum and in air. Na: Steck, Sodium D Line Data (2003); the others: NIST ASD.
PAIRS = [
    (5891.583264, 5889.950954),
    (5897.558147, 5895.924237),
    (3934.777, 3933.663),
    (6564.614, 6562.800),
    (8544.438, 8542.091),
]
# Made with PyAstronomy 0.25.0, pyasl.helcorr at SOAR, for the middle of the exposures.
CORRECTIONS = [
    ("08:41:32.021", "-32:56:33.997", "2014-12-19T05:33:12.760", 30.0, 17.1490),
    ("09:06:39.54", "+19:20:17.7", "2018-02-05T04:03:55.003", 240.0, -1.0290),
    ("00:59:00.0", "-60:00:00.0", "2022-09-01T05:55:00.000", 600.0, -1.1869),
    ("20:00:00.0", "-10:00:00.0", "2024-05-20T08:25:00.000", 600.0, 25.4123),
]


@pytest.mark.parametrize(("vacuum", "air"), PAIRS)
def test_air_and_vacuum_are_those_of_the_laboratory(vacuum: float, air: float) -> None:
    assert medium.to_air(np.array([vacuum]))[0] == pytest.approx(air, abs=0.002)
    assert medium.to_vacuum(np.array([air]))[0] == pytest.approx(vacuum, abs=0.002)


@given(st.floats(3000, 10_500))
def test_there_and_back_is_the_same(air: float) -> None:
    there = medium.to_vacuum(np.array([air]))
    assert medium.to_air(there)[0] == pytest.approx(air, abs=1e-8)


def exposed(ra: str, dec: str, start: str, seconds: float, **cards: Any) -> fits.Header:
    return header(OBSRA=ra, OBSDEC=dec, DATE_OBS=start, EXPTIME=seconds, **cards)


@pytest.mark.parametrize(("ra", "dec", "start", "seconds", "truth"), CORRECTIONS)
def test_the_velocity_agrees_with_another_implementation(
    ra: str, dec: str, start: str, seconds: float, truth: float
) -> None:
    found = barycentric.correction(exposed(ra, dec, start, seconds))
    assert found is not None
    assert found.velocity == pytest.approx(truth, abs=0.006)


@given(
    ra=st.floats(0, 24),
    dec=st.floats(-80, 20),
    days=st.floats(0, 9000),
    equinox=st.sampled_from([2000.0, 2014.9]),
)
@settings(max_examples=40, deadline=None)
def test_the_velocity_is_that_of_astropy(
    ra: float, dec: float, days: float, equinox: float
) -> None:
    start = dt.datetime(2000, 1, 2) + dt.timedelta(days=days)
    texts = (f"{int(ra) % 24:02}:30:00.0", f"{int(dec):+03}:12:00.0")
    made = exposed(*texts, start.isoformat(timespec="milliseconds"), 0.0, EQUINOX=equinox)
    found = barycentric.correction(made)
    if found is None:
        return  # not above the horizon
    site = EarthLocation.from_geodetic(-70.7337 * u.deg, -30.238 * u.deg, 2738 * u.m)
    frame = FK5(equinox=f"J{equinox}")
    target = SkyCoord(*texts, unit=(u.hourangle, u.deg), frame=frame).icrs
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("auto_max_age", None):
        time = Time(start.isoformat(), scale="utc", location=site)
        truth = target.radial_velocity_correction("barycentric", obstime=time)
    assert found.velocity == pytest.approx(truth.to_value("km/s"), abs=1e-3)


def test_nothing_is_asked_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for start in ("1999-01-05T05:00:00", "2014-12-19T05:33:12", "2031-12-19T05:33:12"):
        made = exposed("08:41:32.021", "-32:56:33.997", start, 30.0)
        found = barycentric.correction(made)
        assert found is not None and abs(found.velocity) < 30.8  # 30.3 of the orbit, 0.5 of the day


@pytest.mark.parametrize(
    "cards",
    [
        {"OBSRA": None},
        {"OBSRA": "nowhere"},
        {"OBSDEC": "-95:00:00"},
        {"OBSRA": "00:00:00.0", "OBSDEC": "00:00:00.0"},
        {"OBSDEC": "+89:00:00.0"},  # never above the horizon
        {"OBSRA": "20:41:32.0"},  # below it at that time
        {"EXPTIME": None},
    ],
)
def test_absurd_coordinates_give_no_card(cards: dict[str, Any]) -> None:
    ra, dec, start, seconds, _ = CORRECTIONS[0]
    made = header(**{"OBSRA": ra, "OBSDEC": dec, "DATE_OBS": start, "EXPTIME": seconds} | cards)
    assert barycentric.correction(made) is None
    made["BARYCORR"] = 99.0  # of another program
    barycentric.put(made, None)
    assert "BARYCORR" not in made
    assert made["SPECSYS"] == "TOPOCENT"


def test_the_cards_tell_velocity_and_time() -> None:
    made = exposed(*CORRECTIONS[0][:4])
    barycentric.put(made, barycentric.correction(made))
    assert made["BARYCORR"] == pytest.approx(17.149, abs=0.01)
    assert made["DATE-AVG"] == "2014-12-19T05:33:27.760"


@pytest.mark.parametrize(
    ("filters", "first"),
    [
        (("NO_FILTER", "NO_FILTER"), 6400),
        (("NO_FILTER", "GG385"), 7300),
        (("NO_FILTER", "GG455"), 8700),
        (("V-Bessel", "GG455"), 8700),
        (("GG455", "OG570"), None),
    ],
)
def test_the_second_order_begins_at_twice_the_bluest_light(
    filters: tuple[str, str], first: float | None
) -> None:
    air = np.arange(5000.0, 9000.0)
    found = second_order(air, *filters)
    assert (found.first, found.is_known) == (first, True)
    assert int(found.flagged(air).sum()) == (0 if first is None else 9000 - first)
    assert (NoticeCode.SECOND_ORDER in codes(found.notices())) is (first is not None)


def test_an_unknown_filter_is_not_judged_where_it_matters() -> None:
    red, blue = np.arange(5000.0, 9000.0), np.arange(3500.0, 6000.0)
    for filters in (("NO_FILTER", "X-17"), ("", "NO_FILTER")):
        found = second_order(red, *filters)
        assert not found.is_known and not found.flagged(red).any()
        assert params(found.notices(), NoticeCode.SECOND_ORDER_UNKNOWN)["filters"]
        assert second_order(blue, *filters).notices() == ()


def test_second_order_is_no_defect_of_a_pixel_and_neither_is_an_unknown_sensitivity() -> None:
    remarks = PixelFlag.SECOND_ORDER | PixelFlag.NO_SENSITIVITY
    assert not BAD_PIXEL & remarks
    others = [flag for flag in PixelFlag if not flag & remarks]
    assert all(BAD_PIXEL & flag for flag in others)
