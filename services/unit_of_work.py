"""The unit of work: a transaction, and what follows its commit.

Commit, then announce the events, then queue the tickets, then remove files, then the further steps.
A fast worker or listener always finds the row that was announced, and a file is removed only after
the row that named it is gone.

Nothing slow belongs inside a transaction: SQLite has one writer at a time. No file is read or
hashed there, and no calibration is searched for; what needs that is put into `UnitOfWork.after`.
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
from db.failures import is_locked
from db.models import Event
from services import events
from services.errors import Unavailable
from services.runs import dispatch

log = logging.getLogger(__name__)

PATIENCE_S = 5.5
"""Seconds that a person's request waits for the database before it is refused."""
WORKER_PATIENCE_S = 60.0
"""Seconds that a worker waits: no person waits, and it has a result to record."""


@dataclass(slots=True)
class UnitOfWork:
    """What follows a commit.

    Attributes
    ----------
    events : list of Event
        Recorded inside the transaction, announced after it.
    due : list of int
        Runs that get a ticket.
    previews : list of int
        Files whose images are prepared for the viewer.
    removed : list of Path
        Files to remove.
    after : list of callable
        Further steps, with transactions of their own. A step may be lost with the process; the
        reconciler finds what was left undone.
    """

    events: list[Event] = field(default_factory=list)
    due: list[int] = field(default_factory=list)
    previews: list[int] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    after: list[Callable[[], object]] = field(default_factory=list)

    def complete(self) -> None:
        """Do what follows the commit. Never raises."""
        events.publish(*self.events)
        dispatch.due(self.due)
        dispatch.previews(self.previews)
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
def transaction(patience: float = PATIENCE_S) -> Iterator[UnitOfWork]:
    """Open a transaction; what its unit of work collects is done after the commit, or never.

    Parameters
    ----------
    patience : float
        Seconds to wait while another process writes (SQLite).

    Yields
    ------
    UnitOfWork
        Takes what follows the commit.

    Raises
    ------
    Unavailable
        The database stayed locked. Nothing of the body was done: a transaction takes the lock
        when it begins.
    """
    work = UnitOfWork()
    with ExitStack() as stack:
        _begin(stack, patience)
        yield work
    work.complete()


def _begin(stack: ExitStack, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        attempt: AbstractContextManager[object] = database.atomic()
        try:
            stack.enter_context(attempt)
        except OperationalError as error:
            if not is_locked(error):
                raise
            if time.monotonic() + BUSY_TIMEOUT_S > end:
                message = "The database is busy; try again in a moment."
                raise Unavailable(message, retry_after=BUSY_TIMEOUT_S) from error
        else:
            return
