"""Runs and their workers: claimed, and taken back from a worker that is lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

from peewee import ModelSelect

from db import clock
from db.models import File, Run
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services.runs import waiting
from services.runs.lifecycle import RunState, Trigger, transition
from services.unit_of_work import WORKER_PATIENCE_S, transaction

HEARTBEAT_TIMEOUT = dt.timedelta(seconds=15)
"""A running run without a heartbeat for this long has lost its worker."""
MAX_LOST = 3
"""So many workers are lost with a run before it is given up."""
MAX_TICKETS = 10_000
GIVEN_UP = notice(NoticeCode.WORKER_LOST, times=MAX_LOST)


def claim(worker: str, *, following: Run | None = None) -> Run | None:
    """Take the best run that is due: by priority, then the newest exposure.

    Parameters
    ----------
    worker : str
        Who takes it.
    following : Run, optional
        Take only what is due on the products of this run: the frame's own next step.

    Returns
    -------
    Run or None
        Now running, its `attempt` being this worker's; None when nothing is due.
    """
    best = _queued(Run.id, Run.state, Run.attempt)
    if following is not None:
        best = best.where(Run.file.in_(File.select(File.id).where(File.run_id == following.id)))
    best = best.limit(1)
    while (run := best.get_or_none()) is not None:
        with transaction(WORKER_PATIENCE_S) as work:
            claimed = transition(run, Trigger.CLAIM, work, worker=worker[:120])
        if claimed is not None:
            return claimed
    return None


def follows(run_id: int, run: Run) -> bool:
    """Return whether a run is on a product of another: `claim` takes it as following that one."""
    query = Run.select(Run.id).join(File).where(Run.id == run_id, File.run_id == run.id)
    return query.exists()


def due() -> list[int]:
    """Return the ids of the queued runs, the best first."""
    return [run_id for (run_id,) in _queued(Run.id).limit(MAX_TICKETS).tuples()]


def _queued(*columns: Any) -> ModelSelect:
    queued = Run.select(*columns).where(Run.state == RunState.QUEUED)
    return queued.order_by(Run.priority.desc(), Run.exposure.desc(), Run.id)


def all_claimed() -> bool:
    """Return whether something is running and nothing waits for a worker."""
    busy = Run.select(Run.state).where(Run.state.in_([RunState.QUEUED, RunState.RUNNING]))
    return [state for (state,) in busy.distinct().tuples()] == [RunState.RUNNING]


def has_no_heartbeat(limit: dt.timedelta) -> Any:
    """Return the condition that a run is running without a heartbeat for `limit`.

    Both times are those of the database's clock.
    """
    quiet = Run.heartbeat.is_null() | (Run.heartbeat < clock.now_expression(-limit))
    return (Run.state == RunState.RUNNING) & quiet


def take_back_lost() -> None:
    """Queue the runs again whose worker is lost; give a run up with which `MAX_LOST` were."""
    lost = Run.select(Run, File).join(File).where(has_no_heartbeat(HEARTBEAT_TIMEOUT))
    for run in list(lost):
        _take_back(run)


def _take_back(run: Run) -> None:
    """End the attempt of a worker that is lost."""
    lost = run.lost + 1
    trigger = Trigger.REQUEUE
    if run.cancel_requested:
        trigger = Trigger.ABANDON
    elif lost >= MAX_LOST:
        trigger = Trigger.GIVE_UP
    with transaction() as work:
        taken = transition(
            run,
            trigger,
            work,
            reason=GIVEN_UP if trigger is Trigger.GIVE_UP else None,
            condition=Run.heartbeat == run.heartbeat,  # it has not come back meanwhile
            lost=lost,
        )
    if taken is not None and trigger is Trigger.GIVE_UP:
        waiting.wake(run.file.camera)
