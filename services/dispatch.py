"""Hand due runs to the queue, whatever it is: the composition root connects the two."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)

Ticket = Callable[[int], None]


class _Holder:
    ticket: Ticket | None = None


def connect(ticket: Ticket | None) -> None:
    """Take the function that puts one run's ticket into the queue (None: no queue here)."""
    _Holder.ticket = ticket


def due(run_ids: Iterable[int]) -> None:
    """Queue a ticket for each run, after the commit that made it due.

    A broken queue is logged and swallowed: the table of runs is the truth, and the reconciler
    gives out the tickets that are missing.
    """
    if _Holder.ticket is None:
        return
    for run_id in run_ids:
        try:
            _Holder.ticket(run_id)
        except Exception as error:  # noqa: BLE001 (any client's failure means the same)
            log.warning("The queue is down, run %d waits for the reconciler: %s", run_id, error)
            return
