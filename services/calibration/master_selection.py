"""Which master bias or flat a frame gets, or whether to wait for one.

The first rule that applies:

1. A fitting series is long enough for the frame's proposal, and its master is being made: wait.
2. A fitting master of at least the proposal's minimum of frames exists: take the best.
3. Frames of a fitting series were taken within 10 minutes of this exposure and are still
   arriving, but are fewer than the minimum: wait ("7 of 10 frames so far").
4. The frame arrived long after it was taken, so the rest of its night may be behind it: wait until
   nothing has arrived for a few seconds, at most a minute.
5. Go on without, with a warning: an observer at the telescope gets the spectrum now, and it is
   marked out of date when a fitting master appears.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peewee import fn

from db import clock
from db.models import File, Run
from reduction import matching
from reduction.differences import Quantity
from reduction.frames import DataType, FrameDescription, FrameKind
from reduction.matching import Ranking
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import Block, CalibrationRole, blocks_for
from services import notices
from services.calibration import masters
from services.calibration.masters import DAYS, MASTER, RAW
from services.calibration.outcomes import Found, Nothing, Waiting, no_calibration
from services.files import origin
from services.files.rows import describe
from services.runs.lifecycle import LIVE, RunState

FRESH = dt.timedelta(minutes=10)
SETTLE = dt.timedelta(seconds=3)
SETTLE_AT_MOST = dt.timedelta(seconds=60)
QUIET = dt.timedelta(seconds=0.3)
"""A night that is copied has come when no frame has arrived for this long."""

Rank = Callable[[FrameDescription, Sequence[FrameDescription]], Ranking]
Setup = Callable[[FrameDescription], Mapping[Quantity, str | float | None]]


def bias_for(file: File) -> Found | Waiting | Nothing:
    """Return the master bias of a file."""
    return _master(file, CalibrationRole.MASTER_BIAS, matching.rank_bias, matching.readout_of)


def flat_for(file: File) -> Found | Waiting | Nothing:
    """Return the master flat of a file."""
    return _master(file, CalibrationRole.MASTER_FLAT, matching.rank_flats, matching.flat_setup_of)


KINDS = {
    CalibrationRole.MASTER_BIAS: FrameKind.BIAS,
    CalibrationRole.MASTER_FLAT: FrameKind.FLAT,
}
"""Roles that masters fill, and the kind of frame they are made of."""


def role_of(kind: str) -> CalibrationRole:
    """Return the role of the masters that are made of a kind of frame."""
    return next(role for role, made_of in KINDS.items() if made_of == kind)


def more_frames(role: CalibrationRole, n_frames: int, minimum: int) -> Waiting:
    """Return the wait for more frames of a master."""
    return Waiting(notice(NoticeCode.WAITING_FOR_FRAMES, role=role, found=n_frames, needed=minimum))


def around(file: File, kind: FrameKind, days: float) -> Any:
    """Return the condition for files of a kind and camera taken within `days` of a file."""
    span = dt.timedelta(days=days)
    return (
        (File.kind == str(kind))
        & (File.state == "current")
        & (File.camera == file.camera)
        & File.date_obs.between(file.date_obs - span, file.date_obs + span)
    )


def _files(condition: Any) -> list[File]:
    """Return files, oldest row first. Mostly there are none: then no columns are asked for."""
    ids = [number for (number,) in File.select(File.id).where(condition).tuples()]
    return list(File.select().where(File.id.in_(ids)).order_by(File.id)) if ids else []


def _master(
    file: File, role: CalibrationRole, rank: Rank, setup: Setup
) -> Found | Waiting | Nothing:
    frame, kind = describe(file), KINDS[role]
    block = blocks_for(DataType.RAW, kind)[0]
    minimum = masters.minimum_for(file, block)
    pending = _pending(frame, block, rank, minimum)
    if pending is not None:
        return Waiting(notice(NoticeCode.WAITING_FOR_MASTER, role=role, frames=pending))
    known = _files(around(file, kind, DAYS[str(kind)]) & (File.data_type == MASTER))
    enough = [master for master in known if masters.combined(master) >= minimum]
    best = rank(frame, [describe(master) for master in enough]).best
    if best is not None:
        return enough[best.index], best.differences
    waiting = _arriving(file, frame, block, rank, minimum) or settling(file)
    if waiting is not None:
        return waiting
    failed = _failed(file, frame, block, rank)
    if failed is not None:
        return Nothing(notice(NoticeCode.MASTER_FAILED, role=role, reason=failed))
    ranking = rank(frame, [describe(master) for master in known])
    if ranking.best is not None:
        small = known[ranking.best.index]
        return Nothing(
            notice(
                NoticeCode.MASTER_TOO_SMALL,
                role=role,
                needed=minimum,
                file=small.file_name,
                found=masters.combined(small),
            )
        )
    nearest = known[ranking.nearest.index].file_name if ranking.nearest else None
    return Nothing(no_calibration(role, setup(frame), nearest, ranking))


def _pending(frame: FrameDescription, block: Block, rank: Rank, minimum: int) -> int | None:
    """Return the number of frames of a fitting master that is being made and will be the first.

    One that is made again is not waited for, unless the present one has too few frames.
    """
    runs = Run.select(Run.id).where(Run.block == block.name, Run.state.in_(LIVE)).tuples()
    ids = [number for (number,) in runs]
    anchors = []
    for run in Run.select(Run, File).join(File).where(Run.id.in_(ids)) if ids else ():
        if masters.length(run.file.series) < max(minimum, int(run.settings.get("minimum", 1))):
            continue  # it waits for frames, or to borrow some
        master = masters.master_of(run.file.series)
        if master is None or masters.combined(master) < minimum:
            anchors.append(run.file)
    best = rank(frame, [describe(anchor) for anchor in anchors]).best
    return None if best is None else masters.length(anchors[best.index].series)


def _failed(file: File, frame: FrameDescription, block: Block, rank: Rank) -> Notice | None:
    """Return why the master of a fitting series failed, the nearest in time; None if none did."""
    kind = next(iter(block.kinds))
    near = around(file, kind, DAYS[str(kind)]) & (File.data_type == RAW)
    last = Run.select(fn.MAX(Run.id)).join(File).where(Run.block == block.name, near)
    runs = Run.select(Run, File).join(File).where(Run.id.in_(last.group_by(File.series)))
    failed = [run for run in runs if run.state == RunState.FAILED and run.notice]
    best = rank(frame, [describe(run.file) for run in failed]).best
    return None if best is None else notices.load(failed[best.index].notice)


def _arriving(
    file: File, frame: FrameDescription, block: Block, rank: Rank, minimum: int
) -> Waiting | None:
    """Wait while a fitting series is being taken right now."""
    kind = next(iter(block.kinds))
    near = File.date_obs.between(file.date_obs - FRESH, file.date_obs + FRESH)
    just_now = File.created > clock.now_expression(-FRESH)
    raw = (File.data_type == RAW) & origin.shared()
    frames = _files(around(file, kind, 1) & raw & near & just_now)
    best = rank(frame, [describe(other) for other in frames]).best
    if best is None:
        return None
    n_frames = masters.length(frames[best.index].series)
    if n_frames >= minimum:  # the master was tried, and failed
        return None
    return more_frames(role_of(kind), n_frames, minimum)


def still_coming(newest: File, now: dt.datetime) -> bool:
    """Return whether more frames of a series may follow its newest."""
    late = newest.created - newest.date_obs > FRESH
    return bool(now - newest.created < (SETTLE if late else FRESH))


def at_rest(now: dt.datetime) -> Callable[[File], bool]:
    """Return a function of a frame: whether its series is complete and may lend it."""
    return lambda frame: not still_coming(frame, now)


def is_arriving(run: Run) -> bool:
    """Return whether a master would be made of a part of a night that is being copied.

    Its frames arrive long after they were taken, and the last frame of any kind has just arrived.
    """
    raw = run.file
    taken = raw.date_obs + dt.timedelta(seconds=raw.exptime)
    if not run.automatic or raw.created - taken < FRESH:
        return False
    newest = File.select(File.created).where(File.data_type == RAW).order_by(File.id.desc())
    last = newest.limit(1).scalar()
    return last is not None and bool(clock.now() - last < QUIET)


def settling(file: File) -> Waiting | None:
    """Wait a moment when a frame arrived with a batch of older frames that is still arriving."""
    raw = file.original or file
    now = clock.now()
    taken = raw.date_obs + dt.timedelta(seconds=raw.exptime)
    if raw.created - taken < FRESH or now - raw.created > SETTLE_AT_MOST:
        return None
    newest = File.select(File.created).where(File.data_type == RAW).order_by(File.id.desc())
    arrived = newest.limit(1).scalar()
    if arrived is None or now - arrived >= SETTLE:
        return None
    return Waiting(notice(NoticeCode.WAITING_FOR_NIGHT))
