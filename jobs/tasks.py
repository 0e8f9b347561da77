"""The tasks of the workers. Their arguments are ids only."""

from __future__ import annotations

import logging
import os
import socket
import time

from db import database
from db.failures import DATABASE_UNAVAILABLE
from db.models import Run
from reduction.frames import DataType
from reduction.registry import all_blocks
from services.calibration import master_selection
from services.errors import Unavailable
from services.files.visualization import previews
from services.runs import claiming, dispatch, execution

log = logging.getLogger(__name__)

PATIENCE_S = 1.0
SERIES_AT_MOST_S = 5.0
"""A backlog of nights may arrive without a pause."""
LOOK_S = 0.05
SHIFT_S = 2.0
"""Seconds for which a job takes further frames; then its process, and what it leaked, ends."""
DATABASE_PAUSE_S = 2.0
BACKGROUND_NICENESS = 15
"""Of work that no person waits for; each job has its own process, which keeps it."""


def work(run_id: int) -> None:  # noqa: ARG001 - a ticket, see `jobs.queue`
    """Execute the runs that are due, the best first: by priority, then the newest exposure.

    The blocks of one frame are executed up to its spectrum before another frame is started, so that
    under a backlog some frames are ready early. Nothing is done when other workers have already
    taken all runs that were due. Further frames are taken for `SHIFT_S`: a process for each of them
    would cost more than a spectrum does.
    """
    worker = f"{socket.gethostname()}:{os.getpid()}"
    end = time.monotonic() + SHIFT_S
    try:
        with database.connection_context():
            run = claiming.claim(worker)
            while run is not None:
                _execute(run)
                run = claiming.claim(worker, following=run)
                if run is None and time.monotonic() < end:
                    run = claiming.claim(worker)
    except (*DATABASE_UNAVAILABLE, Unavailable) as error:
        # The run is queued again without a heartbeat; a pause, or the next ticket fails at once.
        log.warning("the database can't be used: %s", error)
        time.sleep(DATABASE_PAUSE_S)


def _execute(run: Run) -> None:
    """Execute a run; the runs of its own products get no tickets, since this worker takes them."""
    _await_series(run)
    with dispatch.withheld(lambda run_id: claiming.follows(run_id, run)):
        execution.execute(run)


def _await_series(run: Run) -> None:
    """Let the rest of a night arrive that is being copied, before a master is made of its series.

    Otherwise the master is made of the frames that happen to be there, and soon again of all, and
    what was reduced in between is out of date.
    """
    block = all_blocks().get(run.block)
    if block is None or block.produces is not DataType.MASTER:
        return
    end = time.monotonic() + SERIES_AT_MOST_S
    while time.monotonic() < end and master_selection.is_arriving(run):
        time.sleep(LOOK_S)


def prepare_preview(file_id: int) -> None:
    """Build an image pyramid before a person asks for it, in the time that the reductions leave.

    It first waits up to `PATIENCE_S` for the spectrum of a new frame, which takes less.
    """
    os.nice(BACKGROUND_NICENESS)
    end = time.monotonic() + PATIENCE_S
    with database.connection_context():
        while time.monotonic() < end and claiming.all_claimed():
            time.sleep(PATIENCE_S / 20)
        previews.build(file_id)


def make_preview(file_id: int) -> None:
    """Build the image pyramid of a file, unless it exists."""
    with database.connection_context():
        previews.build(file_id)
