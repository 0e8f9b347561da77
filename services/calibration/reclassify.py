"""What a raw frame is, overruled by a person or judged again from its header."""

from __future__ import annotations

from functools import partial
from typing import Any

from db.models import File, Run, User
from reduction.fits import frame_io, headers
from reduction.fits.classification import kind_of
from reduction.frames import DataType, FrameKind, Technique
from reduction.matching import group_key
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from reduction.registry import blocks_for
from services import access, logs
from services.access import Action
from services.calibration import acceptance
from services.calibration.recalibration import consideration, users
from services.errors import Unacceptable
from services.files import ingredients, rows
from services.files.contents import open_path, reading_header
from services.files.ingredients import Role
from services.runs import scheduling, waiting
from services.runs.lifecycle import NOT_STARTED, Trigger, transition
from services.unit_of_work import UnitOfWork, transaction

RAW = DataType.RAW


def reclassify(
    user: User, file_id: int, *, technique: str | None = None, obstype: str | None = None
) -> File:
    """Set what a raw frame is, or, without a choice, classify it again from its header.

    A choice is kept (`File.overrides`) until the frame is judged again. What was made of the frame
    as it was before is out of date from then on, what is due for it now is done.

    Raises
    ------
    Unacceptable
        The file is no raw frame, or the exposure type is none that is known.
    Unavailable
        The frame can't be read now.
    """
    file = access.file_for(user, Action.PROCESS, file_id)
    if file.data_type != int(RAW):
        raise Unacceptable("Only raw frames are classified.", field="id")
    if technique is None and obstype is None:
        facts: dict[str, Any] = _from_header(file)
    else:
        facts = _chosen(file, technique, obstype)
    with transaction() as work:
        if any(getattr(file, name) != value for name, value in facts.items()):
            _change(work, user, file, facts)
            made = File.select().where(File.original == file)
            work.after.append(partial(consideration.recheck_ids, users.of_any_version(made)))
    waiting.wake(file.camera)
    return access.file_for(user, Action.VIEW, file.id)


def _from_header(file: File) -> dict[str, Any]:
    with reading_header(file):
        header, shape = frame_io.read_header(open_path(file))
        frame = headers.describe(header, shape, file.file_name, rows.decided(file))
    judged = rows.columns(frame)
    names = ("obstype", "kind", "technique", "series")
    kept = {name: value for name, value in file.overrides.items() if name == "cards"}
    return {**{name: judged[name] for name in names}, "overrides": kept}


def _chosen(file: File, technique: str | None, obstype: str | None) -> dict[str, Any]:
    wanted = Technique(technique or file.technique)
    exposure = (obstype or file.obstype).strip().upper()
    kind = kind_of(exposure, wanted)
    if obstype is not None and kind is FrameKind.UNKNOWN:
        raise Unacceptable(f"{obstype[:40]!r} is no exposure type of Goodman.", field="obstype")
    given = {"technique": technique, "obstype": exposure if obstype else None}
    kept = {name: value for name, value in given.items() if value is not None}
    changed = File(**{**file.__data__, "obstype": exposure, "kind": kind, "technique": wanted})
    return {
        "obstype": exposure,
        "kind": str(kind),
        "technique": str(wanted),
        "series": group_key(rows.describe(changed)),
        "overrides": {**file.overrides, **kept},
    }


def _change(work: UnitOfWork, user: User, file: File, facts: dict[str, Any]) -> None:
    before, series = file.kind, file.series
    # What staff say is accepted; what others change waits for staff, unless the header says it.
    facts = {**facts, "accepted_by": user.id if access.may(user, Action.ACCEPT) else None}
    for name, value in facts.items():
        setattr(file, name, value)
    acceptance.remember(file)
    file.save(only=[*(getattr(File, name) for name in facts), File.notices])
    made = (File.original == file) & (File.id != file.id)
    if series and series != file.series:
        made |= File.id.in_(ingredients.used_in(file, Role.MEMBER).select(File.id))
    File.update(out_of_date=True).where(made).execute()
    _end_what_no_longer_fits(work, file)
    work.events.append(rows.file_event("file-changed", file))
    entry = notice(
        NoticeCode.RECLASSIFIED,
        person=user.full_name,
        file=file.file_name,
        before=before,
        after=file.kind,
    )
    work.events.append(logs.write(entry, proposal=file.proposal, file=file))
    if before != file.kind:
        scheduling.schedule(file, work)


def _end_what_no_longer_fits(work: UnitOfWork, file: File) -> None:
    """Cancel what has not begun on the frame as it was."""
    fitting = [block.name for block in blocks_for(RAW, FrameKind(file.kind))]
    idle = Run.select().where(Run.file == file, Run.state.in_(NOT_STARTED))
    for run in idle.where(Run.block.not_in(fitting)):
        transition(run, Trigger.CANCEL, work)  # unless a worker has claimed it meanwhile
