"""The order of effects: commit, then announce, then enqueue, then remove.

A fast worker or listener always finds the row that it was told of, and a file goes only after the
row that named it is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from db import database
from db.models import Event
from services import dispatch, events

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Effects:
    """What follows a commit: events to announce, runs that are due, files to remove."""

    events: list[Event] = field(default_factory=list)
    due: list[int] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)

    def happen(self) -> None:
        """Do what was collected; called once, after the commit."""
        events.publish(*self.events)
        dispatch.due(self.due)
        for path in self.removed:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("%s can't be removed: %s", path.name, error.strerror)


@contextmanager
def transaction() -> Iterator[Effects]:
    """Open a transaction; what is collected in the value happens after its commit, or never."""
    effects = Effects()
    with database.atomic():
        yield effects
    effects.happen()
