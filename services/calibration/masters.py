"""Series of calibration frames, their masters, and what is made with a master or without.

The policy for master biases and flats:

* The pool is every frame of the kind and read-out (for a flat: and setup), of all proposals, that
  shared masters may be made of (`services.files.origin`).
  The frames of one night are a *series*, and each series has one current master. A series that
  stays too short, with no master of another night near enough, borrows the frames nearest in time
  of other nights: biases within 30 days, flats within 7 (`reduction.matching.BIAS_DAYS`,
  `FLAT_DAYS`).
* A master is made as soon as *any* proposal observed then would accept its number of frames
  (`accepted_count`); a frame of a proposal only uses masters of at least the proposal's own
  minimum (`minimum_for`).
* When more frames arrive, the master is made again. What was made with the older one is out of date
  (`services.calibration.out_of_date`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from db.models import File, Proposal
from reduction import matching
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, CalibrationRole, blocks_for
from services.files import origin
from services.proposals import proposals

RAW, MASTER, REDUCED = DataType.RAW, DataType.MASTER, DataType.REDUCED

DAYS = {str(FrameKind.BIAS): matching.BIAS_DAYS, str(FrameKind.FLAT): matching.FLAT_DAYS}
"""How far away in time a frame or a master may be, by kind."""

IGNORED_BY = {
    CalibrationRole.MASTER_BIAS: "ignore_bias",
    CalibrationRole.MASTER_FLAT: "ignore_flats",
}
"""The setting with which a block does without a calibration."""


def series_members(series: str) -> list[File]:
    """Return the raw frames of a series, oldest first."""
    return list(_of_series(series).order_by(File.date_obs, File.id)) if series else []


def newest_of(series: str) -> File | None:
    """Return the newest raw frame of a series."""
    newest = _of_series(series).order_by(File.date_obs.desc(), File.id.desc())
    return newest.first() if series else None


def length(series: str) -> int:
    """Return how many raw frames a series has."""
    return int(_of_series(series).count()) if series else 0


def _of_series(series: str) -> Any:
    return File.select().where(
        File.series == series, File.data_type == RAW, File.state == "current", origin.shared()
    )


def combined(master: File) -> int:
    """Return of how many frames a master counts: of those that it was to be made of.

    A frame that was left out is none less for those who wait: no other may ever come.
    """
    return int(master.n_given or master.n_combined or 0)


def master_of(series: str) -> File | None:
    """Return the current master of a series."""
    query = File.select().where(
        File.series == series, File.data_type == MASTER, File.state == "current"
    )
    return query.order_by(File.id.desc()).first() if series else None


def previous(master: File) -> File | None:
    """Return the master of the same read-out and setup that is nearest in time to another one."""
    same_night = master_of(master.series)
    if same_night is not None and same_night.id != master.id:
        return same_night
    others = _alike(master, MASTER)
    nearest = min(others, key=lambda m: abs(m.date_obs - master.date_obs), default=None)
    return None if nearest is None else File.get_by_id(nearest.id)


def pool(series: str, minimum: int, lends: Callable[[File], bool]) -> list[File]:
    """Return the frames that the master of a series is made of, oldest first.

    They are the series itself; when it is shorter than `minimum`, also the nearest frames of other
    nights for which `lends` returns True.
    """
    own = series_members(series)
    if not own or len(own) >= minimum:
        return own
    borrowed = _neighbours(own[-1], minimum - len(own), lends)
    return sorted([*own, *borrowed], key=lambda file: (file.date_obs, file.id))


def _neighbours(anchor: File, n_frames: int, lends: Callable[[File], bool]) -> list[File]:
    """Return the frames of other nights that are like `anchor`, the nearest in time."""
    near = sorted(
        (abs(other.date_obs - anchor.date_obs), other.id)
        for other in _alike(anchor, RAW)
        if lends(other)
    )
    ids = [number for _, number in near[:n_frames]]
    return list(File.select().where(File.id.in_(ids))) if ids else []


def _alike(anchor: File, data_type: int) -> list[File]:
    """Return frames or masters of other nights' series that differ from the anchor's in nothing."""
    span = dt.timedelta(days=DAYS[anchor.kind])
    columns = (File.id, File.series, File.date_obs, File.created, File.n_combined, File.n_given)
    others = File.select(*columns).where(
        File.kind == anchor.kind,
        File.data_type == data_type,
        File.state == "current",
        File.camera == anchor.camera,
        File.date_obs.between(anchor.date_obs - span, anchor.date_obs + span),
        File.series != anchor.series,
        True if data_type == MASTER else origin.shared(),
    )
    wanted = _without_night(anchor.series)
    return [other for other in others if _without_night(other.series) == wanted]


def is_served(anchor: File, minimum: int) -> bool:
    """Return whether the frames around `anchor` have a long enough master of another night."""
    return any(combined(master) >= minimum for master in _alike(anchor, MASTER))


def _without_night(series: str) -> list[str]:
    kind, _, *rest = series.split("|")
    return [kind, *rest]


def accepted_count(anchor: File, block: Block) -> int:
    """Return the smallest number of frames that a proposal observed around `anchor` accepts."""
    span = dt.timedelta(days=DAYS[anchor.kind])
    observed = File.select(File.proposal).where(
        File.data_type == RAW,
        File.state == "current",
        File.date_obs.between(anchor.date_obs - span, anchor.date_obs + span),
    )
    return min(
        (
            _minimum(proposal, block)
            for proposal in Proposal.select().where(Proposal.id.in_(observed.distinct()))
        ),
        default=_minimum(anchor.proposal, block),
    )


def minimum_for(file: File, block: Block) -> int:
    """Return how many frames a master must be made of to serve a file."""
    if file.kind in DAYS:  # a frame of a master, which serves everybody
        return accepted_count(file, block)
    return _minimum(file.proposal, block)


def block_for(kind: FrameKind) -> Block:
    """Return the block that makes the masters of a kind."""
    return blocks_for(DataType.RAW, kind)[0]


def _minimum(proposal: Proposal | None, block: Block) -> int:
    return int(getattr(proposals.block_settings(proposal, block.name), "minimum", 1))
