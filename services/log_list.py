"""The log as the page Logs shows it: lines with names instead of ids, and counts by level."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from db.models import User
from reduction.notices import Notice
from services import logs
from services.files.arrivals import remedies
from services.files.arrivals.remedies import Remedy
from services.paging import n_pages

PAGE_SIZE = 50


class LogFilters(TypedDict, total=False):
    """Filters of the log but the level, as `services.logs` takes them."""

    soar_id: str | None
    since: dt.datetime | None
    until: dt.datetime | None
    text: str | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """A log entry.

    Attributes
    ----------
    created : datetime.datetime
        UTC.
    soar_id, file_name : str
        "" when the entry concerns none, or one that the person does not see.
    remedies : tuple of Remedy
        What the person can do for the files of the entry.
    """

    id: int
    created: dt.datetime
    level: str
    notice: Notice
    soar_id: str
    file_id: int | None
    file_name: str
    run_id: int | None
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the log; `counts` are the entries of each level that match the other filters."""

    counts: Mapping[str, int]
    lines: Sequence[LogLine]
    page: int
    pages: int


def page(user: User, level: str, filters: LogFilters, page: int = 1) -> LogPage:
    """Return a page of the entries that a person may read, newest first.

    Parameters
    ----------
    user : User
        Who asks.
    level : str
        One of `logs.LEVELS`, or "" for all.
    filters : LogFilters
        The other filters.
    page : int
        From 1; a page beyond the last is the last.
    """
    counts = logs.counts(user, **filters)
    number = counts[level] if level else sum(counts.values())
    pages = n_pages(number, PAGE_SIZE)
    page = min(page, pages)
    _, entries = logs.page(user, level=level or None, page=page, page_size=PAGE_SIZE, **filters)
    soar_ids, names = logs.links(user, entries)
    lines = [
        LogLine(
            id=entry.id,
            created=entry.created.astimezone(dt.UTC),
            level=entry.level,
            notice=Notice.from_json(entry.notice),
            soar_id=soar_ids.get(entry.proposal_id, ""),
            file_id=entry.file_id,
            file_name=names.get(entry.file_id, ""),
            run_id=entry.run_id,
            remedies=remedies.offered(user, Notice.from_json(entry.notice)),
        )
        for entry in entries
    ]
    return LogPage(counts, lines, page, pages)
