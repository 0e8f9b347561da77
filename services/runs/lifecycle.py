"""The states of a run and the transitions between them.

`transition` is the only writer of `Run.state`. `TRANSITIONS` declares, for each trigger, the states
that it applies to, the state that follows, and what is done with it: the columns that are set,
the times that are taken, whether the queue gets a ticket, and the severity of the log entry.

A transition is one conditional update: it applies only to a run that still has the state and
the attempt that it was read with. A run that another process has changed in the meantime is left
as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from peewee import IntegrityError

from db import clock, database
from db.models import File, Run
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import all_blocks
from services import logs
from services.files import rows
from services.unit_of_work import UnitOfWork


class RunState(StrEnum):
    """The state of a run."""

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


NOT_STARTED = (RunState.WAITING, RunState.QUEUED)
LIVE = (*NOT_STARTED, RunState.RUNNING)
ENDED = (RunState.DONE, RunState.FAILED, RunState.CANCELLED)


class Trigger(StrEnum):
    """What makes a run change its state."""

    WAIT = "wait"
    QUEUE = "queue"
    CLAIM = "claim"
    FINISH = "finish"
    FAIL = "fail"
    PARK = "park"
    STOP = "stop"
    REQUEUE = "requeue"
    GIVE_UP = "give up"
    ABANDON = "abandon"
    CANCEL = "cancel"
    RETRY_LATER = "retry later"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Transition:
    """What a trigger does.

    Parameters
    ----------
    sources : tuple of RunState
        The states it applies to.
    target : RunState
        The state that follows.
    values : mapping
        Columns that are set, apart from the state and the notice.
    times : tuple of str
        Columns that take the time of the transition.
    is_failure : bool
        Whether the log gets an entry with the reason.
    """

    sources: tuple[RunState, ...]
    target: RunState
    values: Mapping[str, Any] = field(default_factory=dict)
    times: tuple[str, ...] = ()
    is_failure: bool = False

    @property
    def needs_ticket(self) -> bool:
        """Whether the run gets a ticket in the queue."""
        return self.target is RunState.QUEUED


_RUNNING = (RunState.RUNNING,)
_RETRIED = {
    "lost": 0,
    "finished": None,
    "cancel_requested": False,
    "step": "",
    "progress": 0.0,
    "heartbeat": None,
}
_LOST = {"step": "", "progress": 0.0}

TRANSITIONS: Mapping[Trigger, Transition] = {
    # Its calibrations were looked for again.
    Trigger.WAIT: Transition((RunState.WAITING,), RunState.WAITING, times=("heartbeat",)),
    Trigger.QUEUE: Transition((RunState.WAITING,), RunState.QUEUED, times=("heartbeat", "queued")),
    # A worker takes it.
    Trigger.CLAIM: Transition(
        (RunState.QUEUED,),
        RunState.RUNNING,
        {"attempt": Run.attempt + 1, "finished": None, "step": "", "progress": 0.0},
        ("heartbeat", "started"),
    ),
    # The worker ends its attempt.
    Trigger.FINISH: Transition(
        _RUNNING, RunState.DONE, {"step": "", "progress": 1.0}, ("heartbeat", "finished")
    ),
    Trigger.FAIL: Transition(_RUNNING, RunState.FAILED, {}, ("heartbeat", "finished"), True),
    Trigger.PARK: Transition(_RUNNING, RunState.WAITING, {}, ("heartbeat",)),
    Trigger.STOP: Transition(_RUNNING, RunState.CANCELLED, {}, ("heartbeat", "finished")),
    # The worker is lost.
    Trigger.REQUEUE: Transition(_RUNNING, RunState.QUEUED, _LOST, ("queued",)),
    Trigger.GIVE_UP: Transition(_RUNNING, RunState.FAILED, _LOST, ("finished",), True),
    Trigger.ABANDON: Transition(_RUNNING, RunState.CANCELLED, _LOST, ("finished",)),
    # On request. A running one is cancelled by its worker (STOP).
    Trigger.CANCEL: Transition(NOT_STARTED, RunState.CANCELLED, {}, ("finished",)),
    Trigger.RETRY_LATER: Transition(
        (RunState.FAILED, RunState.CANCELLED), RunState.WAITING, _RETRIED
    ),
    Trigger.RETRY: Transition(
        (RunState.FAILED, RunState.CANCELLED), RunState.QUEUED, _RETRIED, ("queued",)
    ),
}


class IllegalTransition(Exception):
    """A trigger does not apply to the state of a run."""


def transition(
    run: Run,
    trigger: Trigger,
    work: UnitOfWork,
    *,
    reason: Notice | None = None,
    condition: Any = True,
    **values: Any,
) -> Run | None:
    """Apply a trigger to a run, with its event, ticket and log entry; inside a transaction.

    Parameters
    ----------
    run : Run
        As it was read: its `id`, `state` and `attempt` are compared with the row's. It is not
        changed, since the transaction may yet be rolled back.
    trigger : Trigger
        What happens to it.
    work : UnitOfWork
        Takes the event and the ticket.
    reason : Notice, optional
        What a waiting run waits for, or why a failed one failed; a failure needs one.
    condition : peewee expression
        A further condition on the row.
    **values
        Further columns to set.

    Returns
    -------
    Run or None
        The row as it is now, with its file. None when it was changed since it was read; then
        nothing is done.

    Raises
    ------
    IllegalTransition
        The trigger does not apply to the state of the run.
    """
    rule = TRANSITIONS[trigger]
    if run.state not in rule.sources:
        raise IllegalTransition(f"run {run.id}: {trigger} does not apply to a {run.state} run")
    now = clock.now_expression()
    changed = {**rule.values, **dict.fromkeys(rule.times, now), **values}
    unchanged = (Run.id == run.id) & (Run.state == run.state) & (Run.attempt == run.attempt)
    stored = None if reason is None else reason.to_json()
    update = Run.update(state=rule.target, notice=stored, **changed)
    if not update.where(unchanged & condition).execute():
        return None
    row: Run = Run.select(Run, File).join(File).where(Run.id == run.id).get()
    work.events.append(rows.run_event(row))
    if rule.needs_ticket:
        work.due.append(row.id)
    if rule.is_failure and reason is not None:
        entry = _failure(row, reason)
        work.events.append(logs.write(entry, proposal=row.proposal, file=row.file, run=row))
    return row


def _failure(run: Run, reason: Notice) -> Notice:
    block = all_blocks().get(run.block)
    label = block.label if block else run.block
    if run.replaces is not None:
        kept = NoticeCode.RECALIBRATION_FAILED
        return notice(kept, file=run.file.file_name, block=label, reason=reason)
    return notice(NoticeCode.FILE_RUN_FAILED, file=run.file.file_name, block=label, reason=reason)


def start(
    run: Run, state: RunState, reason: Notice | None, work: UnitOfWork, *, announce: bool = True
) -> bool:
    """Write a new run into the table, waiting or queued; inside a transaction.

    Parameters
    ----------
    run : Run
        Not in the table yet.
    state : {RunState.WAITING, RunState.QUEUED}
        The state it starts in.
    reason : Notice or None
        What it waits for.
    work : UnitOfWork
        Takes the event and the ticket.
    announce : bool
        Whether an event is announced.

    Returns
    -------
    bool
        False when there is a live automatic run of the block on the file already.
    """
    if state not in NOT_STARTED:
        raise IllegalTransition(f"a new run can't be {state}")
    run.state = str(state)
    run.notice = None if reason is None else reason.to_json()
    if state is RunState.QUEUED:
        run.queued = cast("Any", clock.now())
    try:
        with database.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return False
    if announce:
        work.events.append(rows.run_event(run))
    if state is RunState.QUEUED:
        work.due.append(run.id)
    return True
