"""Buckets of tokens that all web processes of a deployment share through Redis.

Each bucket is read, refilled and written by one script, which Redis executes as a whole. Where
Redis does not answer at once a process counts by itself: no request waits for it, and the limits
then hold for each process.
"""

from __future__ import annotations

import logging
import threading
import time

from redis.exceptions import RedisError

from services import context

log = logging.getLogger(__name__)

KEYS = "gsp:bucket:"
PAUSE_S = 5.0
"""After a failure Redis is left alone for this long, so that few requests wait for it."""

SCRIPT = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local size, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'left', 'since')
local left, since = tonumber(kept[1]) or size, tonumber(kept[2]) or now
left = math.min(size, left + math.max(0, now - since) * rate)
local wait = 0
if left >= 1 then left = left - 1 else wait = (1 - left) / rate end
redis.call('HSET', KEYS[1], 'left', string.format('%.6f', left),
           'since', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(size / rate) + 1)
return string.format('%.6f', wait)
"""

_lock = threading.Lock()
_not_before = [0.0]


def take(name: str, size: int, rate: float) -> float | None:
    """Take one token of a bucket.

    Parameters
    ----------
    name : str
        Whose bucket of which limit.
    size : int
        Tokens of a full bucket.
    rate : float
        Tokens that are added each second.

    Returns
    -------
    float or None
        0 when a token was taken, else the seconds until one is available; None when Redis does not
        answer.
    """
    redis = context.current().counters
    if redis is None or time.monotonic() < _not_before[0]:
        return None
    try:
        return float(redis.eval(SCRIPT, 1, KEYS + name, size, rate))
    except (RedisError, OSError) as error:
        with _lock:
            is_news = time.monotonic() >= _not_before[0]
            _not_before[0] = time.monotonic() + PAUSE_S
        if is_news:
            log.warning("request limits are counted by this process alone: %s", error)
        return None


def retry() -> None:
    """Ask Redis again, whatever it answered before."""
    _not_before[0] = 0.0
