"""Indexing of raw frames: each arriving file is examined, described and indexed once.

The bytes are examined by an inspector (`services.files.arrivals.inspector`), never in this process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from peewee import IntegrityError

from db.models import Arrival, File, Proposal
from reduction.errors import ReductionError
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from services import logs, notices
from services.calibration import acceptance
from services.errors import NotFound
from services.files import rows
from services.files.arrivals import camera_decisions, inspector, outcomes, versions
from services.files.arrivals.inspection import Inspection
from services.files.arrivals.names import is_usable, real_path, shown
from services.files.arrivals.outcomes import Outcome
from services.files.file_integrity import IncompleteFile, Stamp
from services.files.origin import Origin, of_path
from services.proposals import proposals
from services.runs import scheduling
from services.unit_of_work import UnitOfWork, transaction

RAW = File.data_type == DataType.RAW
_OF_A_NIGHT = frozenset(
    {NoticeCode.CAMERA_DERIVED, NoticeCode.CAMERA_DISPUTED, NoticeCode.CAMERA_OPEN}
)
"""Notices that all frames of a night have: one entry of the log is of many frames."""


@dataclass(frozen=True, slots=True)
class ArrivingFrame:
    """A raw frame that was examined: where it lies, which way it came, and what it is."""

    path: Path
    stamp: Stamp
    origin: Origin
    inspected: Inspection


def ingest(
    path: Path,
    *,
    origin: Origin | None = None,
    inspected: Inspection | None = None,
    again: bool = False,
) -> Arrival:
    """Index the file at `path`.

    Parameters
    ----------
    path : Path
    origin : Origin, optional
        Which way the file came; default: by the root in which it lies.
    inspected : Inspection, optional
        Of a file that was examined before it was moved to `path`.
    again : bool
        Judge the file although it was judged in its present state.

    Returns
    -------
    Arrival
        ``indexed``, ``duplicate`` (same content as `Arrival.file`), ``conflict`` (the exposure is
        indexed with other content) or ``quarantined``, with a notice.

    Raises
    ------
    NotFound
        No regular file with a frame's name inside a raw root.
    IncompleteFile
        It is still being written.
    InspectionFailed
        The examination failed in a way that was not foreseen.
    """
    path = real_path(path)
    try:
        stamp = Stamp.of(path)
    except OSError as error:
        raise NotFound(f"{shown(path.name)} can't be read: {error.strerror}.") from error
    known = outcomes.of_path(path)
    if not again and known is not None and outcomes.is_settled(known, stamp):
        return known
    if not is_usable(path):
        reason = notice(NoticeCode.NAME_UNUSABLE, file=shown(path.name))
        return outcomes.quarantine(path, stamp, reason)
    try:
        found = inspected or inspector.inspect(path)
        if Stamp.of(path) != stamp:
            raise IncompleteFile(f"{path.name} changed while it was read.")
    except ReductionError as error:
        return outcomes.quarantine(path, stamp, error.notice)
    except FileNotFoundError as error:
        raise NotFound(f"{path.name} is gone.") from error
    except OSError as error:
        return outcomes.quarantine_unreadable(path, error)
    found = replace(found, frame=camera_decisions.applied(found.frame))
    return _settle(ArrivingFrame(path, stamp, origin or of_path(path), found))


def _settle(new: ArrivingFrame) -> Arrival:
    try:
        with transaction() as work:
            return _decide(work, new)
    except IntegrityError:
        # Another process has just indexed the same content or path: this is a duplicate.
        with transaction() as work:
            return _decide(work, new)


def _decide(work: UnitOfWork, new: ArrivingFrame) -> Arrival:
    """Decide between duplicate, conflict, new version and new row, inside a transaction."""
    frame = new.inspected.frame
    same = _first(RAW & (File.checksum == new.inspected.checksum))
    if same is not None:
        return _known(work, new, same)
    there = _first(RAW & (File.full_path == str(new.path)))
    if there is not None:
        if versions.is_fresh(there) and versions.is_same_exposure(there, frame):
            versions.replace(work, there, new.inspected, new.stamp)
            return _note(new, Outcome.INDEXED, there)
        return _conflict(work, new, there, NoticeCode.FRAME_CHANGED)
    proposal = proposals.for_frame(frame.proposal)
    other = _first(
        RAW
        & (File.file_name == new.path.name)
        & (File.night == frame.night)
        & (File.proposal == proposal)
        & (File.date_obs == frame.date_obs)
        & (File.camera == frame.camera)
    )
    if other is not None:
        return _conflict(work, new, other, NoticeCode.NAME_CONFLICT)
    file = _add(work, new, proposal)
    scheduling.schedule(file, work)
    return _note(new, Outcome.INDEXED, file)


def _known(work: UnitOfWork, new: ArrivingFrame, same: File) -> Arrival:
    """Settle a file whose content is indexed: at its path, renamed or moved, or a copy."""
    path = str(new.path)
    if same.full_path != path and not outcomes.is_still_there(same):
        same.full_path, same.file_name = path, new.path.name
        same.save(only=[File.full_path, File.file_name])
        work.events.append(rows.file_event("file-changed", same))
    if new.origin is Origin.WATCHED and same.origin != Origin.WATCHED:
        same.origin = Origin.WATCHED  # the instrument has delivered what was uploaded before
        acceptance.remember(same)
        same.save(only=[File.origin, File.notices])
    outcome = Outcome.INDEXED if same.full_path == path else Outcome.DUPLICATE
    return _note(new, outcome, same)


def _conflict(work: UnitOfWork, new: ArrivingFrame, other: File, code: NoticeCode) -> Arrival:
    entry = notice(code, file=new.path.name, indexed=f"{other.created:%Y-%m-%d %H:%M}")
    work.events += logs.write_grouped(entry, proposal=other.proposal, file=other)
    return _note(new, Outcome.CONFLICT, other, entry)


def _note(
    new: ArrivingFrame, outcome: Outcome, file: File, reason: Notice | None = None
) -> Arrival:
    facts = {"file": file, "proposal": file.proposal}
    stored = None if reason is None else reason.to_json()
    return outcomes.note(new.path, new.stamp, outcome, notice=stored, **facts)


def _first(condition: Any) -> File | None:
    """Return the file of a condition; its columns are read only if there is one, which is rare."""
    file_id = File.select(File.id).where(condition).limit(1).scalar()
    return None if file_id is None else File.get_by_id(file_id)


def _add(work: UnitOfWork, new: ArrivingFrame, proposal: Proposal) -> File:
    """Store the row of a new raw frame, with its event and a log entry for each warning."""
    facts = rows.columns(new.inspected.frame)
    facts["notices"] += notices.dump_all(new.inspected.oddities)
    file: File = File.create(
        file_name=new.path.name,
        full_path=str(new.path),
        size=new.stamp.size,
        checksum=new.inspected.checksum,
        data_type=DataType.RAW,
        proposal=proposal,
        origin=new.origin,
        **facts,
    )
    file.original = file.parent = file
    acceptance.remember(file)
    file.save(only=[File.original, File.parent, File.notices])
    work.events.append(rows.file_event("file-added", file))
    work.previews.append(file.id)
    for reason in notices.load_all(file.notices):
        entry = notice(NoticeCode.FILE_NOTICE, file=file.file_name, reason=reason)
        if reason.code in _OF_A_NIGHT:
            work.events += logs.write_grouped(entry, proposal=proposal, file=file)
        else:
            work.events.append(logs.write(entry, proposal=proposal, file=file))
    return file
