"""Important messages, one sentence each: what the Logs page shows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from peewee import ModelSelect

from db.models import Event, File, LogEntry, Proposal, User
from services import access, events
from services.errors import Unacceptable

LEVELS = ("info", "warning", "error")


def write(
    level: str, sentence: str, *, proposal: Proposal | None = None, file: File | None = None
) -> Event:
    """Write a log entry inside the current transaction; return its event, to be published."""
    if level not in LEVELS:
        raise ValueError(f"unknown level {level!r}")
    entry = LogEntry.create(level=level, sentence=sentence, proposal=proposal, file=file)
    return events.record(
        "log-added", proposal=proposal, staff_only=proposal is None, log=entry.id, level=level
    )


def _filtered(
    user: User, level: str | None, since: dt.datetime | None, proposal_id: int | None
) -> ModelSelect:
    query = access.visible_logs(user)
    if level is not None:
        if level not in LEVELS:
            raise Unacceptable(f"level is one of {', '.join(LEVELS)}.", field="level")
        query = query.where(LogEntry.level == level)
    if since is not None:
        query = query.where(LogEntry.created >= since)
    if proposal_id is not None:
        query = query.where(LogEntry.proposal == proposal_id)
    return query


def page(
    user: User,
    *,
    level: str | None = None,
    since: dt.datetime | None = None,
    proposal_id: int | None = None,
    page: int = 1,
    page_size: int = 50,
) -> tuple[int, list[LogEntry]]:
    """Return the number of entries a person reads, and one page of them, newest first."""
    query = _filtered(user, level, since, proposal_id)
    rows = query.order_by(LogEntry.created.desc(), LogEntry.id.desc()).paginate(page, page_size)
    return query.count(), list(rows)


def as_dict(entry: LogEntry) -> dict[str, Any]:
    """Return an entry as the API shows it."""
    return {
        "id": entry.id,
        "created": entry.created.isoformat(),
        "level": entry.level,
        "proposal_id": entry.proposal_id,
        "file_id": entry.file_id,
        "sentence": entry.sentence,
    }
