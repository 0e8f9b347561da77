"""The order of effects: commit, then announce, then enqueue, then remove, then what follows.

A fast worker or listener always finds the row that it was told of, and a file goes only after the
row that named it is gone.

Nothing slow belongs inside a transaction: SQLite has one writer at a time. No file is read or
hashed there, and no calibration is looked for; what needs that is put into `Effects.after`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from peewee import OperationalError

from db import BUSY_TIMEOUT_S, database
from db.models import Event
from services import events
from services.errors import Unavailable
from services.runs import dispatch

log = logging.getLogger(__name__)

PATIENCE_S = 5.5
"""A person's request waits this long for the database before it is told to come back."""
WORKER_PATIENCE_S = 60.0
"""A worker has nobody waiting, and a result in its hands."""


@dataclass(slots=True)
class Effects:
    """What follows a commit.

    Events to announce, runs that are due, images to prepare for the viewer, files to remove, and
    further steps with transactions of their own. A step of `after` may get lost with the process:
    the reconciler finds what was left undone.
    """

    events: list[Event] = field(default_factory=list)
    due: list[int] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    after: list[Callable[[], object]] = field(default_factory=list)

    def happen(self) -> None:
        """Do what was collected; called once, after the commit. Never raises."""
        events.publish(*self.events)
        dispatch.due(self.due)
        dispatch.pictures(self.pictures)
        for path in self.removed:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("%s can't be removed: %s", path.name, error.strerror)
        for step in self.after:
            try:
                step()
            except (OperationalError, Unavailable) as error:
                log.warning("left to the reconciler: %s", error)


@contextmanager
def transaction(patience: float = PATIENCE_S) -> Iterator[Effects]:
    """Open a transaction; what is collected in the value happens after its commit, or never.

    Parameters
    ----------
    patience : float
        Seconds to try for while another process writes (SQLite).

    Raises
    ------
    Unavailable
        The database stayed locked. Nothing of the body was done: a transaction takes the lock
        when it begins.
    """
    effects = Effects()
    with ExitStack() as stack:
        _begin(stack, patience)
        yield effects
    effects.happen()


def _begin(stack: ExitStack, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        attempt: AbstractContextManager[object] = database.atomic()
        try:
            stack.enter_context(attempt)
        except OperationalError as error:
            if "locked" not in str(error):
                raise
            if time.monotonic() + BUSY_TIMEOUT_S > end:
                message = "The database is busy; try again in a moment."
                raise Unavailable(message, retry_after=BUSY_TIMEOUT_S) from error
        else:
            return
