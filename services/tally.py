"""How many files there are of each setting: the counts beside the choices of the search page.

Counting 250,000 rows by nine columns takes a database half a second, and the counts are wanted at
every click. So each process of the web server remembers of every current file which combination
of settings it has (four bytes a file), and keeps up by the events of the files that changed. It
knows nobody: which files are counted is asked of the database, through the access queries.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from peewee import fn

from db.models import Event, File
from services import events

FACETS = (
    "obstype", "filter", "filter_2", "grating", "wavmode", "slit", "roi", "technique", "date",
)  # fmt: skip
"""What the search page filters by."""

COLUMNS = (*FACETS, "data_type")

OVERLAP = 50
"""PostgreSQL may commit event 7 after event 8: the last few ids are looked at again."""
MOST_CHANGED = 5000
ABSENT = -1
FILE_EVENTS = ("file-added", "file-changed", "file-deleted")


@dataclass
class Tally:
    """The combination of every file: ``codes[id]`` is a place in `combinations`, or `ABSENT`."""

    event: int
    codes: NDArray[np.int32] = field(default_factory=lambda: np.full(1, ABSENT, dtype=np.int32))
    combinations: dict[tuple[str, ...], int] = field(default_factory=dict)
    _table: tuple[list[list[str]], NDArray[np.int32]] | None = None

    def load(self, only: list[int] | None = None) -> None:
        """Read the combinations of the files of these ids, or of all."""
        query = File.select(File.id, *(getattr(File, name) for name in COLUMNS))
        query = query.where(File.state == "current")
        if only is None:
            newest = int(File.select(fn.MAX(File.id)).scalar() or 0)
        else:
            query, newest = query.where(File.id.in_(only)), max(only)
        self._make_room(newest)
        if only is not None:
            self.codes[only] = ABSENT
        for number, *values in query.tuples().iterator():
            key = tuple(str(value) for value in values)
            self._make_room(number)
            self.codes[number] = self.combinations.setdefault(key, len(self.combinations))

    def _make_room(self, number: int) -> None:
        if number >= self.codes.size:
            more = np.full(max(number + 1, 2 * self.codes.size), ABSENT, dtype=np.int32)
            more[: self.codes.size] = self.codes
            self.codes = more

    def catch_up(self) -> bool:
        """Read again what changed; False when too much has happened for that."""
        oldest = int(Event.select(fn.MIN(Event.id)).scalar() or 0)
        latest = events.latest_id()
        if latest < self.event or oldest > self.event + 1:
            return False
        news = Event.select(Event.payload).where(
            Event.id > self.event - OVERLAP, Event.name.in_(FILE_EVENTS)
        )
        found = [payload.get("file") for (payload,) in news.tuples().limit(MOST_CHANGED + 1)]
        if len(found) > MOST_CHANGED:
            return False
        changed = sorted({int(number) for number in found if number is not None})
        if changed:
            self.load(changed)
        self.event = latest
        return True

    def coded(self) -> tuple[list[list[str]], NDArray[np.int32]]:
        """Return each column's values, and of each combination the places of its values."""
        if self._table is None or len(self._table[1]) != len(self.combinations):
            names, places = [], []
            for column in zip(*self.combinations, strict=True) if self.combinations else ():
                known = {value: i for i, value in enumerate(dict.fromkeys(column))}
                names.append(list(known))
                places.append([known[value] for value in column])
            empty: list[list[str]] = [[] for _ in COLUMNS]
            matrix = np.array(places, dtype=np.int32).T if places else np.empty((0, len(COLUMNS)))
            self._table = (names or empty, np.asfortranarray(matrix, dtype=np.int32))
        return self._table


@dataclass(frozen=True, slots=True)
class Counts:
    """How many files each combination has.

    `values` are those of each of `COLUMNS`; `places` is (combinations, columns), the place of the
    combination's value among the column's; `counts` is (combinations,).
    """

    values: list[list[str]]
    places: NDArray[np.int32]
    counts: NDArray[np.int64]


class _Holder:
    lock = threading.Lock()
    kept: Tally | None = None
    database: object = None


def count(ids: NDArray[np.int64] | None) -> Counts:
    """Return the combinations of these files (None: of all that are current) and how many each.

    Parameters
    ----------
    ids : (n,) array, optional
        Ids of files; what is not current is not counted.
    """
    with _Holder.lock:
        tally = _current()
        codes = tally.codes if ids is None else tally.codes[ids[ids < tally.codes.size]]
        counts = np.bincount(codes[codes != ABSENT], minlength=len(tally.combinations))
        return Counts(*tally.coded(), counts)


def _current() -> Tally:
    bound = File._meta.database.obj
    kept = _Holder.kept if _Holder.database is bound else None
    if kept is None or not kept.catch_up():
        kept = Tally(event=events.latest_id())
        kept.load()
    _Holder.kept, _Holder.database = kept, bound
    return kept
