"""Series of calibration frames, their masters, and what is made with a master or without."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from peewee import fn

from db.models import File, Run
from reduction import matching
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, Need, all_blocks
from services import proposals
from services.rows import describe

RAW, MASTER, REDUCED = int(DataType.RAW), int(DataType.MASTER), int(DataType.REDUCED)

STALE_DAYS = 3.0
"""A master makes stale what was made without one this long before or after it."""

IGNORED_BY = {Need.MASTER_BIAS: "ignore_bias", Need.MASTER_FLAT: "ignore_flats"}
"""The setting that tells a block to do without a calibration."""


def series_members(series: str) -> list[File]:
    """Return the raw frames of a series, oldest first."""
    query = File.select().where(
        File.series == series, File.data_type == RAW, File.state == "current"
    )
    return list(query.order_by(File.date_obs, File.id)) if series else []


def master_of(series: str) -> File | None:
    """Return the current master of a series."""
    query = File.select().where(
        File.series == series, File.data_type == MASTER, File.state == "current"
    )
    return query.order_by(File.id.desc()).first() if series else None


def minimum_of(members: Sequence[File], block: Block) -> int:
    """Return how many frames a master takes: the wish of the newest member's proposal."""
    return int(getattr(proposals.block_settings(members[-1].proposal, block.name), "minimum", 1))


def without(kind: FrameKind, master: File) -> list[File]:
    """Return the reduced frames and masters that `master` fits but that went without its kind."""
    rank, days = (
        (matching.rank_bias, matching.BIAS_DAYS)
        if kind is FrameKind.BIAS
        else (matching.rank_flats, matching.FLAT_DAYS)
    )
    span = dt.timedelta(days=min(days, STALE_DAYS))
    files = File.select().where(
        File.data_type.in_([MASTER, REDUCED]),
        File.state == "current",
        File.kind != str(kind),
        File.camera == master.camera,
        File.date_obs.between(master.date_obs - span, master.date_obs + span),
        ~File.stale,
    )
    names = File.select(fn.DISTINCT(File.file_name)).where(
        File.kind == str(kind), File.data_type == MASTER
    )
    of_kind = {name for (name,) in names.tuples()}
    need = Need.MASTER_BIAS if kind is FrameKind.BIAS else Need.MASTER_FLAT
    described = describe(master)
    return [
        file
        for file in files
        if not of_kind.intersection(file.inputs)
        and _asked_for(file, need)
        and rank(describe(file), [described]).best is not None
    ]


def _asked_for(file: File, need: Need) -> bool:
    """Tell whether the run that made a file wanted this calibration."""
    run = Run.get_or_none(Run.id == file.run_id)
    block = all_blocks().get(run.block) if run else None
    if run is None or block is None or need not in block.needs:
        return False
    return not run.settings.get(IGNORED_BY.get(need, ""), False)


def made_with(master: File) -> list[File]:
    """Return the current files that a master went into."""
    span = dt.timedelta(days=max(matching.BIAS_DAYS, matching.FLAT_DAYS))
    files = File.select().where(
        File.data_type.in_([MASTER, REDUCED]),
        File.state == "current",
        File.camera == master.camera,
        File.date_obs.between(master.date_obs - span, master.date_obs + span),
    )
    return [file for file in files if master.file_name in file.inputs]
