"""Tells the queue what has become due, without the services knowing which queue it is.

The runs table is the truth. A queue that is down costs time, never work: what could not be
announced here is found again by the reconciler.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)

Ticket = Callable[[int], None]

_tickets: list[Ticket] = []


def connect(ticket: Ticket | None) -> None:
    """Choose what is called with the id of each due run; None disconnects."""
    _tickets[:] = [] if ticket is None else [ticket]


def due(run_ids: Iterable[int]) -> None:
    """Announce runs that may start now. Call it after the commit that made them due.

    Never raises: the first failure is logged and the rest is left to the reconciler, so that a
    dead queue is not asked again for every run.
    """
    for ticket in _tickets:
        for run_id in run_ids:
            try:
                ticket(run_id)
            except Exception as error:  # noqa: BLE001 - any queue, any of its errors
                log.warning("run %d waits for the reconciler: the queue is down (%s)", run_id, error)
                break
