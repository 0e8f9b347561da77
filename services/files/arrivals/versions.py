"""New versions of raw frames: the bytes at the path of an indexed frame were replaced.

A frame that was indexed while it was still being written is replaced by itself when it is whole.
Later changes, such as a corrected header, are accepted by staff.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from db import clock
from db.models import File, FormerVersion, Proposal, Run, User
from reduction.frames import DataType, FrameDescription
from services import notices
from services.calibration import out_of_date
from services.files import ingredients, rows
from services.files.arrivals.inspection import Inspection
from services.files.file_integrity import Stamp
from services.files.ingredients import Role
from services.proposals import proposals
from services.runs import scheduling
from services.runs.lifecycle import RunState, Trigger, transition
from services.unit_of_work import UnitOfWork

FRESH = dt.timedelta(minutes=1)
"""For this long after it was indexed, a frame may turn out to be still being written."""


def is_fresh(file: File) -> bool:
    """Return whether a frame was indexed, or replaced, a moment ago."""
    newest = FormerVersion.select(FormerVersion.created).where(FormerVersion.file == file)
    last = newest.order_by(FormerVersion.id.desc()).limit(1).scalar()
    return bool(clock.now() - (last or file.created) < FRESH)


def is_same_exposure(file: File, frame: FrameDescription) -> bool:
    """Return whether a description is of the exposure that is indexed."""
    return bool(file.date_obs == frame.date_obs and file.camera == frame.camera)


def replace(
    work: UnitOfWork,
    file: File,
    new: Inspection,
    stamp: Stamp,
    user: User | None = None,
) -> None:
    """Make other bytes at its path those of a raw frame, inside a transaction.

    The old checksum is kept, what was made of the old bytes is out of date, and what is due for the
    frame is done again.
    """
    facts = _facts(file, new)
    FormerVersion.create(
        file=file, checksum=file.checksum, size=file.size, user=user, changes=_changes(file, facts)
    )
    made = File.select().where(File.parent == file, File.id != file.id)
    used = ingredients.used_in(file, Role.MEMBER)
    outdated = {product.id: product for product in (*made, *used)}
    owner = file.proposal_id
    facts |= {"checksum": new.checksum, "size": stamp.size, "last_modified": clock.now()}
    for name, value in facts.items():
        setattr(file, name, value)
    file.save()
    if file.proposal_id != owner:
        _move(file)
    out_of_date.mark(outdated.values(), work)
    for run in Run.select().where(Run.file == file, Run.state == RunState.RUNNING):
        transition(run, Trigger.REQUEUE, work)  # its worker has read the old bytes
    work.events.append(rows.file_event("file-changed", file))
    work.previews.append(file.id)
    scheduling.schedule(file, work)


def _facts(file: File, new: Inspection) -> dict[str, Any]:
    """Return the columns of the new bytes; what a person decided about the frame stays."""
    facts = rows.columns(new.frame)
    facts["notices"] += notices.dump_all(new.oddities)
    if file.overrides:
        facts |= {name: getattr(file, name) for name in ("obstype", "kind", "technique", "series")}
    return facts | {"proposal": proposals.for_frame(new.frame.proposal)}


def _changes(file: File, facts: dict[str, Any]) -> list[dict[str, str]]:
    """Return what differs in the description, as text."""
    return [
        {"column": name, "before": _text(getattr(file, name)), "after": _text(value)}
        for name, value in facts.items()
        if name != "notices" and _text(getattr(file, name)) != _text(value)
    ]


def _text(value: Any) -> str:
    if isinstance(value, Proposal):
        return str(value.soar_id)
    return str(value.isoformat() if isinstance(value, dt.datetime) else value)


def _move(file: File) -> None:
    """Give what belongs to a frame to the proposal that its header names now."""
    own = (File.original == file) & (File.data_type != DataType.MASTER)
    File.update(proposal=file.proposal_id, last_modified=clock.now_expression()).where(
        own
    ).execute()
    files = File.select(File.id).where(own)
    Run.update(proposal=file.proposal_id).where(
        Run.file.in_(files), Run.proposal.is_null(False)
    ).execute()
