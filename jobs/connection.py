"""How every process of a deployment reaches its Redis or Valkey."""

from __future__ import annotations

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry


def open_redis(url: str) -> Redis:
    """Return a client that fails within seconds: the runs table does not need the queue."""
    return Redis.from_url(
        url,
        socket_connect_timeout=1,
        socket_timeout=3,
        retry=Retry(ConstantBackoff(0.05), retries=1),
        health_check_interval=30,
    )
