"""What a worker does with a ticket. Arguments are ids only."""

from __future__ import annotations

import logging
import os
import socket
import time

from db import database
from services.files.visualization import previews
from services.runs import claiming, execution

log = logging.getLogger(__name__)

PATIENCE_S = 1.0
KINDNESS = 15
"""The niceness of work that nobody waits for; each job has its own process, which keeps it."""


def work(run_id: int) -> None:  # noqa: ARG001 - a ticket, see `jobs.queue`
    """Do the best run that is due: priority first, then the newest exposure; then its next steps.

    A frame's chain is carried to its spectrum before another frame is begun, so that under a
    backlog some frames are ready early instead of all being half done. Nothing is done when other
    tickets have already led to everything that was due.
    """
    worker = f"{socket.gethostname()}:{os.getpid()}"
    with database.connection_context():
        run = claiming.claim(worker)
        while run is not None:
            execution.execute(run)
            run = claiming.claim(worker, following=run)


def prepare_preview(file_id: int) -> None:
    """Build an image pyramid that nobody has asked for: only with what the reductions leave.

    It first lets the spectrum of a new frame be finished, which takes less than the patience.
    """
    os.nice(KINDNESS)
    end = time.monotonic() + PATIENCE_S
    with database.connection_context():
        while time.monotonic() < end and claiming.all_claimed():
            time.sleep(PATIENCE_S / 20)
        previews.build(file_id)


def make_preview(file_id: int) -> None:
    """Build the image pyramid of a file, unless it is there."""
    with database.connection_context():
        previews.build(file_id)
