"""What many look at in the same moment is read once.

When something happens to a file, every page that shows it asks for the same rows within a few
hundredths of a second. What is kept here for that long is rows, never an answer to somebody: each
request is checked by `access` before it is given any of them, and what depends on who asks is named
in the key, or worked out anew. A `Moment` tells which events the asker has heard of, so that nobody
is given what was read before the last of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from services import events

KEPT_S = 2.0
MOST = 300

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Moment:
    """The newest event of the table, and what the asker says to have heard.

    Both: PostgreSQL may commit event 7 after event 8, and whoever asks because of the 7th must not
    be given what was read when the 8th was the newest already.
    """

    latest: int
    heard: str = ""


def moment(heard: str = "") -> Moment:
    """Return the moment of a request that was caused by the events `heard`."""
    return Moment(events.latest_id(), heard)


@dataclass(slots=True)
class _Entry:
    born: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_read: bool = False
    value: Any = None


class Memo:
    """Values that live for `KEPT_S`; of those who ask at once one reads, and the others wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """Return the value of `key`, read now unless it was a moment ago. A failure is not kept."""
        entry = self._entry(key)
        with entry.lock:
            if not entry.is_read:
                entry.value, entry.is_read = read(), True
            return cast("T", entry.value)

    def _entry(self, key: Hashable) -> _Entry:
        now = self._clock()
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or now - entry.born > KEPT_S:
                self._drop(now)
                entry = self._entries[key] = _Entry(now)
            return entry

    def _drop(self, now: float) -> None:
        """Forget what is too old, and the oldest when there is too much."""
        for key in [k for k, one in self._entries.items() if now - one.born > KEPT_S]:
            del self._entries[key]
        while len(self._entries) >= MOST:
            del self._entries[next(iter(self._entries))]


_memo = Memo()


def read(when: Moment | None, what: tuple[Hashable, ...], how: Callable[[], T]) -> T:
    """Return what `how` reads; what others have read in this moment, if there is one.

    `what` names all that the value depends on besides the rows of the database. Nobody changes a
    value that was read for others too.
    """
    return how() if when is None else _memo.get((when, *what), how)
