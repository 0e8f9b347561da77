"""Frames that a request brings: registered by their path, or uploaded."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import IO

from db.models import Arrival, File, Proposal, User
from reduction import notice_text
from reduction.errors import ReductionError
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import access, notices
from services.access import Action
from services.calibration import acceptance
from services.errors import AccessDenied, Conflict, NotFound, Unacceptable, Unavailable
from services.files.arrivals import incoming, inspector
from services.files.arrivals.inspection import Inspection
from services.files.arrivals.names import is_frame_name, real_path
from services.files.file_integrity import IncompleteFile
from services.files.ingest import ingest
from services.files.origin import Origin

MAX_UPLOAD = 1 << 30


def _answer(arrival: Arrival) -> tuple[File, bool]:
    """Return the file of an arrival, and whether it is new."""
    if arrival.outcome == "quarantined":
        reason = arrival.notice["params"].get("reason") or arrival.notice
        keyword = reason["params"].get("keyword")
        raise Unacceptable(notices.message(arrival.notice), field=keyword)
    if arrival.outcome == "conflict":
        raise Conflict(notices.message(arrival.notice), field="file_name")
    return arrival.file, arrival.outcome == "indexed"


def register(user: User, full_path: str) -> tuple[File, bool]:
    """Index a frame by its path, for staff; return it and whether it was new.

    Raises
    ------
    Unacceptable
        The file is not usable, or not in a watched folder; of files outside of
        these folders nothing is disclosed.
    Conflict
        The exposure is indexed with other content.
    """
    access.require_site(user, Action.REGISTER_PATH)
    try:
        path = real_path(Path(full_path))
    except NotFound as error:
        raise Unacceptable(error.message, field="full_path") from error
    known = Arrival.get_or_none(Arrival.path == str(path))
    file, created = _answer(ingest(path))
    return file, created and (known is None or known.file_id != file.id)


def require_uploader(user: User) -> None:
    """Refuse a person who can upload nothing, before anything is received.

    Raises
    ------
    AccessDenied
        The person is neither staff nor the PI of a proposal.
    """
    is_pi = Proposal.select().where(Proposal.pi == user, bool(user.is_active)).exists()
    if not (is_pi or access.sees_everything(user)):
        raise AccessDenied("Only the PI of a proposal, or staff, may upload frames.")


def upload(user: User, name: str, stream: IO[bytes]) -> tuple[File, bool]:
    """Index an uploaded frame: staff may upload any, a PI into their own proposal.

    The frame is received outside of the raw roots, and moved into that of the uploads only when it
    is examined and the person may upload it.

    Raises
    ------
    Unacceptable
        The name, size or content can't be used.
    AccessDenied
        The frame's proposal is not one the person may upload into.
    Conflict
        The exposure is indexed with other content.
    """
    require_uploader(user)
    name = PurePosixPath(name.replace("\\", "/")).name
    if not is_frame_name(name) or len(name) > 200 or not name.isprintable():
        raise Unacceptable("A frame's name ends in .fits, .fits.gz or .fits.fz.", field="file")
    try:
        with incoming.folder() as folder:
            _receive(stream, folder / name)
            found = _judged(user, folder / name)
            file, is_new = _take_in(incoming.move_in(folder / name), found)
        acceptance.accept_upload(user, file)
    except IncompleteFile as error:
        raise Unacceptable(f"{name} is cut short or damaged.", field="file") from error
    except OSError as error:
        raise Unavailable("The upload can't be stored at the moment.", retry_after=60) from error
    return file, is_new


def _receive(stream: IO[bytes], path: Path) -> None:
    size = 0
    with path.open("xb") as file:
        while block := stream.read(1 << 20):
            size += len(block)
            if size > MAX_UPLOAD:
                raise Unacceptable("The file is larger than any Goodman frame.", field="file")
            file.write(block)


def _judged(user: User, path: Path) -> Inspection:
    """Examine a frame, and refuse one of a proposal that the person may not upload into."""
    try:
        found = inspector.inspect(path)
    except ReductionError as error:
        refusal = notice(NoticeCode.QUARANTINED, file=path.name, reason=error.notice)
        field = error.notice.params.get("keyword", "file")
        raise Unacceptable(notice_text.text(refusal), field=str(field)) from error
    if not access.sees_everything(user):
        proposal = Proposal.get_or_none(Proposal.soar_id == found.frame.proposal)
        if proposal is None or Action.UPLOAD not in access.allowed(user, proposal):
            raise AccessDenied("Only the PI of the frame's proposal, or staff, may upload it.")
    return found


def _take_in(path: Path, found: Inspection) -> tuple[File, bool]:
    """Index a frame that was moved in; what is known already is removed again."""
    is_indexed = False
    try:
        arrival = ingest(path, origin=Origin.UPLOADED, inspected=found)
        is_indexed = arrival.file is not None and arrival.file.full_path == str(path)
        return _answer(arrival)
    finally:
        if not is_indexed:
            Arrival.delete().where(Arrival.path == str(path)).execute()
            shutil.rmtree(path.parent, ignore_errors=True)
