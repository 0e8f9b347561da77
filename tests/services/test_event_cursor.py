"""A cursor reads every event once, in whatever order the transactions commit."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from peewee import PostgresqlDatabase

import db
from db.models import Event, utc_now
from services import event_cursor, events
from services.event_cursor import EventCursor

pytestmark = pytest.mark.usefixtures("database")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def put(*numbers: int) -> None:
    for number in numbers:
        Event.create(id=number, name="file-changed", payload={"file": number})


def read(cursor: EventCursor, limit: int = 100) -> list[int]:
    return [event.id for event in cursor.read(limit)]


def test_each_event_is_read_once() -> None:
    put(1, 2)
    cursor = EventCursor(0)
    assert cursor.read(100)[1] == (2, "file-changed", {"file": 2})
    assert read(cursor) == []
    put(3, 5)
    assert (read(cursor), cursor.position, cursor.resume) == ([3, 5], 5, 3)
    put(4, 6)
    assert (read(cursor), cursor.position, cursor.resume) == ([4, 6], 6, 6)
    assert read(cursor) == []


def test_many_are_read_page_by_page() -> None:
    put(*range(1, 8), 9)
    cursor = EventCursor(0)
    assert [read(cursor, 3) for _ in range(4)] == [[1, 2, 3], [4, 5, 6], [7, 9], []]
    put(8)
    assert read(cursor, 3) == [8]


def test_a_new_cursor_reads_what_is_committed_late() -> None:
    put(1, 2, 4)
    cursor = EventCursor.at_newest()
    assert (read(cursor), cursor.resume) == ([], 2)
    put(3)
    assert (read(cursor), cursor.resume) == ([3], 4)


def test_the_gaps_of_long_ago_are_closed() -> None:
    put(1, 4)
    Event.update(created=utc_now() - dt.timedelta(days=1)).execute()
    put(5)
    cursor = EventCursor.at_newest()
    assert (cursor.gaps, cursor.resume) == (frozenset(), 5)


def test_what_never_comes_is_not_looked_for_for_ever() -> None:
    clock = Clock()
    cursor = EventCursor(0, clock)
    put(1, 3)
    read(cursor)
    clock.now += event_cursor.LATE.total_seconds() - 1
    read(cursor)
    assert cursor.gaps == (frozenset() if on_postgres() else {2})  # no transaction is open
    clock.now += 2
    assert (read(cursor), cursor.gaps) == ([], frozenset())


def test_a_restored_database_is_noticed() -> None:
    put(1, 2, 3)
    cursor = EventCursor.at_newest()
    assert not cursor.is_ahead
    Event.delete().where(Event.id > 1).execute()
    assert cursor.is_ahead


def test_a_mark_tells_what_was_committed() -> None:
    assert event_cursor.mark() == (0, 0)
    put(1, 3)
    before = event_cursor.mark()
    assert event_cursor.mark() == before
    put(2)
    late = event_cursor.mark()
    put(4)
    assert len({before, late, event_cursor.mark()}) == 3


# --- two connections ------------------------------------------------------------------------------


def on_postgres() -> bool:
    return isinstance(db.database.obj, PostgresqlDatabase)


@contextmanager
def uncommitted(*, rolled_back: bool = False) -> Iterator[Future[int]]:
    """Record an event in a transaction that ends with the block; its id is the result."""
    recorded, end = threading.Event(), threading.Event()

    def record() -> int:
        with db.database.connection_context(), db.database.atomic() as transaction:
            number = int(events.record("file-changed", file=1).id)
            recorded.set()
            assert end.wait(30)
            if rolled_back:
                transaction.rollback()
            return number

    with ThreadPoolExecutor(1) as other:
        future = other.submit(record)
        try:
            assert recorded.wait(30)
            yield future
        finally:
            end.set()
        future.result()


@pytest.fixture
def postgres() -> None:
    if not on_postgres():
        pytest.skip("SQLite commits one transaction after the other")


def record() -> int:
    return int(events.record("file-changed", file=2).id)


@pytest.mark.usefixtures("postgres")
def test_a_transaction_that_commits_later_is_read_later() -> None:
    cursor, first = EventCursor.at_newest(), record()
    assert read(cursor) == [first]
    with uncommitted() as other:
        later = record()
        started_meanwhile = EventCursor.at_newest()
        mark = event_cursor.mark()
        assert read(cursor) == [later]
        assert cursor.resume == started_meanwhile.resume == first
    assert first < other.result() < later
    assert read(cursor) == read(started_meanwhile) == [other.result()]
    assert cursor.resume == started_meanwhile.resume == later
    assert event_cursor.mark() != mark


@pytest.mark.usefixtures("postgres")
def test_a_gap_is_open_exactly_as_long_as_its_transaction() -> None:
    clock = Clock()
    cursor = EventCursor(record(), clock)
    with uncommitted(rolled_back=True):
        later = record()
        assert read(cursor) == [later]
        clock.now += event_cursor.GRACE_S + 0.1
        assert (read(cursor), len(cursor.gaps)) == ([], 1)
    assert (read(cursor), cursor.gaps) == ([], frozenset())
