"""What a run needs besides its frame: the frames of a master, a bias, a flat, an arc.

What counts as fitting is `reduction.matching`; what is there, pending or on its way is known here.

The rule for a master bias or flat, the first that applies:

1. A fitting series has reached its minimum and its first master is being made: wait for it.
2. A fitting master exists: take the best.
3. Frames of a fitting series were taken within 10 minutes of this exposure and are still
   arriving, but are fewer than the minimum: wait ("7 of 10 frames so far").
4. The frame arrived long after it was taken, so the rest of its night may be behind it: wait until
   nothing has arrived for a few seconds, at most a minute.
5. Go on without, with a warning: an observer at the telescope gets the spectrum now, and it is
   marked stale when a fitting master appears.

A wavelength calibration always waits for an arc: without one there is nothing to show.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from db.models import File, Proposal, Run, utc_now
from reduction import matching
from reduction.frames import DataType, FrameDescription, FrameKind
from reduction.matching import Match, Ranking
from reduction.registry import Block, Need, all_blocks, blocks_for
from services.masters import IGNORED_BY, MASTER, RAW, master_of, minimum_of, series_members
from services.rows import describe

__all__ = ["Inputs", "Refused", "Waiting", "describe", "resolve"]

LIVE = ("waiting", "queued", "running")

FRESH = dt.timedelta(minutes=10)
SETTLE = dt.timedelta(seconds=3)
SETTLE_AT_MOST = dt.timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run is given: rows only, nothing is opened."""

    members: tuple[File, ...] = ()
    given: dict[Need, File] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """File names of everything that goes in besides the parent."""
        return [file.file_name for file in (*self.members, *self.given.values())]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something may still come; the sentence says what."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing that comes will help; the sentence says why."""

    sentence: str


@dataclass(frozen=True, slots=True)
class _Nothing:
    """No calibration, and no reason to wait: go on with a warning."""

    sentence: str


def resolve(run: Run) -> Inputs | Waiting | Refused:
    """Find what a run needs, say what it waits for, or why it can't be."""
    block = all_blocks().get(run.block)
    if block is None:
        return Refused(f"{run.block} is no process block of this release.")
    members: tuple[File, ...] = ()
    if block.produces is DataType.MASTER:
        found = _members(run, block)
        if not isinstance(found, tuple):
            return found
        members = found
    given: dict[Need, File] = {}
    notes: list[str] = []
    for need in block.needs:
        if run.settings.get(IGNORED_BY.get(need, ""), False):
            continue
        answer = _FINDERS[need](members[-1] if members else run.file)
        if isinstance(answer, Waiting):
            return answer
        if isinstance(answer, _Nothing):
            notes.append(answer.sentence)
            continue
        given[need], degraded = answer
        if degraded:
            notes.append(f"{need}: {degraded}")
    return Inputs(members, given, tuple(notes))


# --- masters ----------------------------------------------------------------------------------


def _members(run: Run, block: Block) -> tuple[File, ...] | Waiting | Refused:
    members = series_members(run.file.series)
    minimum = int(run.settings.get("minimum", 1))
    if not members:
        return Refused(f"{run.file.file_name} is no frame that a master is made of.")
    if len(members) < minimum and not run.automatic:
        return Refused(
            f"minimum: only {len(members)} of {minimum} frames for a {_words(block.name)}."
        )
    if len(members) < minimum:
        return Waiting(_so_far(_words(block.name), len(members), minimum))
    newest = max(member.created for member in members)
    if run.automatic and master_of(run.file.series) and utc_now() - newest < SETTLE:
        return Waiting("waiting until the series is complete")
    return tuple(members)


def _words(block_name: str) -> str:
    return block_name.replace("_", " ")


def _so_far(what: str, n_frames: int, minimum: int) -> str:
    return f"waiting for a {what} ({n_frames} of {minimum} frames so far)"


# --- bias and flat ----------------------------------------------------------------------------

Rank = Callable[[FrameDescription, Sequence[FrameDescription]], Ranking]
Sentence = Callable[[FrameDescription, str | None, Match | None], str]
Found = tuple[File, str | None]


def _around(file: File, kind: FrameKind, days: float) -> Any:
    """Return the condition for files of a kind and camera taken within `days` of a file."""
    span = dt.timedelta(days=days)
    return (
        (File.kind == str(kind))
        & (File.state == "current")
        & (File.camera == file.camera)
        & File.date_obs.between(file.date_obs - span, file.date_obs + span)
    )


def _master(
    file: File, kind: FrameKind, days: float, rank: Rank, say: Sentence
) -> Found | Waiting | _Nothing:
    frame = describe(file)
    block = blocks_for(DataType.RAW, kind)[0]
    pending = _pending(frame, block, rank)
    if pending is not None:
        return Waiting(f"waiting for the {_words(block.name)} ({pending} frames) to be made")
    masters = list(
        File.select().where(_around(file, kind, days), File.data_type == MASTER).order_by(File.id)
    )
    ranking = rank(frame, [describe(master) for master in masters])
    if ranking.best is not None:
        return masters[ranking.best.index], ranking.best.degraded
    waiting = _arriving(file, frame, block, rank) or settling(file)
    if waiting is not None:
        return waiting
    nearest = masters[ranking.nearest.index].file_name if ranking.nearest else None
    return _Nothing(say(frame, nearest, ranking.nearest))


