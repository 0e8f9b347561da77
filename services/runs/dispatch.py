"""Tickets for due runs, and requests for previews, handed to the queue of the current context."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from services import context

log = logging.getLogger(__name__)

_is_withheld: ContextVar[Callable[[int], bool] | None] = ContextVar("is_withheld", default=None)


@contextmanager
def withheld(is_withheld: Callable[[int], bool]) -> Iterator[None]:
    """Write no tickets for some of the runs that become due meanwhile.

    Parameters
    ----------
    is_withheld : callable
        Whether a run, given by its id, gets none: the caller executes it next. If it cannot, the
        reconciler writes the ticket.
    """
    token = _is_withheld.set(is_withheld)
    try:
        yield
    finally:
        _is_withheld.reset(token)


def due(run_ids: Iterable[int]) -> None:
    """Queue a ticket for each run, after the commit that made it due.

    Failures of the queue are logged only: the runs table holds the work, and the reconciler writes
    the missing tickets.
    """
    enqueue = context.current().enqueue_run
    if enqueue is None:
        return
    leaves_out = _is_withheld.get()
    for run_id in run_ids:
        if leaves_out is not None and leaves_out(run_id):
            continue
        try:
            enqueue(run_id)
        except Exception as error:  # noqa: BLE001 (any client's failure means the same)
            log.warning("The queue is down, run %d waits for the reconciler: %s", run_id, error)
            return


def previews(file_ids: Iterable[int]) -> None:
    """Request the image pyramids of new files, after all runs that are due.

    Failures are logged only: a missing pyramid is made when the file is opened.
    """
    enqueue = context.current().enqueue_preview
    if enqueue is None:
        return
    for file_id in file_ids:
        try:
            enqueue(file_id)
        except Exception as error:  # noqa: BLE001 (any client's failure means the same)
            log.info("No preview of file %d is prepared: %s", file_id, error)
            return
