"""Frames that a request brings: registered by their path, or uploaded."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import IO

from db.models import Arrival, File, Proposal, User
from reduction.errors import HeaderError, ReductionError
from services import access, notices
from services.access import Action
from services.context import site
from services.errors import AccessDenied, Conflict, NotFound, Unacceptable, Unavailable
from services.files.file_integrity import IncompleteFile
from services.files.ingest import describe_raw, ingest, is_frame_name, real_path

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
        Another frame of that night has the name.
    """
    access.require_site(user, Action.REGISTER_PATH)
    try:
        path = real_path(Path(full_path))
    except NotFound as error:
        raise Unacceptable(error.message, field="full_path") from error
    known = Arrival.get_or_none(Arrival.path == str(path))
    file, created = _answer(ingest(path))
    return file, created and (known is None or known.file_id != file.id)


def upload(user: User, name: str, stream: IO[bytes]) -> tuple[File, bool]:
    """Index an uploaded frame: staff may upload any, a PI into their own proposal.

    Raises
    ------
    Unacceptable
        The name, size or content can't be used.
    AccessDenied
        The frame's proposal is not one the person may upload into.
    Conflict
        Another frame of that night has the name.
    """
    name = PurePosixPath(name.replace("\\", "/")).name
    if not is_frame_name(name) or len(name) > 200 or not name.isprintable():
        raise Unacceptable("A frame's name ends in .fits, .fits.gz or .fits.fz.", field="file")
    uploads = site().uploads_dir
    uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=uploads))
    is_indexed = False
    try:
        path = folder / name
        _receive(stream, path)
        if not access.sees_everything(user):
            _require_own(user, path)
        arrival = ingest(path)
        is_indexed = arrival.file is not None and arrival.file.full_path == str(path.resolve())
        return _answer(arrival)
    except IncompleteFile as error:
        raise Unacceptable(f"{name} is cut short or damaged.", field="file") from error
    except OSError as error:
        raise Unavailable("The upload can't be stored at the moment.", retry_after=60) from error
    finally:
        if not is_indexed:
            Arrival.delete().where(Arrival.path == str((folder / name).resolve())).execute()
            shutil.rmtree(folder, ignore_errors=True)


def _receive(stream: IO[bytes], path: Path) -> None:
    size = 0
    with path.open("xb") as file:
        while block := stream.read(1 << 20):
            size += len(block)
            if size > MAX_UPLOAD:
                raise Unacceptable("The file is larger than any Goodman frame.", field="file")
            file.write(block)


def _require_own(user: User, path: Path) -> None:
    """Refuse a frame of a proposal that the person may not upload into, in the same words."""
    try:
        soar_id = describe_raw(path).proposal
    except HeaderError as error:
        raise Unacceptable(str(error), field=error.keyword) from error
    except ReductionError as error:
        raise Unacceptable(str(error), field="file") from error
    proposal = Proposal.get_or_none(Proposal.soar_id == soar_id)
    if proposal is None or Action.UPLOAD not in access.allowed(user, proposal):
        raise AccessDenied("Only the PI of the frame's proposal, or staff, may upload it.")
