"""Important messages, a notice each: what the Logs page shows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from peewee import ModelSelect, fn

from db import clock
from db.models import Event, File, LogEntry, Proposal, Run, User
from reduction import notice_text
from reduction.notice_codes import NoticeCode, Severity
from reduction.notices import Notice, notice
from services import access, events
from services.errors import Unacceptable

LEVELS = tuple(severity.label for severity in Severity)
GROUP_FOR = dt.timedelta(minutes=10)
NAMES_SHOWN = 5


def write(
    entry: Notice,
    *,
    proposal: Proposal | None = None,
    file: File | None = None,
    run: Run | None = None,
) -> Event:
    """Write a log entry inside the current transaction; return its event, to be published."""
    level = entry.severity.label
    row = LogEntry.create(
        level=level,
        notice=entry.to_json(),
        search_text=_search_text(entry),
        proposal=proposal,
        file=file,
        run_id=run.id if run else None,
    )
    return _announcement(row)


def write_grouped(
    entry: Notice, *, proposal: Proposal | None = None, file: File | None = None
) -> list[Event]:
    """Write a log entry on a file inside the current transaction; many of one kind make one entry.

    Entries of one kind have the code, the inner code and the proposal in common. Those that follow
    the first within `GROUP_FOR` are counted in its entry, which names the first few files.

    Returns
    -------
    list of Event
        To be published; empty for most of those that are only counted.
    """
    reason = entry.params.get("reason") or {"code": ""}
    owner = proposal.id if proposal else ""
    grouping = f"{entry.code}:{reason['code']}:{owner}"
    newest = LogEntry.select().where(
        LogEntry.grouping == grouping, LogEntry.created > clock.now() - GROUP_FOR
    )
    row = newest.order_by(LogEntry.id.desc()).first()
    if row is None:
        event = write(entry, proposal=proposal, file=file)
        LogEntry.update(grouping=grouping).where(LogEntry.id == event.payload["log"]).execute()
        return [event]
    grouped = _added(Notice.from_json(row.notice), entry)
    row.notice, row.search_text, row.file = grouped.to_json(), _search_text(grouped), None
    row.save(only=[LogEntry.notice, LogEntry.search_text, LogEntry.file])
    count = grouped.params["count"]
    if count & (count - 1):  # announced when the number has doubled: pages are not flooded
        return []
    return [_announcement(row)]


def _added(known: Notice, new: Notice) -> Notice:
    """Return the notice on several files: the first one's, how many there are, and some names."""
    is_group = known.code is NoticeCode.SEVERAL_FILES
    first = known.params["reason"] if is_group else known.to_json()
    files = list(known.params["files"] if is_group else [known.params["file"]])
    if len(files) < NAMES_SHOWN and new.params["file"] not in files:
        files.append(new.params["file"])
    count = (known.params["count"] if is_group else 1) + 1
    made = notice(NoticeCode.SEVERAL_FILES, count=count, files=files, reason=first)
    return Notice(made.code, known.severity, made.params)


def _announcement(row: LogEntry) -> Event:
    return events.record(
        "log-added",
        proposal=row.proposal_id,
        staff_only=row.proposal_id is None,
        log=row.id,
        level=row.level,
    )


def _search_text(entry: Notice) -> str:
    """Return what a search of the log looks through: the sentence, the code, the parameters."""
    params = json.dumps(entry.params, ensure_ascii=False)
    return f"{notice_text.text(entry)} {entry.code} {params}"


def _filtered(
    user: User,
    *,
    level: str | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    proposal_id: int | None,
    soar_id: str | None,
    text: str | None,
) -> ModelSelect:
    query = access.visible_logs(user)
    if level is not None:
        if level not in LEVELS:
            raise Unacceptable(f"level is one of {', '.join(LEVELS)}.", field="level")
        query = query.where(LogEntry.level == level)
    if since is not None:
        query = query.where(LogEntry.created >= since)
    if until is not None:
        query = query.where(LogEntry.created < until)
    if proposal_id is not None:
        query = query.where(LogEntry.proposal == proposal_id)
    if soar_id is not None:
        named = Proposal.select(Proposal.id).where(Proposal.soar_id == soar_id)
        query = query.where(LogEntry.proposal.in_(named))
    for word in (text or "").replace("\x00", "").split():
        # The file's name is asked of the files that the person sees, not of all.
        files = access.visible_files(user, File.id).where(File.file_name.contains(word))
        query = query.where(LogEntry.search_text.contains(word) | LogEntry.file.in_(files))
    return query


def page(
    user: User,
    *,
    level: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    proposal_id: int | None = None,
    soar_id: str | None = None,
    text: str | None = None,
    page: int = 1,
    page_size: int = 50,
) -> tuple[int, list[LogEntry]]:
    """Return the number of entries a person reads, and one page of them, newest first.

    Every word of `text` is in the sentence or in the name of the file.

    Raises
    ------
    Unacceptable
        There is no such level.
    """
    query = _filtered(
        user,
        level=level,
        since=since,
        until=until,
        proposal_id=proposal_id,
        soar_id=soar_id,
        text=text,
    )
    rows = query.order_by(LogEntry.created.desc(), LogEntry.id.desc()).paginate(page, page_size)
    return query.count(), list(rows)


def counts(
    user: User,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    soar_id: str | None = None,
    text: str | None = None,
) -> dict[str, int]:
    """Return how many entries of each level a person reads."""
    query = _filtered(
        user, level=None, since=since, until=until, proposal_id=None, soar_id=soar_id, text=text
    )
    found = query.select(LogEntry.level, fn.COUNT(LogEntry.id)).group_by(LogEntry.level)
    return {level: 0 for level in LEVELS} | dict(found.tuples())


def of_run(user: User, run_id: int) -> list[LogEntry]:
    """Return the log entries of a run that a person may read, oldest first."""
    query = access.visible_logs(user).where(LogEntry.run_id == run_id)
    return list(query.order_by(LogEntry.id))


def links(user: User, entries: Sequence[LogEntry]) -> tuple[dict[int, str], dict[int, str]]:
    """Return id → SOAR ID and id → file name, of what entries refer to and a person may see."""
    proposals = {entry.proposal_id for entry in entries}
    named = access.visible_proposals(user).where(Proposal.id.in_(proposals))
    files = access.visible_files(user, File.id, File.file_name).where(
        File.id.in_({entry.file_id for entry in entries})
    )
    return {row.id: row.soar_id for row in named}, dict(files.tuples())


def as_dict(entry: LogEntry) -> dict[str, Any]:
    """Return an entry as the API shows it."""
    entry_notice = Notice.from_json(entry.notice)
    return {
        "id": entry.id,
        "created": entry.created.isoformat(),
        "level": entry.level,
        "proposal_id": entry.proposal_id,
        "file_id": entry.file_id,
        "run_id": entry.run_id,
        "sentence": notice_text.text(entry_notice),
        "code": str(entry_notice.code),
        "params": dict(entry_notice.params),
    }
