"""Zero point and throughput of standard stars: of a night, and over months for each setup."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

from db.models import File, User
from reduction import matching
from reduction.frames import DataType
from reduction.setups import setup_name
from services import access
from services.files.rows import describe
from services.night.points import Point, limits
from services.night.quantities import QUANTITIES, Quantity

DAYS = round(matching.SENSITIVITY_DAYS)
MEASURED = {"zero_point": "zero_point_mag", "throughput": "throughput_peak"}
"""Quantities by what a sensitivity states of them."""

Setup: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class SetupTrend:
    """What the standard stars of a camera, setup and slit have shown, ordered by time.

    `points` are those of each quantity (`MEASURED`); their limits are counted from the median of
    all. The `frame` of a point is the sensitivity, which everybody may open.
    """

    camera: str
    setup: str
    slit: str
    points: Mapping[str, tuple[Point, ...]]


def over_months(user: User, until: dt.date, days: int = DAYS) -> tuple[SetupTrend, ...]:
    """Return what the standard stars of each setup have shown in the nights up to one.

    Parameters
    ----------
    user : User
        Who asks.
    until : datetime.date
        The last night.
    days : int
        How many nights before it.

    Returns
    -------
    tuple of SetupTrend
        Those of the setups with most stars first.
    """
    first = dt.date.fromordinal(max(until.toordinal() - days, 1))
    groups = _by_setup(_between(user, first, until))
    trends = [
        SetupTrend(*setup, points={name: _points(name, files) for name in MEASURED})
        for setup, files in groups.items()
    ]
    return tuple(sorted(trends, key=lambda one: (-_size(one), one.camera, one.setup, one.slit)))


def _size(trend: SetupTrend) -> int:
    return max(len(points) for points in trend.points.values())


def of_night(user: User, night: dt.date) -> dict[str, list[Point]]:
    """Return the points of a night by quantity; limits are counted from the months before."""
    found: dict[str, list[Point]] = {name: [] for name in MEASURED}
    before = _between(user, night - dt.timedelta(days=DAYS), night)
    tonight = {file.id for file in before if file.night == night}
    for files in _by_setup(before).values() if tonight else ():
        for name in MEASURED:
            found[name] += [point for point in _points(name, files) if point.frame in tonight]
    return {name: sorted(points, key=lambda one: one.time) for name, points in found.items()}


def _between(user: User, first: dt.date, last: dt.date) -> list[File]:
    """Return the sensitivities of some nights that a person sees, ordered by time."""
    query = access.visible_files(user).where(
        File.data_type == DataType.SENSITIVITY,
        File.state == "current",
        File.night.between(first, last),
    )
    return list(query.order_by(File.date_obs, File.id))


def _by_setup(files: Iterable[File]) -> dict[Setup, list[File]]:
    groups: dict[Setup, list[File]] = {}
    for file in files:
        key = (file.camera, setup_name(describe(file)), file.slit)
        groups.setdefault(key, []).append(file)
    return groups


def _points(name: str, files: Iterable[File]) -> tuple[Point, ...]:
    quantity = next(one for one in QUANTITIES if one.name == name)
    values = [(file, (file.quality or {}).get(MEASURED[name])) for file in files]
    known = [(file, float(value)) for file, value in values if isinstance(value, int | float)]
    if not known:
        return ()
    reference = median(value for _, value in known)
    return tuple(_point(quantity, file, value, reference) for file, value in known)


def _point(quantity: Quantity, file: File, value: float, reference: float) -> Point:
    low, high = limits(quantity, reference)
    return Point(file.id, file.file_name, file.date_obs, None, None, value, low, high)
