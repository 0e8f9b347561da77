"""Events for open pages and scripts: recorded with the change, announced after its commit.

The payload of an event holds only ids and a few values; its readers load the rest through the
access checks.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterable
from typing import Any

from peewee import fn

from db import clock
from db.models import Event, Proposal, User
from services import access, context

log = logging.getLogger(__name__)

CHANNEL = "gsp:events"
KEPT = dt.timedelta(days=7)

NAMES = frozenset(
    {
        "file-added",
        "file-changed",
        "file-deleted",
        "run-changed",
        "comment-added",
        "comment-deleted",
        "log-added",
        "access-changed",
    }
)


def record(
    name: str,
    *,
    proposal: Proposal | int | None = None,
    staff_only: bool = False,
    person: User | None = None,
    **payload: Any,
) -> Event:
    """Write an event inside the transaction of the change that it describes.

    With a `person` it is visible to that person and to staff only.
    """
    if name not in NAMES:
        raise ValueError(f"unknown event {name!r}")
    return Event.create(
        name=name,
        proposal=proposal,
        staff_only=staff_only or person is not None,
        person=person.id if person is not None else None,
        payload=payload,
    )


def publish(*events: Event) -> None:
    """Wake the listeners after the commit. Never raises: a listener also polls the table."""
    publisher = context.current().publisher
    if publisher is None:
        return
    for event in events:
        try:
            publisher.publish(CHANNEL, json.dumps(as_dict(event)))
        except Exception as error:  # noqa: BLE001 (any client's failure means the same)
            log.warning("Events can't be announced: %s", error)
            return


def since(user: User, event_id: int, limit: int = 500) -> list[Event]:
    """Return the events visible to a person that are newer than `event_id`, oldest first."""
    query = access.visible_events(user).where(Event.id > event_id)
    return list(query.order_by(Event.id).limit(limit))


def between(user: User, after: int, last: int, limit: int) -> list[Event]:
    """Return the first `limit` events after `after` and up to `last` that a person may see."""
    query = access.visible_events(user).where(Event.id > after, Event.id <= last)
    return list(query.order_by(Event.id).limit(limit))


def visible(user: User, ids: Iterable[int]) -> list[Event]:
    """Return those of some events that a person may see, oldest first."""
    query = access.visible_events(user).where(Event.id.in_(list(ids)))
    return list(query.order_by(Event.id))


def oldest_id() -> int:
    """Return the id of the oldest event, 0 when there is none."""
    return int(Event.select(fn.MIN(Event.id)).scalar() or 0)


def latest_id() -> int:
    """Return the id of the newest event, 0 when there is none."""
    return int(Event.select(fn.MAX(Event.id)).scalar() or 0)


def as_dict(event: Event) -> dict[str, Any]:
    """Return what is sent to a listener."""
    return {
        "id": event.id,
        "name": event.name,
        "created": event.created.isoformat(),
        "proposal": event.proposal_id,
        "staff_only": event.staff_only,
        **event.payload,
    }


def forget_old() -> int:
    """Delete the events that are too old for any reader; return how many.

    The newest one is kept at any age: SQLite would use its id again.
    """
    old = (Event.created < clock.now_expression(-KEPT)) & (Event.id < latest_id())
    if not Event.select().where(old).exists():
        return 0  # also a deletion that finds nothing takes the lock of the database
    return int(Event.delete().where(old).execute())
