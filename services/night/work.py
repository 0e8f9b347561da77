"""The runs of the pipeline now: how many there are in each state, and those in progress."""

from __future__ import annotations

from dataclasses import dataclass

from peewee import fn

from db.models import Run, User
from services import access
from services.runs import read_models
from services.runs.lifecycle import LIVE, RunState

MAX_RUNNING = 8


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run in progress; `progress` is from 0 to 1, `file_id` None for a master's first run."""

    label: str
    file_id: int | None
    file_name: str
    step: str
    progress: float


@dataclass(frozen=True, slots=True)
class Work:
    """The runs that a person sees by state, and up to `MAX_RUNNING` of those in progress."""

    waiting: int
    queued: int
    n_running: int
    running: tuple[RunProgress, ...]


def work(user: User) -> Work:
    """Return the runs in progress and their number.

    Runs of other proposals are not counted: their number would reveal the activity of others.
    """
    live = access.visible_runs(user).where(Run.state.in_(LIVE))
    counts = dict(live.select(Run.state, fn.COUNT(Run.id)).group_by(Run.state).tuples())
    running = access.visible_runs(user).where(Run.state == RunState.RUNNING)
    newest = list(running.order_by(Run.started).limit(MAX_RUNNING))
    return Work(
        waiting=counts.get(RunState.WAITING, 0),
        queued=counts.get(RunState.QUEUED, 0),
        n_running=counts.get(RunState.RUNNING, 0),
        running=tuple(
            RunProgress(
                label=run.label,
                file_id=run.file_id,
                file_name=run.file_name,
                step=run.step,
                progress=run.progress,
            )
            for run in read_models.views(newest, user)
        ),
    )
