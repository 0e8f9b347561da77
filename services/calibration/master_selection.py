"""Which master bias or flat a frame gets, or whether to wait for one.

The first rule that applies:

1. A fitting series is long enough for the frame's proposal, and its master is being made: wait.
2. A fitting master of at least the proposal's minimum of frames exists: take the best.
3. Frames of a fitting series were taken within 10 minutes of this exposure and are still
   arriving, but are fewer than the minimum: wait ("7 of 10 frames so far").
4. The frame arrived long after it was taken, so the rest of its night may be behind it: wait until
   nothing has arrived for a few seconds, at most a minute.
5. Go on without, with a warning: an observer at the telescope gets the spectrum now, and it is
   marked stale when a fitting master appears.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from db import clock
from db.models import File, Run
from reduction import matching
from reduction.frames import DataType, FrameDescription, FrameKind
from reduction.matching import Match, Ranking
from reduction.registry import Block, blocks_for
from services.calibration import masters
from services.calibration.masters import DAYS, MASTER, RAW
from services.calibration.outcomes import Found, Nothing, Waiting
from services.files.rows import describe
from services.runs.lifecycle import LIVE

FRESH = dt.timedelta(minutes=10)
SETTLE = dt.timedelta(seconds=3)
SETTLE_AT_MOST = dt.timedelta(seconds=60)

Rank = Callable[[FrameDescription, Sequence[FrameDescription]], Ranking]
Sentence = Callable[[FrameDescription, str | None, Match | None], str]


def bias_for(file: File) -> Found | Waiting | Nothing:
    """Return the master bias of a file."""
    return _master(file, FrameKind.BIAS, matching.rank_bias, matching.no_bias_sentence)


def flat_for(file: File) -> Found | Waiting | Nothing:
    """Return the master flat of a file."""
    return _master(file, FrameKind.FLAT, matching.rank_flats, matching.no_flat_sentence)


def words(block: Block) -> str:
    """Return what a master block makes, in the words of a sentence."""
    return block.name.replace("_", " ")


def so_far(what: str, n_frames: int, minimum: int) -> str:
    """Say that more frames are waited for."""
    return f"waiting for a {what} ({n_frames} of {minimum} frames so far)"


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


def _master(file: File, kind: FrameKind, rank: Rank, say: Sentence) -> Found | Waiting | Nothing:
    frame = describe(file)
    block = blocks_for(DataType.RAW, kind)[0]
    minimum = masters.minimum_for(file, block)
    pending = _pending(frame, block, rank, minimum)
    if pending is not None:
        return Waiting(f"waiting for the {words(block)} ({pending} frames) to be made")
    known = _files(around(file, kind, DAYS[str(kind)]) & (File.data_type == MASTER))
    enough = [master for master in known if (master.n_combined or 0) >= minimum]
    best = rank(frame, [describe(master) for master in enough]).best
    if best is not None:
        return enough[best.index], best.degraded
    waiting = _arriving(file, frame, block, rank, minimum) or settling(file)
    if waiting is not None:
        return waiting
    ranking = rank(frame, [describe(master) for master in known])
    if ranking.best is not None:
        small = known[ranking.best.index]
        return Nothing(
            f"no {words(block)} of {minimum} frames, as the proposal asks for; "
            f"{small.file_name} was made of {small.n_combined or 0}"
        )
    nearest = known[ranking.nearest.index].file_name if ranking.nearest else None
    return Nothing(say(frame, nearest, ranking.nearest))


def _pending(frame: FrameDescription, block: Block, rank: Rank, minimum: int) -> int | None:
    """Return the number of frames of a fitting master that is being made and will be the first.

    One that is made anew is not waited for, unless the present one is of too few frames.
    """
    runs = Run.select(Run.id).where(Run.block == block.name, Run.state.in_(LIVE)).tuples()
    ids = [number for (number,) in runs]
    anchors = []
    for run in Run.select(Run, File).join(File).where(Run.id.in_(ids)) if ids else ():
        if masters.length(run.file.series) < max(minimum, int(run.settings.get("minimum", 1))):
            continue  # it waits for frames, or to borrow some
        master = masters.master_of(run.file.series)
        if master is None or (master.n_combined or 0) < minimum:
            anchors.append(run.file)
    best = rank(frame, [describe(anchor) for anchor in anchors]).best
    return None if best is None else masters.length(anchors[best.index].series)


def _arriving(
    file: File, frame: FrameDescription, block: Block, rank: Rank, minimum: int
) -> Waiting | None:
    """Wait while a fitting series is being taken right now."""
    kind = next(iter(block.kinds))
    near = File.date_obs.between(file.date_obs - FRESH, file.date_obs + FRESH)
    just_now = File.created > clock.now_expression(-FRESH)
    frames = _files(around(file, kind, 1) & (File.data_type == RAW) & near & just_now)
    best = rank(frame, [describe(other) for other in frames]).best
    if best is None:
        return None
    n_frames = masters.length(frames[best.index].series)
    if n_frames >= minimum:  # it was tried, and failed
        return None
    return Waiting(so_far(words(block), n_frames, minimum))


def still_coming(newest: File, now: dt.datetime) -> bool:
    """Tell whether more frames of a series may follow its newest."""
    late = newest.created - newest.date_obs > FRESH
    return bool(now - newest.created < (SETTLE if late else FRESH))


def at_rest(now: dt.datetime) -> Callable[[File], bool]:
    """Return what tells whether the series of a frame may lend it: it would be complete by now."""
    return lambda frame: not still_coming(frame, now)


def settling(file: File) -> Waiting | None:
    """Wait a moment when a frame came with a batch of older frames that is still arriving."""
    raw = file.original or file
    now = clock.now()
    taken = raw.date_obs + dt.timedelta(seconds=raw.exptime)
    if raw.created - taken < FRESH or now - raw.created > SETTLE_AT_MOST:
        return None
    newest = File.select(File.created).where(File.data_type == RAW).order_by(File.id.desc())
    came = newest.limit(1).scalar()
    if came is None or now - came >= SETTLE:
        return None
    return Waiting("waiting for the rest of the night's frames")
