"""State of the parts of the system, as shown by ``/healthz``, the API's root and Tonight."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

from peewee import PeeweeException

from db import database
from db.models import User

log = logging.getLogger(__name__)

OK, DOWN = "ok", "down"


class QueueState(NamedTuple):
    """Jobs that wait in the queue, and workers that are alive."""

    depth: int
    workers: int


QueueProbe = Callable[[], QueueState]
"""Asks the queue; raises an exception of its client when the queue is not reachable."""


@dataclass(frozen=True, slots=True)
class Part:
    """The state of a part of the system.

    Attributes
    ----------
    state : str
        ``ok`` or ``down``.
    sentence : str
        What is wrong, "" when nothing is.
    depth : int or None
        Jobs that wait; of the queue only.
    count : int or None
        Workers that are alive; of the workers only.
    """

    state: str = OK
    sentence: str = ""
    depth: int | None = None
    count: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the part as JSON shows it, without what does not apply."""
        optional = {"sentence": self.sentence or None, "depth": self.depth, "count": self.count}
        given = {name: value for name, value in optional.items() if value is not None}
        return {"state": self.state, **given}


@dataclass(frozen=True, slots=True)
class Health:
    """The state of all parts."""

    database: Part
    queue: Part
    workers: Part
    web: Part = Part()

    @property
    def ok(self) -> bool:
        """Whether all parts work."""
        return all(part.state == OK for part in (self.database, self.queue, self.workers))

    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON shows it."""
        parts = ("web", "database", "queue", "workers")
        return {"ok": self.ok, **{name: getattr(self, name).as_dict() for name in parts}}


def status(queue_probe: QueueProbe) -> Health:
    """Return the state of all parts.

    Parameters
    ----------
    queue_probe : callable
        Asks the queue.
    """
    queue, workers = of_queue(queue_probe)
    return Health(database=_database(), queue=queue, workers=workers)


def _database() -> Part:
    try:
        with database.connection_context() if database.is_closed() else nullcontext():
            User.select(User.id).limit(1).tuples().execute()
    except PeeweeException as error:
        log.warning("health: the database does not answer: %s", error)
        return Part(DOWN, "The database does not answer.")
    return Part()


def of_queue(queue_probe: QueueProbe) -> tuple[Part, Part]:
    """Return the state of the queue and of the workers."""
    try:
        depth, n_workers = queue_probe()
    except Exception as error:  # noqa: BLE001 - the exceptions of the probe's client are not known
        log.warning("health: the queue does not answer: %s", error)
        unknown = Part(DOWN, "Unknown while the queue is down.", count=0)
        return Part(DOWN, "The queue does not answer."), unknown
    if not n_workers:
        return Part(depth=depth), Part(DOWN, "No worker is running.", count=0)
    return Part(depth=depth), Part(count=n_workers)
