"""A worker's hold on a run: a heartbeat while a block works, and the reasons to stop it.

The attempt number fences: a worker that was thought dead can't write to a run that another has
taken over.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from peewee import InterfaceError, OperationalError

from db import database
from db.models import Run, utc_now
from services.errors import Unavailable
from services.files import rows
from services.unit_of_work import transaction

log = logging.getLogger(__name__)

HEARTBEAT_S = 2.0
PROGRESS_S = 0.3
"""Progress is told at most this often, and not of what is done before: each is a transaction."""


class Cancelled(Exception):
    """Somebody asked for the run to end."""


class Fenced(Exception):
    """The run is another worker's by now, or gone: whatever was made here is dropped."""


def mine(run: Run) -> Any:
    """Return the condition that a run is still this attempt's."""
    return (Run.id == run.id) & (Run.attempt == run.attempt) & (Run.state == "running")


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
                    self._write(heartbeat=utc_now())
            except (OperationalError, InterfaceError) as error:
                log.warning("run %d: no heartbeat: %s", self.run.id, error)

    def _write(self, **values: Any) -> bool:
        """Write to the run if it is still ours, and learn whether it should end."""
        if not Run.update(**values).where(mine(self.run)).execute():
            self.reason = Fenced
            return False
        wish = Run.select(Run.cancel_requested).where(Run.id == self.run.id)
        if wish.scalar():
            self.reason = Cancelled
        return True

    def check(self) -> None:
        """Raise when the run should end."""
        if self.reason is not None:
            raise self.reason()

    def report(self, step: str, fraction: float) -> None:
        """Tell the observer what is being done; raises to end a run that was cancelled."""
        self.check()
        run = self.run
        now = time.monotonic()
        run.progress = min(max(float(fraction), 0.0), 1.0)
        if step == run.step or now - self._told < PROGRESS_S:
            return
        run.step, self._told = step[:80], now
        try:
            with transaction() as effects:
                if self._write(step=run.step, progress=run.progress, heartbeat=utc_now()):
                    effects.events.append(rows.run_event(run))
        except (OperationalError, InterfaceError, Unavailable) as error:
            log.warning("run %d: progress is not shown: %s", run.id, error)
        self.check()
