"""A worker's lease of a run: a heartbeat while a block works, and the reasons to stop it.

The attempt number fences: a worker that was thought lost can't write to a run that another has
taken over. Heartbeats are times of the database's clock.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from peewee import InterfaceError, OperationalError

from db import clock, database
from db.models import Run
from services.errors import Unavailable
from services.files import rows
from services.runs.lifecycle import RunState
from services.unit_of_work import transaction

log = logging.getLogger(__name__)

HEARTBEAT_S = 2.0
PROGRESS_S = 0.3
"""Shortest time between two reports of progress: each is a transaction."""


class Cancelled(Exception):
    """The run was cancelled."""


class Fenced(Exception):
    """Another worker has the run, or it is gone: the products of this attempt are dropped."""


def is_held(run: Run) -> Any:
    """Return the condition that a run is still this attempt's."""
    return (Run.id == run.id) & (Run.attempt == run.attempt) & (Run.state == RunState.RUNNING)


class Lease:
    """Keeps a run's heartbeat while a block works, and stops the block when it should end."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.reason: type[Exception] | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"run-{run.id}", daemon=True)
        self._told = time.monotonic()

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._end.wait(HEARTBEAT_S):
            try:
                with database.connection_context():
                    self._write()
            except (OperationalError, InterfaceError) as error:
                log.warning("run %d: no heartbeat: %s", self.run.id, error)

    def _write(self) -> bool:
        """Write heartbeat and progress if the run is still ours; learn whether it should end."""
        run = self.run
        now = clock.now_expression()
        update = Run.update(heartbeat=now, step=run.step, progress=run.progress)
        if not update.where(is_held(run)).execute():
            self.reason = Fenced
            return False
        if Run.select(Run.cancel_requested).where(Run.id == run.id).scalar():
            self.reason = Cancelled
        return True

    def check(self) -> None:
        """Raise when the run should end."""
        if self.reason is not None:
            raise self.reason()

    def report(self, step: str, fraction: float) -> None:
        """Announce what is being done.

        Parameters
        ----------
        step : str
            Name of the step.
        fraction : float
            How much of the run is done, 0 to 1.

        Raises
        ------
        Cancelled, Fenced
            The run should end.
        """
        self.check()
        run = self.run
        now = time.monotonic()
        run.progress = min(max(float(fraction), 0.0), 1.0)
        if step == run.step or now - self._told < PROGRESS_S:
            return
        run.step, self._told = step[:80], now
        try:
            with transaction() as work:
                if self._write():
                    work.events.append(rows.run_event(run))
        except (OperationalError, InterfaceError, Unavailable) as error:
            log.warning("run %d: progress is not shown: %s", run.id, error)
        self.check()
