"""A reader's place in the table of events, which misses none that is committed late.

PostgreSQL gives an event its id when it is inserted and shows it when it is committed: a reader may
meet event 8 before event 7. A cursor keeps the ids that were left out and looks for them again,
until every transaction that could still commit them has ended.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from peewee import PostgresqlDatabase, fn

from db import clock, database
from db.models import Event

LATE = dt.timedelta(minutes=10)
"""No transaction is open for longer."""
LOOKBACK = 500
"""Newest events among which a new cursor looks for ids that were left out."""
MAX_GAPS = 10_000
GRACE_S = 1.0
"""A transaction may take an id shortly before PostgreSQL lists it among those that write."""


class EventRow(NamedTuple):
    """The columns of an event that readers need, without access checks."""

    id: int
    name: str
    payload: dict[str, Any]


class Mark(NamedTuple):
    """What was committed at a time: the newest event, and how many of the `LOOKBACK` before it.

    Marks are equal only if the same events were committed: an event that is late changes
    `committed`.
    """

    newest: int
    committed: int


def mark() -> Mark:
    """Return the mark of the events that are committed by now."""
    every = Event.alias()
    start = every.select(fn.MAX(every.id) - LOOKBACK)
    latest = Event.select(fn.MAX(Event.id), fn.COUNT(Event.id)).where(Event.id > start)
    last, committed = latest.tuples().get()
    return Mark(int(last or 0), int(committed))


@dataclass(frozen=True, slots=True)
class _Gap:
    """When an id was found to be left out; `horizon` is PostgreSQL's next transaction then."""

    noticed: float
    horizon: int | None


class EventCursor:
    """A place in the table of events: all up to `position` were read, but for the gaps.

    Parameters
    ----------
    position : int
        Id of the event after which to read.
    monotonic : callable
        Clock of this process, in seconds.
    """

    def __init__(self, position: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.position = position
        self._monotonic = monotonic
        self._gaps: dict[int, _Gap] = {}

    @classmethod
    def at_newest(cls, monotonic: Callable[[], float] = time.monotonic) -> EventCursor:
        """Return a cursor behind the newest event; what is committed late is still read."""
        is_recent = Event.created > clock.now_expression(-LATE)
        newest = int(Event.select(fn.MAX(Event.id)).scalar() or 0)
        cursor = cls(newest, monotonic)
        before = max(newest - LOOKBACK, 0)
        query = Event.select(Event.id, is_recent).where(Event.id > before, Event.id <= newest)
        left_out: list[int] = []
        for number, recent in query.order_by(Event.id).tuples():
            if recent:  # else the transactions of the ids before it ended long ago
                left_out += range(before + 1, number)
            before = number
        cursor._notice(left_out)
        return cursor

    @property
    def gaps(self) -> frozenset[int]:
        """Ids up to `position` that were not there when they were read over."""
        return frozenset(self._gaps)

    @property
    def resume(self) -> int:
        """The newest id up to which nothing is left out: who reads on after it misses nothing."""
        return min(self._gaps, default=self.position + 1) - 1

    @property
    def is_ahead(self) -> bool:
        """Whether the table ends before `position`: the database was restored since."""
        return int(Event.select(fn.MAX(Event.id)).scalar() or 0) < self.position

    def read(self, limit: int) -> list[EventRow]:
        """Return the events that were committed since the last time, by id.

        Parameters
        ----------
        limit : int
            The most that are returned; when there are as many, there may be more.
        """
        wanted = Event.id > self.position
        if self._gaps:
            wanted |= Event.id.in_(list(self._gaps))
            self._close_gaps()
        query = Event.select(Event.id, Event.name, Event.payload).where(wanted)
        found = [EventRow(*row) for row in query.order_by(Event.id).limit(limit).tuples()]
        ids = {row.id for row in found}
        for number in ids:
            self._gaps.pop(number, None)
        last = max(ids, default=0)
        if last > self.position:
            start = max(self.position + 1, last - MAX_GAPS)
            self._notice([number for number in range(start, last) if number not in ids])
            self.position = last
        return found

    def _notice(self, ids: list[int]) -> None:
        if ids:
            gap = _Gap(self._monotonic(), _next_transaction())
            self._gaps.update((number, gap) for number in ids[-MAX_GAPS:])

    def _close_gaps(self) -> None:
        """Remove the ids that no transaction can commit any more.

        Called before they are searched for the last time.
        """
        now, oldest = self._monotonic(), _oldest_transaction()
        for number, gap in list(self._gaps.items()):
            age = now - gap.noticed
            ended = oldest is not None and gap.horizon is not None and oldest >= gap.horizon
            if age > LATE.total_seconds() or (ended and age > GRACE_S):
                del self._gaps[number]


def _next_transaction() -> int | None:
    """Return the first transaction of PostgreSQL that has not begun; None on SQLite."""
    return _snapshot("pg_snapshot_xmax")


def _oldest_transaction() -> int | None:
    """Return the oldest transaction of PostgreSQL that has not ended; None on SQLite."""
    return _snapshot("pg_snapshot_xmin")


def _snapshot(function: str) -> int | None:
    if not isinstance(database.obj, PostgresqlDatabase):
        return None
    query = f"SELECT {function}(pg_current_snapshot())::text::bigint"
    (number,) = database.execute_sql(query).fetchone()
    return int(number)
