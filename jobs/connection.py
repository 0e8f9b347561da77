"""How every process of a deployment reaches its Redis or Valkey."""

from __future__ import annotations

from redis import Redis
from redis.backoff import ConstantBackoff, NoBackoff
from redis.retry import Retry

COUNTERS_TIMEOUT_S = 0.15


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
