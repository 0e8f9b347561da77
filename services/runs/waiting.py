"""Runs that wait: whether what they wait for has come.

All functions open transactions of their own and are called outside of any.
"""

from __future__ import annotations

from collections.abc import Iterable

from peewee import ModelSelect

from db import clock
from db.models import File, Run
from services.runs.drafts import assess
from services.runs.lifecycle import RunState, Trigger, transition
from services.unit_of_work import WORKER_PATIENCE_S, transaction

ASSESSED_PER_ROUND = 200


def wake(camera: str) -> None:
    """Assess the waiting runs of a camera again, when a master or an arc has come."""
    waiting = _waiting().where(File.camera == camera)
    reassess(waiting.order_by(Run.exposure.desc()).limit(ASSESSED_PER_ROUND))


def wake_some(limit: int = ASSESSED_PER_ROUND) -> None:
    """Assess again the `limit` waiting runs that were assessed longest ago."""
    oldest = _waiting().order_by(Run.heartbeat.asc(nulls="first"), Run.exposure.desc())
    reassess(oldest.limit(limit))


def _waiting() -> ModelSelect:
    return Run.select(Run, File).join(File).where(Run.state == RunState.WAITING)


def reassess(runs: Iterable[Run]) -> None:
    """Assess waiting runs again, each in a transaction of its own: others write in between."""
    unchanged = []
    for run in list(runs):
        assessment = assess(run)
        if not assessment.differs_from(run):
            unchanged.append(run.id)
            continue
        trigger = Trigger.QUEUE if assessment.state is RunState.QUEUED else Trigger.WAIT
        with transaction(WORKER_PATIENCE_S) as work:
            transition(run, trigger, work, reason=assessment.reason)
    if unchanged:
        waits = Run.id.in_(unchanged) & (Run.state == RunState.WAITING)
        Run.update(heartbeat=clock.now_expression()).where(waits).execute()
