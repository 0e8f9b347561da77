"""Runs that are done again: their products are replaced, or what failed is tried once more."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from peewee import IntegrityError

from db.models import Run
from reduction.registry import all_blocks
from services.runs import drafts
from services.runs.lifecycle import LIVE, RunState, Trigger, start, transition
from services.unit_of_work import WORKER_PATIENCE_S, transaction

PRIORITY = -1
"""Below that of a frame that has no product yet."""


def replace(before: Run, newest: dt.datetime) -> Run | None:
    """Start the run whose products replace those of an earlier one.

    Parameters
    ----------
    before : Run
        It made the products.
    newest : datetime
        When the last of the inputs came.

    Returns
    -------
    Run or None
        None when it is under way, or has failed with the same inputs.
    """
    failed = Run.select().where(Run.replaces == before.id, Run.state.not_in(LIVE))
    if any(run.started is None or run.started > newest for run in failed):
        return None
    run = drafts.draft(all_blocks()[before.block], before.file, before.settings)
    run.calibrations, run.replaces, run.priority = before.calibrations, before.id, PRIORITY
    with transaction(WORKER_PATIENCE_S) as work:
        started = start(run, RunState.QUEUED, None, work)
    return run if started else None


def retry(run: Run) -> None:
    """Try again a run that failed, unless a later run of the step has its own outcome."""
    later = Run.select().where(Run.file == run.file, Run.block == run.block, Run.id > run.id)
    if later.exists():
        return
    with suppress(IntegrityError), transaction(WORKER_PATIENCE_S) as work:
        transition(run, Trigger.RETRY, work)
