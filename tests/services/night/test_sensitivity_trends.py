"""Zero points and throughputs: of a night, and of each setup over months."""

from __future__ import annotations

import datetime as dt

import pytest

from db.models import File
from reduction.frames import DataType
from services.night import sensitivities, trends
from tests.support import builders

pytestmark = pytest.mark.usefixtures("database")

NIGHT = dt.date(2024, 3, 10)


def star(day: int, zero: float, peak: float = 0.2, **facts: object) -> File:
    """A sensitivity some days before the night."""
    values = {
        "data_type": DataType.SENSITIVITY,
        "slit": "1.0_LONG_SLIT",
        "filter_2": "GG455",
        "date_obs": builders.NIGHT - dt.timedelta(days=day),
        "quality": {"zero_point_mag": zero, "throughput_peak": peak},
    }
    return builders.row(f"s{day}_{zero}.fits", **{**values, **facts})


def test_a_night_is_compared_with_the_months_before() -> None:
    for day, zero in ((400, 17.0), (30, 17.1), (2, 17.05), (401, 10.0), (-1, 10.0)):
        star(day, zero)
    tonight = star(0, 16.6, 0.1)
    star(0, 12.0, slit="3.2_LONG_SLIT")
    found = trends.of_night(builders.person("anybody"), NIGHT)
    dim, other = sorted(found["zero_point"], key=lambda one: -one.value)
    assert (dim.frame, dim.value, dim.is_outside) == (tonight.id, 16.6, True)
    assert (dim.low, dim.high) == (pytest.approx(17.025 - 0.3), pytest.approx(17.025 + 0.3))
    assert not other.is_outside  # the only one of its slit
    (low, _) = sorted(found["throughput"], key=lambda one: one.value)
    assert (low.value, low.low) == (0.1, pytest.approx(0.14))
    assert low.is_outside
    assert found["seeing"] == []


def test_months_by_setup_and_slit() -> None:
    for day in (300, 200, 100):
        star(day, 17 + day / 1000)
    star(150, 16.0, grating="930_SYZY")
    star(150, 16.0, camera="Blue")
    star(50, 16.5, quality={"star": "LTT 3218"})
    first, *others = sensitivities.over_months(builders.person("anybody"), NIGHT)
    assert (first.camera, first.setup, first.slit) == ("Red", "400_M2 GG455", "1.0_LONG_SLIT")
    assert [one.value for one in first.points["zero_point"]] == [17.3, 17.2, 17.1]
    assert sorted((one.camera, one.setup[:3]) for one in others) == [
        ("Blue", "400"),
        ("Red", "930"),
    ]
    only = sensitivities.over_months(builders.person("another"), NIGHT, days=120)
    assert [len(one.points["zero_point"]) for one in only] == [1]


def test_one_of_a_proposal_is_seen_by_its_members_only() -> None:
    pi = builders.person("pi")
    star(0, 17.0, owner=builders.proposal("SOAR2024A-001", pi))
    assert sensitivities.over_months(builders.person("anybody"), NIGHT) == ()
    assert len(trends.of_night(pi, NIGHT)["zero_point"]) == 1
    assert trends.of_night(builders.person("nobody"), NIGHT)["zero_point"] == []


def test_the_first_of_all_nights_has_none_before() -> None:
    assert sensitivities.over_months(builders.person("anybody"), dt.date.min) == ()
