"""What is due: which runs a new file asks for by itself, and which waiting ones may go now.

Rows are written inside the transaction of the change that makes a run due; the search for its
calibrations, which may take a while, happens after the commit (`Effects.after`). What a killed
process left unsearched is found by the reconciler: runs that wait in `wake_some`, masters that
nobody asked for in `overdue`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, cast

from peewee import IntegrityError, fn

from db import database
from db.models import File, Proposal, Run, RunInput, User, utc_now
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, all_blocks, blocks_for
from services.calibration import master_selection, masters, selection
from services.calibration.master_selection import LIVE
from services.calibration.masters import DAYS, MASTER, RAW
from services.calibration.outcomes import Waiting
from services.files import rows
from services.proposals import proposals
from services.unit_of_work import WORKER_PATIENCE_S, Effects, transaction

MANUAL_PRIORITY = 10
BACKGROUND_PRIORITY = -10
"""Of what is done again: after everything that comes by itself, and what follows from it too."""
LOOKED_AT_PER_ROUND = 200
JUDGED_AT_ONCE = 20
LOOKED_BACK_AT = 50_000
"""Files among which `overdue` looks for series without a master: more than a month of them."""
NOT_LOOKED_AT = "looking for its calibrations"


def schedule(file: File, effects: Effects, priority: int = 0) -> list[Run]:
    """Make the runs that a new file asks for, inside the transaction that made the file.

    Every block that accepts the file runs by itself, except that an arc is not calibrated in
    wavelength: it is the scale of others. A master is due once its series is long enough.
    `priority` is that of the run that made the file: what follows is never more urgent.
    """
    kind = FrameKind(file.kind)
    made = []
    if file.data_type == RAW and file.kind not in DAYS:
        effects.after.append(partial(masters_for_newcomer, file))
    for block in blocks_for(DataType(file.data_type), kind):
        if block.produces is DataType.MASTER:
            effects.after.append(partial(schedule_master, file.series, block))
            continue
        if not _by_itself(block, kind):
            continue
        settings = proposals.block_settings(file.proposal, block.name).model_dump(mode="json")
        run = draft(block, file, settings)
        run.priority = min(run.priority, priority)
        if not block.calibration_roles:
            judge(run)
        if enter(run, effects):
            made.append(run)
            if run.state == "waiting":
                effects.after.append(partial(reconsider, [run]))
    return made


def chain(kind: FrameKind) -> list[Block]:
    """Return the blocks that run by themselves on a raw frame of a kind and on what comes of it."""
    made: list[Block] = []
    stage = DataType.RAW
    while following := [b for b in blocks_for(stage, kind) if _by_itself(b, kind)]:
        made.append(following[0])
        stage = following[0].produces
        if stage is DataType.MASTER:
            break
    return made


def _by_itself(block: Block, kind: FrameKind) -> bool:
    """Tell whether nobody has to ask; an arc is calibrated in wavelength only on request."""
    return not (block.produces is DataType.WAVELENGTH and kind is FrameKind.ARC)


def draft(
    block: Block,
    file: File,
    settings: dict[str, Any],
    user: User | None = None,
    exposure: dt.datetime | None = None,
) -> Run:
    """Return a run that nobody has looked at and that is in no table yet."""
    return Run(
        file=file,
        proposal=None if block.produces is DataType.MASTER else file.proposal_id,
        block=block.name,
        state="waiting",
        message=NOT_LOOKED_AT,
        automatic=user is None,
        user=user,
        priority=0 if user is None else MANUAL_PRIORITY,
        exposure=exposure or file.date_obs,
        settings=settings,
    )


def enter(run: Run, effects: Effects) -> bool:
    """Write a drafted run into the table; False when an automatic one is there already."""
    try:
        with database.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return False
    if run.message != NOT_LOOKED_AT:
        effects.events.append(rows.run_event(run))
    if run.state == "queued":
        effects.due.append(run.id)
    return True


def enter_all(proposal: Proposal, drafts: Sequence[Run]) -> list[Run]:
    """Write many drafted runs of a proposal at once; return those that nobody else has begun.

    The first ones' calibrations are looked for after the commit, the others' by the reconciler.
    """
    entered = []
    with transaction() as effects:
        # Two requests at the same moment: PostgreSQL lets the second wait here for the first.
        Proposal.update(id=proposal.id).where(Proposal.id == proposal.id).execute()
        live = Run.select(Run.file, Run.block).where(Run.proposal == proposal, Run.state.in_(LIVE))
        taken = set(live.tuples())
        for run in drafts:
            if (run.file_id, run.block) not in taken and enter(run, effects):
                entered.append(run)
        effects.after.append(partial(reconsider, entered[:JUDGED_AT_ONCE]))
    return entered


def judge(run: Run) -> bool:
    """Set a run's state and message by what it needs and what is there; tell whether they changed.

    A run that is refused is due all the same: doing it ends it, with the sentence.
    """
    answer = selection.resolve(run)
    before, now = (run.state, run.message), cast("Any", utc_now())
    if isinstance(answer, Waiting):
        run.state, run.message = "waiting", answer.sentence
    else:
        run.state, run.message, run.queued = "queued", "", now
    return before != (run.state, run.message)


# --- masters ----------------------------------------------------------------------------------


def schedule_master(series: str, block: Block, *, again: bool = False) -> Run | None:
    """Make the run of a series' master, when it has enough frames and something is new.

    Outside of transactions. `again` makes it even though the frames are the same: a better bias
    has come.
    """
    live = Run.select().where(Run.block == block.name, Run.state.in_(LIVE), Run.automatic)
    if live.join(File).where(File.series == series).exists():
        return None  # it takes every frame that is there when it begins
    newest = masters.newest_of(series)
    if newest is None:
        return None
    minimum = masters.accepted_count(newest, block)
    members = masters.pool(series, minimum, master_selection.at_rest)
    if len(members) < minimum or not (again or _has_news(members, block, series)):
        return None
    borrows = any(member.series != series for member in members)
    if borrows and masters.is_served(newest, minimum):
        return None
    settings = proposals.block_settings(newest.proposal, block.name).model_dump(mode="json")
    own = next(member for member in members if member.series == series)
    run = draft(block, own, settings | {"minimum": minimum}, exposure=newest.date_obs)
    judge(run)
    with transaction(WORKER_PATIENCE_S) as effects:
        return run if enter(run, effects) else None


def _has_news(members: list[File], block: Block, series: str) -> bool:
    """Tell whether there is a frame that the last attempt at the series' master did not have."""
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


