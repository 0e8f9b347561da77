"""What staff decide about files that were refused: examine them again, accept a correction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from db.models import Arrival, File, User
from reduction import notice_text
from reduction.errors import ReductionError
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import access, logs, notices
from services.access import Action
from services.errors import Conflict, NotFound, Unacceptable, Unavailable
from services.files.arrivals import camera_decisions, inspector, outcomes, versions
from services.files.arrivals.names import real_path
from services.files.arrivals.outcomes import Outcome
from services.files.file_integrity import IncompleteFile, Stamp
from services.files.ingest import ingest
from services.unit_of_work import transaction

OPEN = (Outcome.QUARANTINED, Outcome.CONFLICT)


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
    arrival = open_arrival(user, arrival_id)
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
    arrival = open_arrival(user, arrival_id)
    file: File | None = arrival.file
    if arrival.outcome != Outcome.CONFLICT or file is None or file.full_path != arrival.path:
        raise Conflict("Only a frame that was changed on disk can be accepted.", field="id")
    path = real_path(Path(arrival.path))
    try:
        stamp = Stamp.of(path)
        found = inspector.inspect(path, file.overrides.get("cards", {}))
        found = replace(found, frame=camera_decisions.applied(found.frame))
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


def open_arrival(user: User, arrival_id: int) -> Arrival:
    """Return a refused file, for staff; NotFound or Conflict if there is none."""
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
