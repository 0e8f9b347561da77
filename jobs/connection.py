"""How every process of a deployment reaches its Redis or Valkey."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any, TypeVar

from redis import Redis
from redis.backoff import ConstantBackoff, NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

T = TypeVar("T")

COUNTERS_TIMEOUT_S = 0.15
QUIET_S = 5.0
"""Seconds for which a queue that did not answer is not asked again."""


def open_counters(url: str) -> Redis:
    """Return a client for what every request asks: it fails at once, and is then done without."""
    return Redis.from_url(
        url,
        socket_connect_timeout=COUNTERS_TIMEOUT_S,
        socket_timeout=COUNTERS_TIMEOUT_S,
        retry=Retry(NoBackoff(), retries=0),
    )


def open_redis(url: str) -> Redis:
    """Return a client that fails within seconds: the runs table does not need the queue."""
    return Redis.from_url(
        url,
        socket_connect_timeout=1,
        socket_timeout=3,
        retry=Retry(ConstantBackoff(0.05), retries=1),
        health_check_interval=30,
    )


def open_impatient_redis(url: str) -> Redis:
    """Return a client for those whom a person waits for: it fails within a second.

    A connection that was lost is made again once. A server that takes a command and does not answer
    is not asked again for some seconds, see `Impatience`.
    """
    return Redis.from_url(
        url,
        socket_connect_timeout=0.5,
        socket_timeout=0.8,
        retry=Impatience(ConstantBackoff(0.05), 1, (NotConnected,)),
        health_check_interval=30,
    )


class Impatience(Retry):
    """Remembers, for all connections of a client, that the server did not answer lately.

    A request that asks the queue several times, and the requests that come meanwhile, do not each
    wait for it: they are told at once.
    """

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._silent_until = [0.0]

    def __deepcopy__(self, memo: dict[int, Any]) -> Impatience:
        """Return a copy for another connection, which shares the memory."""
        copied = Impatience(
            copy.deepcopy(self._backoff, memo), self._retries, self._supported_errors
        )
        copied._silent_until = self._silent_until
        return copied

    def call_with_retry(self, do: Callable[[], T], *given: Any, **named: Any) -> T:
        """Do something with the server.

        Raises
        ------
        redis.TimeoutError
            It does not answer, or did not lately.
        """
        if time.monotonic() < self._silent_until[0]:
            raise NoAnswer("the queue has not answered lately")
        try:
            return super().call_with_retry(do, *given, **named)
        except NoAnswer:
            self._silent_until[0] = time.monotonic() + QUIET_S
            raise