def masters_for_newcomer(file: File) -> None:
    """Make the masters that the proposal of a raw frame accepts and nobody asked for before.

    Only its first frame for a while: from then on it is among those observed.
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


def masters_of_waiting(proposal: Proposal) -> None:
    """Make the masters that a proposal's waiting frames, and its newest, would now accept."""
    waiting = (
        Run.select(fn.MAX(Run.file))
        .join(File)
        .where(Run.proposal == proposal, Run.state == "waiting", File.data_type == RAW)
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


def overdue(since: dt.timedelta) -> None:
    """Make the masters that are due and that nobody asked for: a process died, or settings changed.

    Parameters
    ----------
    since : timedelta
        Look at the series of frames that were indexed this long ago or later.
    """
    newest = int(File.select(fn.MAX(File.id)).scalar() or 0)
    _schedule_series(
        (File.id > newest - LOOKED_BACK_AT)
        & (File.created > utc_now() - since)
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


# --- what waits -------------------------------------------------------------------------------


def wake(camera: str) -> None:
    """Look again at the runs of a camera that wait, when a master or an arc has come."""
    waiting = Run.select(Run, File).join(File).where(Run.state == "waiting", File.camera == camera)
    reconsider(waiting.order_by(Run.exposure.desc()).limit(LOOKED_AT_PER_ROUND))


def wake_some(limit: int = LOOKED_AT_PER_ROUND) -> None:
    """Look again at the `limit` waiting runs that were looked at longest ago."""
    waiting = Run.select(Run, File).join(File).where(Run.state == "waiting")
    oldest = waiting.order_by(Run.heartbeat.asc(nulls="first"), Run.exposure.desc())
    reconsider(oldest.limit(limit))


def reconsider(runs: Iterable[Run]) -> None:
    """Judge waiting runs anew, each in a transaction of its own: others write in between.

    Outside of transactions.
    """
    still = []
    for run in list(runs):
        if not judge(run):
            still.append(run.id)
            continue
        with transaction(WORKER_PATIENCE_S) as effects:
            update = Run.update(
                state=run.state, message=run.message, queued=run.queued, heartbeat=utc_now()
            )
            if not update.where(Run.id == run.id, Run.state == "waiting").execute():
                continue
            effects.events.append(rows.run_event(run))
            if run.state == "queued":
                effects.due.append(run.id)
    if still:
        waits = Run.id.in_(still) & (Run.state == "waiting")
        Run.update(heartbeat=utc_now()).where(waits).execute()
