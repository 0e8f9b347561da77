"""How often one person may ask: a script that runs away is slowed down, and nobody else is.

Counted in the memory of the one web process. Each limit is a bucket of tokens for each person: it
holds a minute's worth, and fills steadily (a burst is fine, a stream is not).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from services.errors import TooManyAttempts

LIMITS = {"read": 6000, "write": 1200, "picture": 300, "mail": 30, "rare": 10}
"""Requests a minute: reading; changing something; drawing; sending mail; new tokens."""

_MAX_BUCKETS = 20_000


class Buckets:
    """What each person has left of each limit."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[tuple[int, str], tuple[float, float]] = {}

    def take(self, person: int, limit: str) -> float:
        """Take one token; return 0, or the seconds until there is one again."""
        size = LIMITS[limit]
        now = self._clock()
        with self._lock:
            left, since = self._left.get((person, limit), (float(size), now))
            left = min(float(size), left + (now - since) * size / 60)
            enough = left >= 1
            self._left[person, limit] = (left - 1 if enough else left, now)
            if len(self._left) > _MAX_BUCKETS:
                self._left.clear()
        return 0.0 if enough else (1 - left) * 60 / size

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._left.clear()


buckets = Buckets()


def count(person: int, limit: str) -> None:
    """Count a request of a person.

    Raises
    ------
    TooManyAttempts
        There were too many lately; says when the next one counts.
    """
    wait = buckets.take(person, limit)
    if wait:
        seconds = math.ceil(wait)
        raise TooManyAttempts(
            f"More than {LIMITS[limit]} requests a minute; try again in {seconds} s.",
            retry_after=seconds,
        )
