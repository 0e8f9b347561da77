"""What staff decide about the camera of frames whose headers leave it open.

One decision is about all frames of a night with one gain and read noise: those that are indexed,
and those that come later. It can be withdrawn.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from db import clock
from db.models import CameraDecision, File, Run, User
from reduction.fits.derivation.camera import CAMERAS
from reduction.fits.plausible_dates import dated
from reduction.frames import DataType, FrameDescription
from reduction.matching import group_key
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.readouts import saturation_adu
from services import access, logs, notices
from services.access import Action
from services.calibration import out_of_date
from services.errors import Conflict, NotFound, Unacceptable
from services.files import ingredients, rows
from services.files.ingredients import Role
from services.runs import scheduling, waiting
from services.runs.lifecycle import RunState, Trigger, transition
from services.unit_of_work import UnitOfWork, transaction

_ON_CAMERA = frozenset({NoticeCode.CAMERA_OPEN, NoticeCode.CAMERA_DECIDED})


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and how many indexed frames it is about."""

    row: CameraDecision
    count: int


def readout_of(gain: float | None, rdnoise: float | None) -> str:
    """Return how a decision names a read-out."""
    gain_text = "no gain" if gain is None else f"gain {gain:g}"
    return f"{gain_text}, {'no read noise' if rdnoise is None else f'read noise {rdnoise:g}'}"


def is_open(file: File) -> bool:
    """Return whether the header of a raw frame leaves the camera open, decided or not."""
    codes = {entry.code for entry in notices.load_all(file.notices)}
    return file.data_type == DataType.RAW and bool(codes & _ON_CAMERA)


def applied(frame: FrameDescription) -> FrameDescription:
    """Return a frame with the camera that staff decided for its night, if its header tells none."""
    if frame.camera:
        return frame
    night = dated(frame, clock.now()).night
    row = CameraDecision.get_or_none(
        CameraDecision.night == night,
        CameraDecision.readout == readout_of(frame.gain, frame.rdnoise),
    )
    if row is None:
        return frame
    kept = [entry for entry in frame.notices if entry.code not in _ON_CAMERA]
    return replace(
        frame,
        camera=row.camera,
        saturation_adu=saturation_adu(row.camera, frame.gain, frame.rdnoise),
        notices=(*kept, _decided_by(row)),
    )


def listed(user: User) -> list[Decided]:
    """Return all decisions, newest first."""
    access.require_site(user, Action.REGISTER_PATH)
    found = CameraDecision.select().order_by(CameraDecision.id.desc())
    return [Decided(row, len(_frames(row.night, row.readout))) for row in found]


def is_valid(decision_id: int) -> bool:
    """Return whether a decision still holds."""
    return bool(CameraDecision.select().where(CameraDecision.id == decision_id).exists())


def decide(user: User, file_id: int, camera: str) -> Decided:
    """Decide which camera took the frames of the night and read-out of a frame.

    Parameters
    ----------
    user : User
        Staff.
    file_id : int
        A raw frame whose header leaves the camera open.
    camera : str
        ``"Red"`` or ``"Blue"``.

    Raises
    ------
    NotFound
        The person does not see the frame, or there is none.
    Unacceptable
        There is no such camera.
    Conflict
        The header of the frame tells its camera.
    """
    access.require_site(user, Action.REGISTER_PATH)
    file = access.file_for(user, Action.VIEW, file_id)
    if camera not in CAMERAS:
        raise Unacceptable("The camera is Red or Blue.", field="camera")
    if not is_open(file):
        raise Conflict(f"The header of {file.file_name} tells its camera.", field="id")
    readout = readout_of(file.gain, file.rdnoise)
    with transaction() as work:
        here = CameraDecision.night == file.night, CameraDecision.readout == readout
        CameraDecision.delete().where(*here).execute()
        row = CameraDecision.create(night=file.night, readout=readout, camera=camera, user=user)
        frames = _frames(file.night, readout)
        for frame in frames:
            _change(work, frame, camera, _decided_by(row))
        entry = notice(
            NoticeCode.NIGHT_DECIDED,
            person=user.full_name,
            camera=camera,
            night=file.night.isoformat(),
            readout=readout,
            count=len(frames),
            decision=row.id,
        )
        work.events.append(logs.write(entry))
        work.after.append(partial(waiting.wake, camera))
    return Decided(row, len(frames))


def withdraw(user: User, decision_id: int) -> int:
    """Withdraw a decision: its frames wait again; return how many there are.

    Raises
    ------
    NotFound
        There is no such decision (any more).
    """
    access.require_site(user, Action.REGISTER_PATH)
    row = CameraDecision.get_or_none(CameraDecision.id == decision_id)
    if row is None:
        raise NotFound("No such decision.")
    with transaction() as work:
        frames = _frames(row.night, row.readout)
        for frame in frames:
            _change(work, frame, "", notice(NoticeCode.CAMERA_OPEN, facts=[]))
        row.delete_instance()
        entry = notice(
            NoticeCode.NIGHT_UNDECIDED,
            person=user.full_name,
            night=row.night.isoformat(),
            readout=row.readout,
            count=len(frames),
        )
        work.events.append(logs.write(entry))
    return len(frames)


def _decided_by(row: CameraDecision) -> Notice:
    person = row.user.full_name if row.user_id else "Staff"
    return notice(NoticeCode.CAMERA_DECIDED, camera=row.camera, person=person)


def _frames(night: dt.date, readout: str) -> list[File]:
    """Return the raw frames of a night and read-out whose headers leave the camera open."""
    of_night = File.select().where(File.data_type == DataType.RAW, File.night == night)
    return [
        file
        for file in of_night.order_by(File.id)
        if readout_of(file.gain, file.rdnoise) == readout and is_open(file)
    ]


def _change(work: UnitOfWork, file: File, camera: str, decision: Notice) -> None:
    """Give a frame another camera; what was made of it is out of date, what is due is done."""
    if file.camera != camera:
        made = File.select().where(File.original == file, File.id != file.id)
        outdated = {f.id: f for f in (*made, *ingredients.used_in(file, Role.MEMBER))}
        file.camera = camera
        out_of_date.mark(outdated.values(), work)
        for run in Run.select().where(Run.file == file, Run.state == RunState.RUNNING):
            transition(run, Trigger.REQUEUE, work)  # its worker has read the frame as it was
    file.saturation_value = saturation_adu(camera, file.gain, file.rdnoise)
    file.series = group_key(rows.describe(file))
    others = [said for said in notices.load_all(file.notices) if said.code not in _ON_CAMERA]
    file.notices = notices.dump_all([*others, decision])
    columns = [File.camera, File.saturation_value, File.series, File.notices]
    file.save(only=columns)
    File.update(last_modified=clock.now_expression()).where(File.id == file.id).execute()
    work.events.append(rows.file_event("file-changed", file))
    scheduling.schedule(file, work)


def as_dict(decided: Decided) -> dict[str, Any]:
    """Return a decision as the API shows it."""
    row = decided.row
    return {
        "id": row.id,
        "night": row.night.isoformat(),
        "readout": row.readout,
        "camera": row.camera,
        "person": row.user.full_name if row.user_id else "",
        "created": row.created.isoformat(),
        "files": decided.count,
    }


def open_frames(names: Iterable[str], proposal: int | None) -> list[File]:
    """Return the frames of a proposal, of these names, whose headers leave the camera open."""
    found = File.select().where(
        File.data_type == DataType.RAW, File.file_name.in_(list(names)), File.proposal == proposal
    )
    return [file for file in found.order_by(File.id) if is_open(file)]
