"""Catalogue of all current files in memory, for lists of large archives.

A database reads an index entry of each file that passes a filter, to count them, and again to find
the page: a second for each million. Here that takes a hundredth. A process that answers searches
keeps some 160 bytes a file, and updates them by the events of changed files before every answer.
The catalogue holds no access rights: `services.access` decides what a person may see.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peewee import SQL, PeeweeException, fn

from db import database
from db.models import File
from services import events
from services.event_cursor import EventCursor
from services.search.columns import ABSENT, COMBINED, SINGLE, Columns

log = logging.getLogger(__name__)

LARGE = 20_000
"""Number of files from which lists use the catalogue; the database is fast for fewer."""

BATCH = 20_000
MOST_EVENTS = 50_000
MOST_PLACED = 1000
FILE_EVENTS = ("file-added", "file-changed", "file-deleted")


class Catalogue(Columns):
    """The columns of all current files, as they were when the events of `cursor` were read."""

    def __init__(self) -> None:
        super().__init__()
        self.cursor = EventCursor.at_newest()
        self._by_name: NDArray[np.int32] | None = None
        self._unplaced: set[int] = set()

    def load(self) -> None:
        """Load all current files."""
        self.make_room(_newest_file())
        param, after = database.param, None
        query = _current_files().order_by(File.date_obs, File.id).limit(BATCH)
        while True:
            # By the instants: so they lie in the index that holds all these columns.
            more = SQL(f'("date_obs", "id") > ({param}, {param})', after)
            rows = _fetch(query.where(more) if after else query)
            self.take(rows)
            if len(rows) < BATCH:
                return
            after = (rows[-1][SINGLE.index("date_obs")], rows[-1][SINGLE.index("id")])

    def catch_up(self) -> bool:
        """Update what has changed; return False when too much has changed."""
        if self.cursor.is_ahead or events.oldest_id() > self.cursor.position + 1:
            return False
        news = self.cursor.read(MOST_EVENTS)
        if len(news) == MOST_EVENTS:
            return False
        changed = {
            int(event.payload["file"])
            for event in news
            if event.name in FILE_EVENTS and event.payload.get("file") is not None
        }
        self._read_again(sorted(changed))
        return True

    def _read_again(self, ids: list[int]) -> None:
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            rows = _fetch(_current_files().where(File.id.in_(some)))
            self.leave(np.array(some))
            self.take(rows)
        self._unplaced.update(ids)

    def by_name(self) -> NDArray[np.int32]:
        """Return the ids in the order of the file names; some may have been deleted."""
        if self._by_name is None or len(self._unplaced) > MOST_PLACED or not self._place():
            query = File.select(File.id).order_by(File.file_name, File.id)
            cursor = database.execute(query)
            named = np.fromiter((row[0] for row in cursor), dtype=np.int32)
            self._by_name = named[named < self.combination.size]
        self._unplaced.clear()
        return self._by_name

    def _place(self) -> bool:
        """Insert changed files into the order; return False when a neighbour is not known yet."""
        if not self._unplaced or self._by_name is None:
            return True
        order = self._by_name[~np.isin(self._by_name, list(self._unplaced))]
        places = np.full(self.combination.size + 1, ABSENT, dtype=np.int32)
        places[order] = np.arange(order.size)
        mine = File.select(File.file_name, File.id).where(File.id.in_(list(self._unplaced)))
        new, param = sorted(mine.tuples()), database.param
        # The last one first, so that everybody's neighbour has its place already.
        for name, number in reversed(new):
            after = SQL(f'("file_name", "id") > ({param}, {param})', [name, number])
            later = File.select(File.id).where(after).order_by(File.file_name, File.id)
            neighbour = later.limit(1).scalar()
            known = neighbour is None or neighbour < places.size
            place = order.size if neighbour is None else places[neighbour] if known else ABSENT
            if place == ABSENT or number >= places.size:
                return False
            places[number] = place
        ids = np.array([number for _, number in new], dtype=np.int32)
        self._by_name = np.insert(order, places[ids], ids)
        return True


def _current_files() -> Any:
    columns = [getattr(File, name) for name in (*SINGLE, *COMBINED)]
    return File.select(*columns).where(File.state == "current")


def _fetch(query: Any) -> list[tuple[Any, ...]]:
    """Return rows without conversion; parsing dates would take most of the time."""
    return list(database.execute(query).fetchall())


def _newest_file() -> int:
    return int(File.select(fn.MAX(File.id)).scalar() or 0)


class _Cache:
    """The catalogue of the database that this process is bound to, once it is loaded."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loading = threading.Lock()
        self.catalogue: Catalogue | None = None
        self.database: object = None


_cache = _Cache()


@contextmanager
def current() -> Iterator[Catalogue]:
    """Provide the catalogue in its current state; load it first when necessary."""
    with _cache.lock:
        bound = database.obj
        kept = _cache.catalogue if _cache.database is bound else None
        if kept is None or not kept.catch_up():
            _cache.catalogue = None
            kept = Catalogue()
            kept.load()
        _cache.catalogue, _cache.database = kept, bound
        yield kept


def serves() -> bool:
    """Return whether lists use the catalogue; start to load it when it is missing."""
    if _newest_file() < LARGE:
        return False
    if _cache.catalogue is not None and _cache.database is database.obj:
        return True
    if not _cache.loading.locked():
        threading.Thread(target=warm, name="catalogue", daemon=True).start()
    return False


def warm() -> None:
    """Load the catalogue of a large archive in a thread, since it takes seconds."""
    if not _cache.loading.acquire(blocking=False):
        return
    try:
        with database.connection_context():
            if _newest_file() >= LARGE:
                with current() as files:
                    files.by_name()
    except PeeweeException as error:
        log.warning("The catalogue of the files can't be loaded: %s", error)
    finally:
        _cache.loading.release()