def _pending(frame: FrameDescription, block: Block, rank: Rank) -> int | None:
    """Return the number of frames of a fitting first master that is being made."""
    runs = Run.select(Run, File).join(File).where(Run.block == block.name, Run.state.in_(LIVE))
    anchors = [run.file for run in runs if master_of(run.file.series) is None]
    best = rank(frame, [describe(anchor) for anchor in anchors]).best
    return None if best is None else len(series_members(anchors[best.index].series))


def _arriving(file: File, frame: FrameDescription, block: Block, rank: Rank) -> Waiting | None:
    """Wait while a fitting series is being taken right now."""
    kind = next(iter(block.kinds))
    near = File.date_obs.between(file.date_obs - FRESH, file.date_obs + FRESH)
    just_now = File.created > utc_now() - FRESH
    frames = list(
        File.select().where(_around(file, kind, 1), File.data_type == RAW, near, just_now)
    )
    best = rank(frame, [describe(other) for other in frames]).best
    if best is None:
        return None
    members = series_members(frames[best.index].series)
    minimum = minimum_of(members, block)
    if len(members) >= minimum:  # it was tried, and failed
        return None
    return Waiting(_so_far(_words(block.name), len(members), minimum))


def settling(file: File) -> Waiting | None:
    """Wait a moment when a frame came with a batch of older frames that is still arriving."""
    raw = file.original or file
    now = utc_now()
    taken = raw.date_obs + dt.timedelta(seconds=raw.exptime)
    if raw.created - taken < FRESH or now - raw.created > SETTLE_AT_MOST:
        return None
    newest = File.select().where(File.data_type == RAW).order_by(File.id.desc()).first()
    if newest is None or now - newest.created >= SETTLE:
        return None
    return Waiting("waiting for the rest of the night's frames")


def _bias(file: File) -> Found | Waiting | _Nothing:
    return _master(
        file,
        FrameKind.BIAS,
        matching.BIAS_DAYS,
        matching.rank_bias,
        matching.no_bias_sentence,
    )


def _flat(file: File) -> Found | Waiting | _Nothing:
    return _master(
        file,
        FrameKind.FLAT,
        matching.FLAT_DAYS,
        matching.rank_flats,
        matching.no_flat_sentence,
    )


# --- arcs -------------------------------------------------------------------------------------


N_NEAREST = 40
"""Candidates looked at on either side in time: enough to find the best, and to name the nearest."""


def _nearest(query: Any, file: File) -> list[File]:
    """Return the files of a query that were taken next before and next after a file."""
    before = query.where(File.date_obs <= file.date_obs).order_by(File.date_obs.desc())
    after = query.where(File.date_obs > file.date_obs).order_by(File.date_obs)
    return [*before.limit(N_NEAREST), *after.limit(N_NEAREST)]


def _arcs(file: File) -> list[File]:
    """Return the raw arcs that may serve a file: of its own proposal, or of one without a PI.

    Another observer's lamps stay unseen, as everything of a proposal does. Those with the file's
    grating and angles come first; of the others only the nearest, to be named when none fits.
    """
    shared = Proposal.select(Proposal.id).where(Proposal.pi.is_null())
    arcs = File.select().where(
        _around(file, FrameKind.ARC, matching.ARC_DAYS),
        File.data_type == RAW,
        (File.proposal == file.proposal_id) | File.proposal.in_(shared),
    )
    likely = arcs.where(File.grating == file.grating, File.filter_2 == file.filter_2)
    for column, angle in ((File.cam_targ, file.cam_targ), (File.grt_targ, file.grt_targ)):
        if angle is not None:
            likely = likely.where(column.between(angle - 0.1, angle + 0.1))
    found = {arc.id: arc for arc in (*_nearest(likely, file), *_nearest(arcs, file))}
    return list(found.values())


def _arc(file: File) -> Found | Waiting | _Nothing:
    frame = describe(file)
    arcs = _arcs(file)
    ranking = matching.rank_arcs(frame, [describe(arc) for arc in arcs])
    for match in ranking.matches:
        arc = arcs[match.index]
        reduced = newest_product(arc, DataType.REDUCED)
        if reduced is not None:
            return reduced, match.degraded
        if Run.select().where(Run.file == arc, Run.state.in_(LIVE)).exists():
            return Waiting(f"waiting for the arc lamp {arc.file_name} to be reduced")
    if ranking.best is not None:
        name = arcs[ranking.best.index].file_name
        return Waiting(f"the arc lamp of this setup, {name}, could not be reduced")
    nearest = arcs[ranking.nearest.index].file_name if ranking.nearest else None
    return Waiting(matching.no_arc_sentence(frame, nearest, ranking.nearest))


def newest_product(raw: File, data_type: DataType) -> File | None:
    """Return the newest current product of a type that was made from a raw frame."""
    query = File.select().where(
        File.original == raw, File.data_type == int(data_type), File.state == "current"
    )
    return query.order_by(File.id.desc()).first()


_FINDERS: dict[Need, Callable[[File], Found | Waiting | _Nothing]] = {
    Need.MASTER_BIAS: _bias,
    Need.MASTER_FLAT: _flat,
    Need.ARC: _arc,
}
