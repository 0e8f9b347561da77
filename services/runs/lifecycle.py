"""Runs: asked for, claimed by a worker, cancelled, tried again, and kept true.

The table of runs is the truth about work; the queue carries only tickets.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from peewee import IntegrityError
from pydantic import BaseModel, ConfigDict, ValidationError

from db.models import File, Proposal, Run, User, utc_now
from reduction.registry import all_blocks
from services import access, events, logs
from services.access import Action
from services.calibration import out_of_date
from services.errors import Conflict, Unacceptable
from services.files import products, rows
from services.paging import Page, paginate
from services.runs import scheduling
from services.runs.execution import execute
from services.runs.requests import request, settings_for, why_not
from services.runs.scheduling import schedule, wake
from services.runs.serialization import as_dict, as_dicts, newest
from services.unit_of_work import WORKER_PATIENCE_S, transaction

__all__ = [
    "as_dict",
    "as_dicts",
    "cancel",
    "claim",
    "execute",
    "get",
    "newest",
    "page",
    "reconcile",
    "request",
    "request_again",
    "request_stale",
    "retry",
    "schedule",
    "settings_for",
    "take_back_vanished",
    "wake",
    "why_not",
]

STATES = ("waiting", "queued", "running", "done", "failed", "cancelled")
STALE = dt.timedelta(seconds=15)
TRIES = 3
LATELY = dt.timedelta(minutes=2)
VANISHED = f"the worker ended {TRIES} times in the middle of it; the frame is not tried again"


class RunFilters(BaseModel):
    """What runs can be listed by."""

    model_config = ConfigDict(extra="forbid")

    file_id: int | None = None
    block: str | None = None
    state: str | None = None  # one, or several separated by commas
    proposal_id: str | None = None  # SOAR ID


def get(user: User, run_id: int) -> Run:
    """Return a run that the person may see."""
    return access.run_for(user, Action.VIEW, run_id)


def request_again(user: User, file_id: int) -> Run:
    """Make a stale product again, from where something better has come on.

    Raises
    ------
    Conflict
        It is not stale.
    """
    return out_of_date.request_again(user, file_id)


def request_stale(user: User, proposal_id: int) -> list[Run]:
    """Reduce again all frames of a proposal whose newest reduced version is stale."""
    return out_of_date.request_all(user, proposal_id)


# --- the worker's side ------------------------------------------------------------------------


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
    best = Run.select(Run.id).where(Run.state == "queued")
    if following is not None:
        best = best.where(Run.file.in_(File.select(File.id).where(File.run_id == following.id)))
    best = best.order_by(Run.priority.desc(), Run.exposure.desc(), Run.id).limit(1)
    while (run_id := best.scalar()) is not None:
        now = utc_now()
        with transaction(WORKER_PATIENCE_S) as effects:
            taken = Run.update(
                state="running",
                attempt=Run.attempt + 1,
                worker=worker[:120],
                heartbeat=now,
                started=now,
                finished=None,
                step="",
                progress=0.0,
                message="",
            ).where(Run.id == run_id, Run.state == "queued")
            if not taken.execute():
                continue
            run = Run.select(Run, File).join(File).where(Run.id == run_id).get()
            effects.events.append(rows.run_event(run))
        return run
    return None


def at_the_last() -> bool:
    """Tell whether something is being done and nothing waits for a worker."""
    states = Run.select(Run.state).where(Run.state.in_(["queued", "running"])).distinct()
    return [state for (state,) in states.tuples()] == ["running"]


def reconcile(since: dt.timedelta = LATELY) -> list[int]:
    """Make the table true again; return the ids of the runs that are due, the best first.

    What vanished workers left is taken back; what waits is looked at again; masters that nobody
    asked for are made, of frames that were indexed up to `since` ago; leftovers of dead attempts
    are removed.
    """
    take_back_vanished()
    scheduling.overdue(since)
    out_of_date.redo()
    scheduling.wake_some()
    products.sweep()
    events.forget_old()
    due = Run.select(Run.id).where(Run.state == "queued")
    due = due.order_by(Run.priority.desc(), Run.exposure.desc(), Run.id).limit(10_000)
    return [run_id for (run_id,) in due.tuples()]


def take_back_vanished() -> None:
    """Queue the runs again whose worker has not been heard of for 15 s; fail them at the third."""
    quiet = (Run.state == "running") & (
        Run.heartbeat.is_null() | (Run.heartbeat < utc_now() - STALE)
    )
    for run in list(Run.select(Run, File).join(File).where(quiet)):
        _take_back(run)


def _take_back(run: Run) -> None:
    """End the attempt of a worker that has vanished."""
    lost = run.lost + 1
    state, message = ("failed", VANISHED) if lost >= TRIES else ("queued", "")
    if run.cancel_requested:
        state, message = "cancelled", ""
    now = utc_now()
    still = (Run.id == run.id) & (Run.attempt == run.attempt) & (Run.state == "running")
    with transaction() as effects:
        values = {"state": state, "message": message, "lost": lost, "step": "", "progress": 0.0}
        values["queued" if state == "queued" else "finished"] = now
        if not Run.update(**values).where(still, Run.heartbeat == run.heartbeat).execute():
            return
        run.state, run.message, run.step, run.progress = state, message, "", 0.0
        effects.events.append(rows.run_event(run))
        if state == "queued":
            effects.due.append(run.id)
        elif state == "failed":
            said = f"{run.file.file_name}: {message}"
            log = logs.write("error", said, proposal=run.proposal, file=run.file, run=run)
            effects.events.append(log)
    if state == "failed":
        wake(run.file.camera)


# --- the observer's side ----------------------------------------------------------------------


def cancel(user: User, run_id: int) -> Run:
    """End a run: at once when it has not begun, else at its next step.

    Raises
    ------
    Conflict
        It has ended already.
    """
    run = access.run_for(user, Action.PROCESS, run_id)
    with transaction() as effects:
        idle = (Run.id == run.id) & Run.state.in_(["waiting", "queued"])
        ended = Run.update(state="cancelled", message="", finished=utc_now()).where(idle).execute()
        busy = (Run.id == run.id) & (Run.state == "running")
        asked = Run.update(cancel_requested=True).where(busy).execute()
        run = access.run_for(user, Action.PROCESS, run_id)
        if not ended and not asked:
            raise Conflict(f"The run has ended already: {run.state}.")
        effects.events.append(rows.run_event(run))
    return run


def retry(user: User, run_id: int) -> Run:
    """Try a run again that failed or was cancelled; its settings stay.

    Raises
    ------
    Conflict
        It has not ended, or it is done, or the same is being done by another run.
    """
    run = access.run_for(user, Action.PROCESS, run_id)
    if run.state not in ("failed", "cancelled"):
        raise Conflict(f"Only a failed or cancelled run can be tried again; it is {run.state}.")
    before = run.state
    scheduling.judge(run)
    try:
        with transaction() as effects:
            again = Run.update(
                state=run.state,
                message=run.message,
                queued=run.queued,
                lost=0,
                finished=None,
                cancel_requested=False,
                step="",
                progress=0.0,
                heartbeat=None,
                priority=scheduling.MANUAL_PRIORITY,
            ).where(Run.id == run.id, Run.state == before)
            if not again.execute():
                raise Conflict("The run has been tried again already.")
            run = access.run_for(user, Action.PROCESS, run_id)
            effects.events.append(rows.run_event(run))
            if run.state == "queued":
                effects.due.append(run.id)
    except IntegrityError as error:
        raise Conflict("The same is being done by a newer run.") from error
    return run


def page(
    user: User, filters: RunFilters | Mapping[str, Any], page: int = 1, page_size: int = 20
) -> Page:
    """Return one page of the runs that a person sees, the newest first.

    Raises
    ------
    Unacceptable
        A filter is unknown or its value makes no sense; names it.
    """
    if not isinstance(filters, RunFilters):
        try:
            filters = RunFilters.model_validate(filters)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            raise Unacceptable(f"{name}: {first['msg']}.", field=name) from error
    query = access.visible_runs(user)
    if filters.state is not None:
        states = [part.strip() for part in filters.state.split(",")]
        if not set(states) <= set(STATES):
            raise Unacceptable(f"state is one of {', '.join(STATES)}.", field="state")
        query = query.where(Run.state.in_(states))
    if filters.file_id is not None:
        query = query.where(Run.file == filters.file_id)
        if not access.visible_files(user).where(File.id == filters.file_id).exists():
            query = query.where(Run.id.is_null())  # a master's frame may be another proposal's
    if filters.block is not None:
        query = query.where(Run.block == filters.block)
    if filters.proposal_id is not None:
        ids = Proposal.select(Proposal.id).where(Proposal.soar_id == filters.proposal_id)
        query = query.where(Run.proposal.in_(ids))
    return paginate(query.order_by(Run.id.desc()), page, page_size)


def of_file(file: File) -> list[Run]:
    """Return the runs on a file, the newest first; for a master the run that made it."""
    which = Run.file == file if file.proposal_id is not None else Run.id == file.run_id
    return list(Run.select().where(which).order_by(Run.id.desc()))


def defaults(run: Run) -> dict[str, Any]:
    """Return the settings that a run's process has when nobody changes them."""
    block = all_blocks().get(run.block)
    return block.settings().model_dump(mode="json") if block else {}
