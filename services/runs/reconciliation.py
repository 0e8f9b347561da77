"""The table of runs made true again: what lost workers and killed processes left undone."""

from __future__ import annotations

import datetime as dt

from peewee import fn

from db import clock
from db.models import Run
from services import events
from services.calibration import out_of_date
from services.calibration.recalibration import consideration, replacement
from services.files import products
from services.runs import claiming, master_runs, waiting

RECENT = dt.timedelta(minutes=2)


def reconcile(since: dt.timedelta = RECENT, *, at_start: bool = False) -> list[int]:
    """Do one round, and return the ids of the runs that are due, the best first.

    Runs of lost workers are taken back; masters that nothing has scheduled are made; waiting runs
    are assessed again; leftovers of ended attempts are removed.

    Parameters
    ----------
    since : timedelta
        Masters are looked for among frames that were indexed this long ago or later.
    at_start : bool
        Whether the site may have been killed: products to be replaced are looked for among what
        concerns the arcs and spectra of the minutes before its end, else of the last minutes.
    """
    claiming.take_back_lost()
    master_runs.schedule_overdue(since)
    out_of_date.redo()
    lately = RECENT + (_at_rest() if at_start else dt.timedelta(0))
    consideration.catch_up(lately)
    waiting.wake_some()
    products.sweep()
    replacement.clean_up(lately)
    events.forget_old()
    return claiming.due()


def _at_rest() -> dt.timedelta:
    """Return how long ago the last run began or ended."""
    newest = Run.select(fn.MAX(Run.finished), fn.MAX(Run.started)).tuples().first()
    times = [_aware(time) for time in newest or () if time is not None]
    return clock.now() - max(times) if times else dt.timedelta(0)


def _aware(time: dt.datetime | str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(time) if isinstance(time, str) else time
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
