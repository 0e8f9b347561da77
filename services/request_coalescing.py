"""Request coalescing: what several requests need at the same moment is read once.

After an event, every page that shows the file requests the same rows within some hundredths of a
second. The values are shared for that long. They are never shared between people with different
access: each request is checked by `access` first, and all else that a value depends on is part of
its key. A `Moment` holds which events were committed, so that no request gets a value that was read
before the event that caused it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from services.event_cursor import Mark, mark

KEPT_S = 2.0
"""Seconds for which a value is shared."""
MAX_VALUES = 300

T = TypeVar("T")


Moment = Mark
"""What was committed when a request was made.

A request that an event caused is not given what was read before that event was committed, in
whatever order PostgreSQL commits events.
"""


def moment() -> Moment:
    """Return the moment of a request."""
    return mark()


@dataclass(slots=True)
class _Entry:
    created: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_read: bool = False
    value: object = None


class Memo:
    """Values that are kept for `KEPT_S`; of concurrent requests one reads and the others wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """Return the value of `key`; it is read unless it is kept. A failure is not kept."""
        entry = self._entry(key)
        with entry.lock:
            if not entry.is_read:
                entry.value, entry.is_read = read(), True
            return cast("T", entry.value)

    def _entry(self, key: Hashable) -> _Entry:
        now = self._clock()
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or now - entry.created > KEPT_S:
                self._drop(now)
                entry = self._entries[key] = _Entry(now)
            return entry

    def _drop(self, now: float) -> None:
        """Drop the expired values, and the oldest when there are too many."""
        for key in [k for k, entry in self._entries.items() if now - entry.created > KEPT_S]:
            del self._entries[key]
        while len(self._entries) >= MAX_VALUES:
            del self._entries[next(iter(self._entries))]

    def clear(self) -> None:
        """Drop all values: the rows were replaced, and with them the events that marks count."""
        with self._lock:
            self._entries.clear()


_memo = Memo()


def forget() -> None:
    """Drop the shared values of this process, when it is bound to other rows."""
    _memo.clear()


def read(when: Moment | None, what: tuple[Hashable, ...], how: Callable[[], T]) -> T:
    """Return a value, shared with the other requests of a moment.

    Parameters
    ----------
    when : Moment or None
        The moment of the request; None shares nothing.
    what : tuple
        All that the value depends on, apart from the rows of the database.
    how : callable
        Reads the value, which must not be changed afterwards.
    """
    return how() if when is None else _memo.get((when, *what), how)
