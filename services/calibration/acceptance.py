"""Staff accept a frame for shared calibrations that would otherwise not be used for them."""

from __future__ import annotations

from db.models import File, User
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import access, logs, notices
from services.access import Action
from services.calibration.masters import DAYS
from services.errors import Conflict, Unacceptable
from services.files import origin, rows
from services.runs import scheduling
from services.unit_of_work import UnitOfWork, transaction


def can_accept(user: User, file: File) -> bool:
    """Return whether a person may accept a frame that has not been accepted yet."""
    is_member = file.data_type == DataType.RAW and file.kind in DAYS
    return is_member and not origin.is_shared(file) and access.may(user, Action.ACCEPT)


def accept(user: User, file_id: int) -> File:
    """Let shared masters be made of a frame; those that are due then are made.

    Raises
    ------
    AccessDenied
        The person is not of the staff.
    Unacceptable
        No masters are made of such frames.
    Conflict
        The frame is used for shared masters already.
    """
    file = access.file_for(user, Action.VIEW, file_id)
    access.require_site(user, Action.ACCEPT)
    if file.data_type != DataType.RAW or file.kind not in DAYS:
        raise Unacceptable(f"{file.file_name} is neither a raw bias nor a raw flat.", field="id")
    if origin.is_shared(file):
        raise Conflict(f"{file.file_name} is used for shared calibrations already.", field="id")
    with transaction() as work:
        _accept(work, user, file)
    return access.file_for(user, Action.VIEW, file.id)


def accept_upload(user: User, file: File | None) -> None:
    """Accept what a member of the staff has uploaded."""
    if file is not None and can_accept(user, file):
        with transaction() as work:
            _accept(work, user, file)


def _accept(work: UnitOfWork, user: User, file: File) -> None:
    file.accepted_by = user.id
    remember(file)
    file.save(only=[File.accepted_by, File.notices])
    work.events.append(rows.file_event("file-changed", file))
    entry = notice(NoticeCode.FRAME_ACCEPTED, person=user.full_name, file=file.file_name)
    work.events.append(logs.write(entry, proposal=file.proposal, file=file))
    scheduling.schedule(file, work)


def remember(file: File) -> None:
    """Say on a frame whether it waits to be accepted; its row is not saved."""
    told = [n for n in notices.load_all(file.notices) if n.code != NoticeCode.FRAME_NOT_ACCEPTED]
    if file.kind in DAYS and not origin.is_shared(file):
        told.append(notice(NoticeCode.FRAME_NOT_ACCEPTED, file=file.file_name))
    file.notices = notices.dump_all(told)
