"""Rate limits: how many requests a person may send each minute.

Each person has a bucket of tokens for each limit. A full bucket holds one minute's worth and is
refilled continuously, so a burst is accepted and a continuous stream is not. All web processes
share the buckets (`services.shared_buckets`); while Redis does not answer, each has its own.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from services import shared_buckets
from services.accounts import rate_limit
from services.errors import TooManyAttempts

LIMITS = {"read": 6000, "write": 1200, "picture": 300, "mail": 30, "rare": 10, "guess": 20}
"""Requests per minute: reading, writing, drawing images, sending mail, renewing tokens; and, of a
network address, tokens and mailed links that are not valid."""
TOO_MANY = "More than {most} requests per minute. Try again in {seconds} s."
GUESSED = "Too many wrong tokens or links came from this address. Try again in {seconds} s."

_MAX_BUCKETS = 20_000


class Buckets:
    """The tokens that each person has left of each limit.

    Parameters
    ----------
    clock : callable, optional
        Returns the time in seconds; monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[tuple[int | str, str], tuple[float, float]] = {}

    def take(self, person: int | str, limit: str) -> float:
        """Take one token.

        Parameters
        ----------
        person : int or str
            Id of the account, or a network address.
        limit : str
            A key of `LIMITS`.

        Returns
        -------
        float
            0 when a token was taken, else the seconds until one is available.
        """
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
        """Fill all buckets."""
        with self._lock:
            self._left.clear()


buckets = Buckets()


def count(person: int | str, limit: str, refusal: str = TOO_MANY) -> None:
    """Count a request of a person, or of a network address.

    Raises
    ------
    TooManyAttempts
        The bucket is empty; `retry_after` is the time until the next token, in whole seconds.
    """
    size = LIMITS[limit]
    wait = shared_buckets.take(f"{limit}:{person}", size, size / 60)
    if wait is None:
        wait = buckets.take(person, limit)
    if wait:
        seconds = math.ceil(wait)
        raise TooManyAttempts(refusal.format(most=size, seconds=seconds), retry_after=seconds)


def count_guess(address: str) -> None:
    """Count a token or link that is not valid. Valid ones of the same address remain accepted.

    Raises
    ------
    TooManyAttempts
        More than 20 in a minute.
    """
    count(rate_limit.block(address), "guess", GUESSED)
