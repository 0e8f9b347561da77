"""The table of runs made true again: what lost workers and killed processes left undone."""

from __future__ import annotations

import datetime as dt

from services import events
from services.calibration import out_of_date
from services.calibration.recalibration import consideration, replacement
from services.files import products
from services.runs import claiming, master_runs, waiting

RECENT = dt.timedelta(minutes=2)


def reconcile(since: dt.timedelta = RECENT) -> list[int]:
    """Do one round, and return the ids of the runs that are due, the best first.

    Runs of lost workers are taken back; masters that nothing has scheduled are made; waiting runs
    are assessed again; leftovers of ended attempts are removed.

    Parameters
    ----------
    since : timedelta
        Masters are looked for among frames that were indexed this long ago or later, and products
        to be replaced among those that concern arcs and spectra of this time.
    """
    claiming.take_back_lost()
    master_runs.schedule_overdue(since)
    out_of_date.redo()
    consideration.catch_up(since)
    waiting.wake_some()
    products.sweep()
    replacement.clean_up(since)
    events.forget_old()
    return claiming.due()
