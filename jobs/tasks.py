"""What a worker does with a ticket. Arguments are ids only."""

from __future__ import annotations

import logging
import os
import socket

from db import database
from services import previews, runs

log = logging.getLogger(__name__)


def work(run_id: int) -> None:  # noqa: ARG001 - a ticket, see `jobs.queue`
    """Do the best run that is due: priority first, then the newest exposure.

    Nothing is done when other tickets have already led to all of them.
    """
    with database.connection_context():
        run = runs.claim(f"{socket.gethostname()}:{os.getpid()}")
        if run is not None:
            runs.execute(run)


def make_preview(file_id: int) -> None:
    """Build the image pyramid of a file, unless it is there."""
    with database.connection_context():
        if not previews.exists(file_id):
            previews.build(file_id)
