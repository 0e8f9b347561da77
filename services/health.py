"""How well the parts are: what ``/healthz`` and the API's root tell."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

from peewee import PeeweeException

from db import database
from db.models import User

log = logging.getLogger(__name__)

OK = "ok"


class QueueState(NamedTuple):
    """What the queue says of itself: jobs that wait, and workers that are alive."""

    depth: int
    workers: int


QueueProbe = Callable[[], QueueState]
"""Asks the queue; raises whatever its client raises when it can't be reached."""


def status(queue_probe: QueueProbe) -> dict[str, Any]:
    """Return the state of each part.

    Returns
    -------
    dict
        ``ok`` (all parts are well), ``web``, ``database``, ``queue`` and ``workers``, each with a
        ``state`` of ``ok`` or ``down`` (a ``sentence`` says what is wrong), the queue with its
        ``depth`` and the workers with their ``count``.
    """
    parts = {"web": {"state": OK}, "database": _database(), **_queue(queue_probe)}
    return {"ok": all(part["state"] == OK for part in parts.values()), **parts}


def _down(sentence: str, **facts: Any) -> dict[str, Any]:
    return {"state": "down", "sentence": sentence, **facts}


def _database() -> dict[str, Any]:
    try:
        with database.connection_context() if database.is_closed() else nullcontext():
            User.select(User.id).limit(1).tuples().execute()
    except PeeweeException as error:
        log.warning("health: the database does not answer: %s", error)
        return _down("The database does not answer.")
    return {"state": OK}


def _queue(queue_probe: QueueProbe) -> dict[str, dict[str, Any]]:
    try:
        depth, workers = queue_probe()
    except Exception as error:  # noqa: BLE001 - the probe's client is not known here
        log.warning("health: the queue does not answer: %s", error)
        down = _down("The queue does not answer.")
        return {"queue": down, "workers": _down("Unknown while the queue is down.", count=0)}
    alive = {"state": OK, "count": workers} if workers else _down("No worker is running.", count=0)
    return {"queue": {"state": OK, "depth": depth}, "workers": alive}
