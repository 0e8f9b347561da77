"""What staff can do for the files of a log entry, as the page Logs offers it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from db.models import Arrival, File, LogEntry, User
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice
from services import access
from services.access import Action
from services.errors import Conflict, NotFound
from services.files.arrivals import admission, camera_decisions, decisions
from services.files.arrivals.admission import Stated
from services.files.arrivals.names import shown
from services.files.arrivals.outcomes import Outcome

AT_ONCE = 50
"""Files of one log entry that one request examines again."""


class Remedy(StrEnum):
    """What staff can do for the files of a log entry."""

    ACCEPT = "accept"
    RETRY = "retry"
    RED = "red"
    BLUE = "blue"
    WITHDRAW = "withdraw"
    AS_BIAS = "bias"
    AS_FLAT = "flat"
    AS_ARC = "arc"
    AS_SPECTRUM = "spectrum"
    AS_IMAGE = "image"


_CAMERAS = {Remedy.RED: "Red", Remedy.BLUE: "Blue"}
_ADMITTED = {
    Remedy.AS_BIAS: Stated(obstype="BIAS"),
    Remedy.AS_FLAT: Stated(obstype="FLAT"),
    Remedy.AS_ARC: Stated(obstype="COMP"),
    Remedy.AS_SPECTRUM: Stated(obstype="OBJECT", technique="Spectroscopy"),
    Remedy.AS_IMAGE: Stated(obstype="EXPOSE", technique="Imaging"),
}


def offered(user: User, said: Notice) -> tuple[Remedy, ...]:
    """Return what a person can do for the files of a log entry."""
    if not access.may(user, Action.REGISTER_PATH):
        return ()
    first = said
    if said.code is NoticeCode.SEVERAL_FILES:
        first = Notice.from_json(said.params["reason"])
    if first.code is NoticeCode.FRAME_CHANGED:
        return (Remedy.ACCEPT,)
    if first.code is NoticeCode.NIGHT_DECIDED:
        return (Remedy.WITHDRAW,) if camera_decisions.is_valid(first.params["decision"]) else ()
    inner = Notice.from_json(first.params["reason"]) if first.params.get("reason") else None
    if first.code is NoticeCode.FILE_NOTICE and inner and inner.code is NoticeCode.CAMERA_OPEN:
        return tuple(_CAMERAS)
    if first.code is NoticeCode.QUARANTINED:
        is_header = inner is not None and inner.code in admission.ADMISSIBLE
        return (Remedy.RETRY, *(_ADMITTED if is_header else ()))
    return ()


def of_entry(user: User, entry_id: int, remedy: Remedy) -> int:
    """Do for the files of a log entry what was chosen; return how many are indexed or changed.

    Of files that were refused, at most `AT_ONCE` are examined again.

    Raises
    ------
    NotFound
        There is no such entry.
    Conflict
        This cannot be done for the entry.
    """
    access.require_site(user, Action.REGISTER_PATH)
    entry = access.visible_logs(user).where(LogEntry.id == entry_id).get_or_none()
    if entry is None:
        raise NotFound("No such message.")
    said = Notice.from_json(entry.notice)
    if remedy not in offered(user, said):
        raise Conflict("This cannot be done for the message.", field="id")
    if remedy is Remedy.WITHDRAW:
        return camera_decisions.withdraw(user, said.params["decision"])
    if remedy in _CAMERAS:
        return _decide_cameras(user, entry, said, _CAMERAS[remedy])
    if remedy is Remedy.ACCEPT:
        changed = Arrival.select().where(Arrival.outcome == Outcome.CONFLICT, _concerns(entry))
        return len([decisions.accept(user, row.id) for row in changed.limit(AT_ONCE)])
    rows = [row for row in decisions.refused(user, 1, 2000)[1] if _is_of(row, said)]
    there = [row for row in rows[:AT_ONCE] if Path(row.path).exists()]
    if remedy in _ADMITTED:
        return len([admission.admit(user, row.id, _ADMITTED[remedy]) for row in there])
    done = [decisions.retry(user, row.id) for row in there]
    return sum(row.outcome in (Outcome.INDEXED, Outcome.DUPLICATE) for row in done)


def _decide_cameras(user: User, entry: LogEntry, said: Notice, camera: str) -> int:
    """Decide for each night and read-out among the frames of an entry."""
    is_group = said.code is NoticeCode.SEVERAL_FILES
    names = said.params["files"] if is_group else [said.params["file"]]
    nights: dict[Any, File] = {}
    for file in camera_decisions.open_frames(names, entry.proposal_id):
        readout = camera_decisions.readout_of(file.gain, file.rdnoise)
        nights.setdefault((file.night, readout), file)
    return sum(camera_decisions.decide(user, file.id, camera).count for file in nights.values())


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
