"""What the catalogue in memory finds is what the database finds, row by row and count by count."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from db.models import Event, File, User
from reduction.frames import DataType
from services.errors import Unacceptable
from services.files import rows
from services.search import catalogue, page
from services.search import query as search_query
from services.search.columns import FACETS
from services.search.filters import FileFilters, order
from tests.support import builders

NAMES = ("Ñandú", "ngc 1", "NGC 1", "100%_sure", "a,b", "a\\b", "", "HZ 44", "K2", "é", "É", "_")
SETTINGS = {
    "obstype": ("OBJECT", "COMP", "object", ""),
    "filter": ("NO_FILTER", "a,b", "Ñ"),
    "grating": ("400_SYZY", "930_SYZY", "930_syzy", "_"),
    "slit": ("1.0_LONG_SLIT", "", "Z", "a"),
    "technique": ("Spectroscopy", "Imaging"),
}
PEOPLE = ("staff", "pi", "member", "nobody", "gone")
FIRST_DAY = dt.datetime(2024, 2, 27, 23, 58, tzinfo=dt.UTC)


class Archive:
    """A few hundred random files, of whom every person sees others."""

    def __init__(self) -> None:
        self.dice = random.Random(9)
        facts: dict[str, Any] = {"staff": {"is_staff": True}, "gone": {"is_active": False}}
        self.people = {name: builders.person(name, **facts.get(name, {})) for name in PEOPLE}
        pi, member, gone = (self.people[name] for name in ("pi", "member", "gone"))
        self.proposals = [
            builders.proposal("b second", pi),
            builders.proposal("A first", pi, member),
            builders.proposal("C", gone, gone),
            builders.proposal("é", member),
        ]
        for number in range(260):
            self.add(number)

    def add(self, number: int) -> File:
        dice = self.dice
        shared = [DataType.MASTER, DataType.SENSITIVITY]
        kind = dice.choice([DataType.RAW] * 3 + [*shared, DataType.REDUCED])
        owner = None if kind is DataType.MASTER else dice.choice([*self.proposals, None])
        name = dice.choice(NAMES)
        facts = {column: dice.choice(values) for column, values in SETTINGS.items()}
        if dice.random() < 0.7:
            facts |= {"ra_deg": dice.uniform(0, 360), "dec_deg": dice.uniform(-90, 90)}
        stem = name * dice.choice((1, 1, 1, 30)) or "x"
        return builders.row(
            f"{stem[:200]}{dice.randrange(30)}.fits",
            owner,
            data_type=kind,
            object=name,
            parent=File.get_or_none(File.data_type == 0) if kind is DataType.REDUCED else None,
            date_obs=FIRST_DAY + dt.timedelta(seconds=dice.randrange(40) * 97, days=number // 60),
            state=dice.choice(("current",) * 9 + ("superseded",)),
            **facts,
        )


@pytest.fixture
def archive(database: Database, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setattr(catalogue, "LARGE", 0)
    monkeypatch.setattr(catalogue, "BATCH", 50)
    with database.atomic():
        made = Archive()
    with catalogue.current():
        assert catalogue.serves()
    return made


def asked(user: User, filters: FileFilters, ordering: str) -> list[int]:
    """Return what the database itself gives."""
    query = search_query.matching(user, filters).order_by(*order(ordering))
    return [number for (number,) in query.tuples()]


def several(values: Any) -> st.SearchStrategy[str]:
    escaped = [str(value).replace(",", "\\,") for value in values]
    return st.lists(st.sampled_from(escaped), min_size=1, max_size=3).map(",".join)


PARTS = ("n", "NGC", "é", "É", "%", "_", "1.fits", "a\\b", "HZ 4", "ñ", "k", "ngc 1ngc", "", "\\")
DAYS = st.integers(0, 6).map(lambda n: (FIRST_DAY.date() + dt.timedelta(days=n)).isoformat())
CONES = st.tuples(st.floats(0, 360), st.floats(-90, 90), st.floats(1, 5400))
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        **{name: several((*values, "absent")) for name, values in SETTINGS.items()},
        "object": several(NAMES),
        "object_name": several(PARTS),
        "file_name": several(PARTS),
        "data_type": several(range(6)),
        "proposal_id": several(("A first", "b second", "C", "é", "absent")),
        "date": st.one_of(DAYS, DAYS.map(lambda day: day.replace("-", ""))),
        "date_from": DAYS,
        "date_to": DAYS,
        "original_file_id": several(range(1, 9)),
        "parent_file_id": several(range(1, 9)),
    },
)
ORDERED = tuple(sign + name for name in sorted(search_query.HELD) for sign in ("", "-"))


@dataclass
class Ask:
    """Who asks for what, in which order, from where on; the choices of one filter are counted."""

    who: str
    given: dict[str, str]
    cone: tuple[float, float, float] | None
    ordering: str
    start: int
    n_rows: int
    facet: str

    @property
    def filters(self) -> FileFilters:
        cone = zip(("ra", "dec", "radius"), self.cone or (), strict=False)
        return FileFilters(**self.given, **{name: f"{value:.4f}" for name, value in cone})


ASKS = st.builds(
    Ask,
    who=st.sampled_from(PEOPLE),
    given=FILTERS,
    cone=st.none() | CONES,
    ordering=st.sampled_from(ORDERED),
    start=st.integers(0, 80),
    n_rows=st.integers(1, 60),
    facet=st.sampled_from(FACETS),
)


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ask=ASKS)
def test_any_page_of_any_list_is_the_databases(archive: Archive, ask: Ask) -> None:
    filters, user = ask.filters, archive.people[ask.who]
    expected = asked(user, filters, ask.ordering)
    count, found = search_query.find(user, filters, ask.ordering, ask.start, ask.n_rows)
    assert (count, found) == (len(expected), expected[ask.start : ask.start + ask.n_rows])

    rest = filters.model_copy(update={ask.facet: None})
    others = File.select(getattr(File, ask.facet)).where(File.id.in_(asked(user, rest, "id")))
    offered = page.overview(user, filters)
    assert offered.count == count
    told = {choice.value: choice.count for choice in offered.choices[ask.facet] if choice.count}
    assert told == Counter(str(value) for (value,) in others.tuples())


def test_what_comes_changes_and_goes_is_found_at_once(archive: Archive) -> None:
    dice, staff = archive.dice, archive.people["staff"]
    for step in range(60):
        for _ in range(dice.choice((1, 1, 3))):
            act = dice.choice(("add", "add", "change", "delete", "again"))
            file = (
                File.select().order_by(File.id.desc() if act == "again" else File.checksum).first()
            )
            if act in ("delete", "again"):
                rows.file_event("file-deleted", file)
                File.update(parent=None, original=None).where(File.parent == file).execute()
                file.delete_instance()
            if act == "change":
                File.update(
                    obstype=dice.choice(("OBJECT", "new")),
                    object=f"new {step}",
                    state=dice.choice(("current", "superseded")),
                ).where(File.id == file.id).execute()
                rows.file_event("file-changed", file)
            if act in ("add", "again"):  # SQLite gives the id of the newest one out again
                rows.file_event("file-added", archive.add(step))
        for ordering in ("file_name", "-file_name", "-date", "object", dice.choice(ORDERED)):
            if ordering.endswith("file_name") and dice.random() < 0.5:
                continue  # what changed before has not found its place by name
            expected = asked(staff, FileFilters(), ordering)
            assert search_query.find(staff, FileFilters(), ordering, 0, 999) == (
                len(expected),
                expected,
            )
        overview = page.overview(staff, FileFilters(file_name="1"))
        assert overview.count == len(asked(staff, FileFilters(file_name="1"), "id"))


def test_many_changes_are_as_few(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "MOST_PLACED", 3)
    staff = archive.people["staff"]
    search_query.find(staff, FileFilters(), "file_name", 0, 1)
    for number in range(70):
        rows.file_event("file-added", archive.add(number))
    for ordering in ("file_name", "-date"):
        expected = asked(staff, FileFilters(), ordering)
        assert search_query.find(staff, FileFilters(), ordering, 0, 999) == (
            len(expected),
            expected,
        )


def test_an_event_that_is_committed_late_is_heard(archive: Archive) -> None:
    staff = archive.people["staff"]
    first = rows.file_event("file-added", archive.add(1)).id
    count, _ = search_query.find(staff, FileFilters(), "id", 0, 1)
    file = archive.add(2)
    while file.state != "current":
        file = archive.add(2)
    # Its event has a lower number than one that is seen before it.
    seen = Event.create(id=first + 2, name="run-changed").id
    assert search_query.find(staff, FileFilters(), "id", 0, 1)[0] == count
    for number in range(seen + 1, seen + 90):
        Event.create(id=number, name="run-changed")
        if number % 10 == 0:
            search_query.find(staff, FileFilters(), "id", 0, 1)
    Event.create(id=first + 1, name="file-added", payload={"file": file.id})
    assert search_query.find(staff, FileFilters(), "id", 0, 1)[0] == count + 1


def test_a_small_archive_and_an_odd_order_are_the_databases(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = archive.people["staff"]
    File.update(object="unheard").where(File.data_type == 0).execute()  # and no event tells
    unheard = FileFilters(object="unheard")
    assert search_query.find(staff, unheard, "date", 0, 1) == (0, [])
    expected = asked(staff, unheard, "-exptime")
    assert expected == search_query.find(staff, unheard, "-exptime", 0, 999)[1]
    monkeypatch.setattr(catalogue, "LARGE", 10_000)
    assert search_query.find(staff, unheard, "date", 0, 999)[0] == len(expected)


def test_what_makes_no_sense_is_refused(archive: Archive) -> None:
    for wrong in ({"date": "soon"}, {"data_type": "9"}, {"ra": "1"}, {"parent_file_id": "x"}):
        for ask in (search_query.counts, lambda u, f: search_query.find(u, f, "date", 0, 1)):
            with pytest.raises(Unacceptable):
                ask(archive.people["pi"], FileFilters(**wrong))
    with pytest.raises(Unacceptable):
        search_query.find(archive.people["pi"], FileFilters(), "password", 0, 1)
