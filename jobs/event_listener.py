"""Wait for announcements of events, so that readers of events need not poll often."""

from __future__ import annotations

import logging
import threading
import time

from redis.client import PubSub
from redis.exceptions import RedisError

from jobs import queue
from services.events import CHANNEL

log = logging.getLogger(__name__)

_local = threading.local()


def wait(timeout: float) -> None:
    """Return when an event is announced, or after `timeout` seconds.

    Without the queue it only waits, and the caller finds the events in the database. Several
    announcements at the same time count as one.

    Parameters
    ----------
    timeout : float
        Seconds.
    """
    start = time.monotonic()
    try:
        subscription = _subscription()
        if subscription.get_message(ignore_subscribe_messages=True, timeout=timeout):
            while subscription.get_message(ignore_subscribe_messages=True, timeout=0):
                pass
            return
    except (RedisError, OSError, RuntimeError) as error:
        if getattr(_local, "connected", True):
            log.warning("the queue does not answer, events are polled: %s", error)
        _local.connected = False
        _local.subscription = None
        time.sleep(max(0.0, timeout - (time.monotonic() - start)))


def _subscription() -> PubSub:
    subscription: PubSub | None = getattr(_local, "subscription", None)
    if subscription is None:
        client = queue.client()
        subscription = client.pubsub()  # type: ignore[no-untyped-call]
        subscription.subscribe(CHANNEL)
        _local.subscription, _local.connected = subscription, True
    return subscription
