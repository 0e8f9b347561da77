"""What staff decide about files that were refused: examine them again, accept a correction."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from db.models import Arrival, File, LogEntry, User
from reduction import notice_text
from reduction.errors import ReductionError
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from services import access, logs, notices
from services.access import Action
from services.errors import Conflict, NotFound, Unacceptable, Unavailable
from services.files.arrivals import inspector, outcomes, versions
from services.files.arrivals.names import real_path, shown
from services.files.arrivals.outcomes import Outcome
from services.files.file_integrity import IncompleteFile, Stamp
from services.files.ingest import ingest
from services.unit_of_work import transaction

OPEN = (Outcome.QUARANTINED, Outcome.CONFLICT)
AT_ONCE = 50
"""Files of one log entry that one request examines again."""


class Remedy(StrEnum):
    """What staff can do for the files of a log entry."""

    ACCEPT = "accept"
    RETRY = "retry"


REMEDIES = {
    NoticeCode.FRAME_CHANGED: Remedy.ACCEPT,
    NoticeCode.QUARANTINED: Remedy.RETRY,
}


def remedy(user: User, said: Notice) -> Remedy | None:
    """Return what a person can do for the files of a log entry, None if nothing."""
    if not access.may(user, Action.REGISTER_PATH):
        return None
    first = said
    if said.code is NoticeCode.SEVERAL_FILES:
        first = Notice.from_json(said.params["reason"])
    return REMEDIES.get(first.code)


def refused(user: User, page: int, page_size: int) -> tuple[int, list[Arrival]]:
    """Return the number of files that were refused, and one page of them, newest first."""
    access.require_site(user, Action.REGISTER_PATH)
    rows = Arrival.select().where(Arrival.outcome.in_(OPEN))
    return rows.count(), list(rows.order_by(Arrival.id.desc()).paginate(page, page_size))


def retry(user: User, arrival_id: int) -> Arrival:
    """Examine a file that was refused again.

    Raises
    ------
    NotFound
        There is no such arrival, or its file has gone.
    Conflict
        The file is still being written, or was not refused.
    """
    arrival = _refused(user, arrival_id)
    Arrival.update(size=outcomes.UNREAD.size).where(Arrival.id == arrival.id).execute()
    try:
        return ingest(Path(arrival.path))
    except IncompleteFile as error:
        raise Conflict(error.message, field="id") from error


def accept(user: User, arrival_id: int) -> File:
    """Accept the bytes that an indexed frame has on disk now as a new version of the frame.

    The checksum of the old bytes is kept, and what was made of them is made again.

    Raises
    ------
    NotFound
        There is no such arrival, or its file has gone.
    Conflict
        The file is no changed frame, or is still being written.
    Unacceptable
        It cannot be used.
    """
    arrival = _refused(user, arrival_id)
    file: File | None = arrival.file
    if arrival.outcome != Outcome.CONFLICT or file is None or file.full_path != arrival.path:
        raise Conflict("Only a frame that was changed on disk can be accepted.", field="id")
    path = real_path(Path(arrival.path))
    try:
        stamp = Stamp.of(path)
        found = inspector.inspect(path)
        if Stamp.of(path) != stamp:
            raise Conflict(f"{path.name} is still being written.", field="id")
    except IncompleteFile as error:
        raise Conflict(error.message, field="id") from error
    except ReductionError as error:
        raise Unacceptable(notice_text.text(error.notice), field="id") from error
    except OSError as error:
        raise Unavailable(f"{path.name} can't be read now.", retry_after=30) from error
    if File.select().where(File.checksum == found.checksum, File.id != file.id).exists():
        raise Conflict("Another frame has this content.", field="id")
    with transaction() as work:
        if found.checksum != file.checksum:
            versions.replace(work, file, found, stamp, user)
        outcomes.note(path, stamp, Outcome.INDEXED, file=file, proposal=file.proposal)
        entry = notice(NoticeCode.CHANGE_ACCEPTED, person=user.full_name, file=file.file_name)
        work.events.append(logs.write(entry, proposal=file.proposal, file=file))
    return access.file_for(user, Action.VIEW, file.id)


def of_entry(user: User, entry_id: int) -> int:
    """Do for the files of a log entry what can be done; return how many are indexed now.

    Changed frames are accepted, refused files are examined again, at most `AT_ONCE`.
    """
    access.require_site(user, Action.REGISTER_PATH)
    entry = access.visible_logs(user).where(LogEntry.id == entry_id).get_or_none()
    if entry is None:
        raise NotFound("No such message.")
    said = Notice.from_json(entry.notice)
    offered = remedy(user, said)
    if offered is None:
        raise Conflict("Nothing can be done for this message.", field="id")
    if offered is Remedy.ACCEPT:
        changed = Arrival.select().where(Arrival.outcome == Outcome.CONFLICT, _concerns(entry))
        return len([accept(user, row.id) for row in changed.limit(AT_ONCE)])
    rows = [row for row in refused(user, 1, 2000)[1] if _is_of(row, said)]
    done = [retry(user, row.id) for row in rows[:AT_ONCE] if Path(row.path).exists()]
    return sum(row.outcome in (Outcome.INDEXED, Outcome.DUPLICATE) for row in done)


def _concerns(entry: LogEntry) -> Any:
    """Return the condition of the changed frames of an entry, which is on one or on several."""
    frame = File.alias()
    unchanged = frame.select(frame.id).where(frame.full_path == Arrival.path)
    if entry.file_id is not None:
        return (Arrival.file == entry.file_id) & Arrival.file.in_(unchanged)
    return (Arrival.proposal == entry.proposal_id) & Arrival.file.in_(unchanged)


def _is_of(arrival: Arrival, said: Notice) -> bool:
    """Return whether a log entry, on one file or on several of a kind, is on an arrival."""
    reason = said.params.get("reason")
    inner = (arrival.notice or {}).get("params", {}).get("reason")
    if reason is None or inner is None:
        return False
    if said.code is NoticeCode.SEVERAL_FILES:  # its reason is the notice of the first file
        first = reason["params"].get("reason") or {"code": ""}
        return bool(inner["code"] == first["code"])
    return bool(inner == reason and shown(Path(arrival.path).name) == said.params["file"])


def _refused(user: User, arrival_id: int) -> Arrival:
    access.require_site(user, Action.REGISTER_PATH)
    arrival: Arrival | None = Arrival.get_or_none(Arrival.id == arrival_id)
    if arrival is None:
        raise NotFound("No such file.")
    if arrival.outcome not in OPEN:
        raise Conflict("This file is indexed.", field="id")
    return arrival


def as_dict(arrival: Arrival) -> dict[str, Any]:
    """Return an arrival as the API shows it."""
    stored = arrival.notice or {}
    return {
        "id": arrival.id,
        "path": arrival.path,
        "outcome": arrival.outcome,
        "seen": arrival.seen.isoformat(),
        "file_id": arrival.file_id,
        "proposal_id": arrival.proposal_id,
        "code": stored.get("code", ""),
        "params": stored.get("params", {}),
        "sentence": notices.message(stored) if stored else "",
    }
