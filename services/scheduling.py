"""What is due: which runs a new file asks for by itself, and which waiting ones may go now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from peewee import IntegrityError

from db import database
from db.models import File, Run, User, utc_now
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, blocks_for
from services import calibrations, masters, proposals, rows
from services.calibrations import LIVE, Waiting
from services.effects import Effects, transaction

MANUAL_PRIORITY = 10
LOOKED_AT_PER_ROUND = 200


def schedule(file: File, effects: Effects) -> list[Run]:
    """Make the runs that a new file asks for, inside the transaction that made the file.

    Every block that accepts the file runs by itself, except that an arc is not calibrated in
    wavelength: it is the scale of others. A master is due once its series is long enough.
    """
    kind = FrameKind(file.kind)
    made = []
    for block in blocks_for(DataType(str(file.data_type)), kind):
        if block.produces is DataType.MASTER:
            run = schedule_master(file.series, block, effects)
        elif block.produces is DataType.WAVELENGTH and kind is FrameKind.ARC:
            continue
        else:
            settings = proposals.block_settings(file.proposal, block.name)
            run = add(effects, block, file, settings=settings.model_dump(mode="json"))
        if run is not None:
            made.append(run)
    return made


def schedule_master(
    series: str, block: Block, effects: Effects, *, again: bool = False
) -> Run | None:
    """Make the run of a series' master, when it has enough frames and something is new.

    `again` makes it even though the frames are the same: a better bias has come.
    """
    members = masters.series_members(series)
    if not members or len(members) < masters.minimum_of(members, block):
        return None
    live = Run.select().where(Run.block == block.name, Run.state.in_(LIVE), Run.automatic)
    if live.join(File).where(File.series == series).exists():
        return None  # it takes every frame that is there when it begins
    if not again and not _has_news(members, masters.master_of(series)):
        return None
    settings = proposals.block_settings(members[-1].proposal, block.name).model_dump(mode="json")
    return add(effects, block, members[0], settings=settings, exposure=members[-1].date_obs)


def _has_news(members: list[File], master: File | None) -> bool:
    run = Run.get_or_none(Run.id == master.run_id) if master else None
    return run is None or not {member.file_name for member in members} <= set(run.inputs)


def add(
    effects: Effects,
    block: Block,
    file: File,
    *,
    settings: dict[str, Any],
    user: User | None = None,
    exposure: Any = None,
) -> Run | None:
    """Make a run, waiting or due; None when an automatic one is there already."""
    run = Run(
        file=file,
        proposal=None if block.produces is DataType.MASTER else file.proposal_id,
        block=block.name,
        automatic=user is None,
        user=user,
        priority=0 if user is None else MANUAL_PRIORITY,
        exposure=exposure or file.date_obs,
        settings=settings,
    )
    judge(run)
    try:
        with database.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return None
    effects.events.append(rows.run_event(run))
    if run.state == "queued":
        effects.due.append(run.id)
    return run


def judge(run: Run) -> bool:
    """Set a run's state and message by what it needs and what is there; tell whether they changed.

    A run that is refused is due all the same: doing it ends it, with the sentence.
    """
    answer = calibrations.resolve(run)
    before, now = (run.state, run.message), cast("Any", utc_now())
    if isinstance(answer, Waiting):
        run.state, run.message = "waiting", answer.sentence
    else:
        run.state, run.message, run.queued = "queued", "", now
    return before != (run.state, run.message)


def wake(camera: str) -> None:
    """Look again at the runs of a camera that wait, when a master or an arc has come."""
    waiting = Run.select(Run, File).join(File).where(Run.state == "waiting", File.camera == camera)
    _reconsider(waiting.order_by(Run.exposure.desc()).limit(LOOKED_AT_PER_ROUND))


def wake_some(limit: int = LOOKED_AT_PER_ROUND) -> None:
    """Look again at the `limit` waiting runs that were looked at longest ago."""
    waiting = Run.select(Run, File).join(File).where(Run.state == "waiting")
    oldest = waiting.order_by(Run.heartbeat.asc(nulls="first"), Run.exposure.desc())
    _reconsider(oldest.limit(limit))


def _reconsider(runs: Iterable[Run]) -> None:
    """Judge waiting runs anew, each in a transaction of its own: others write in between."""
    ids = []
    for run in list(runs):
        ids.append(run.id)
        if not judge(run):
            continue
        with transaction() as effects:
            update = Run.update(state=run.state, message=run.message, queued=run.queued)
            if not update.where(Run.id == run.id, Run.state == "waiting").execute():
                continue
            effects.events.append(rows.run_event(run))
            if run.state == "queued":
                effects.due.append(run.id)
    still = Run.id.in_(ids) & (Run.state == "waiting")
    Run.update(heartbeat=utc_now()).where(still).execute()
