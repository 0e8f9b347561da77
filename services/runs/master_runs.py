"""Which masters are due: of a new frame's series, of what changed settings accept, of what is lost.

All functions open transactions of their own and are called outside of any.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from peewee import fn

from db import clock
from db.models import File, Proposal, Run, RunInput
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, all_blocks, blocks_for
from services.calibration import master_selection, masters
from services.calibration.masters import DAYS, MASTER, RAW
from services.proposals import proposals
from services.runs.drafts import assess, draft
from services.runs.lifecycle import LIVE, RunState, start
from services.unit_of_work import WORKER_PATIENCE_S, transaction

RECENT_FILES = 50_000
"""Files among which `schedule_overdue` looks for series without a master: more than a month."""


def schedule_master(series: str, block: Block, *, again: bool = False) -> Run | None:
    """Make the run of a series' master, when it has enough frames and something is new.

    Parameters
    ----------
    series : str
        Of the raw frames.
    block : Block
        The block that makes the master.
    again : bool
        Make it even though the frames are the same: a better bias has come.

    Returns
    -------
    Run or None
        None when no master is due.
    """
    live = Run.select().where(Run.block == block.name, Run.state.in_(LIVE), Run.automatic)
    if live.join(File).where(File.series == series).exists():
        return None  # it takes every frame that is there when it starts
    newest = masters.newest_of(series)
    if newest is None:
        return None
    minimum = masters.accepted_count(newest, block)
    members = masters.pool(series, minimum, master_selection.at_rest(clock.now()))
    if len(members) < minimum or not (again or _has_news(members, block, series)):
        return None
    borrows = any(member.series != series for member in members)
    if borrows and masters.is_served(newest, minimum):
        return None
    settings = proposals.block_settings(newest.proposal, block.name).model_dump(mode="json")
    own = next(member for member in members if member.series == series)
    run = draft(block, own, settings | {"minimum": minimum}, exposure=newest.date_obs)
    assessment = assess(run)
    with transaction(WORKER_PATIENCE_S) as work:
        return run if start(run, assessment.state, assessment.reason, work) else None


def _has_news(members: list[File], block: Block, series: str) -> bool:
    """Return whether there are frames that the last run for the series' master did not have."""
    of_series = Run.select(Run).join(File).where(Run.block == block.name, File.series == series)
    last = of_series.order_by(Run.id.desc()).first()
    if last is None:
        return True
    given = {
        number for (number,) in RunInput.select(RunInput.input).where(RunInput.run == last).tuples()
    }
    if given:
        return not {member.id for member in members} <= given
    return max(member.created for member in members) > last.created


def schedule_for_newcomer(file: File) -> None:
    """Make the masters that the proposal of a raw frame accepts and that nothing has scheduled.

    Only for its first frame in a while: from then on it is among the proposals observed.
    """
    span = dt.timedelta(days=min(DAYS.values()))
    before = File.select().where(
        File.proposal == file.proposal_id,
        File.data_type == RAW,
        File.date_obs.between(file.date_obs - span, file.date_obs + span),
        File.id != file.id,
    )
    if not before.exists():
        for kind in DAYS:
            _schedule_series(_near(file, kind))


def schedule_for_waiting(proposal: Proposal) -> None:
    """Make the masters that a proposal's waiting frames, and its newest, would now accept."""
    waiting = (
        Run.select(fn.MAX(Run.file))
        .join(File)
        .where(Run.proposal == proposal, Run.state == RunState.WAITING, File.data_type == RAW)
    )
    newest = File.select(fn.MAX(File.id)).where(
        File.proposal == proposal, File.data_type == RAW, File.state == "current"
    )
    nights = waiting.group_by(File.camera, File.night)
    for file in File.select().where(File.id.in_(nights) | File.id.in_(newest)):
        for kind in DAYS:
            _schedule_series(_near(file, kind))


def _near(file: File, kind: str) -> Any:
    span = dt.timedelta(days=DAYS[kind])
    return (
        (File.kind == kind)
        & (File.data_type == RAW)
        & (File.state == "current")
        & (File.camera == file.camera)
        & File.date_obs.between(file.date_obs - span, file.date_obs + span)
    )


def _schedule_series(condition: Any) -> None:
    for kind, series in File.select(File.kind, File.series).where(condition).distinct().tuples():
        for block in blocks_for(DataType.RAW, FrameKind(kind)):
            if series and block.produces is DataType.MASTER:
                schedule_master(series, block)


def schedule_overdue(since: dt.timedelta) -> None:
    """Make the masters that are due and not scheduled: a process died, or settings changed.

    Parameters
    ----------
    since : timedelta
        Look at the series of frames that were indexed this long ago or later.
    """
    newest = int(File.select(fn.MAX(File.id)).scalar() or 0)
    _schedule_series(
        (File.id > newest - RECENT_FILES)
        & (File.created > clock.now_expression(-since))
        & (File.data_type == RAW)
        & File.kind.in_(list(DAYS))
    )
    remake_outdated_masters()


def remake_outdated_masters() -> None:
    """Make again the masters that are out of date and that no later run has made."""
    outdated = File.select().where(
        File.out_of_date, File.data_type == MASTER, File.state == "current"
    )
    for master in outdated:
        run = Run.get_or_none(Run.id == master.run_id)
        if run is None or run.block not in all_blocks():
            continue
        later = (
            Run.select()
            .join(File)
            .where(
                Run.block == run.block,
                File.series == master.series,
                Run.created > master.last_modified,
            )
        )
        if not later.exists():
            schedule_master(master.series, all_blocks()[run.block], again=True)
