"""Hand due runs, and images to prepare, to the queue: the composition root connects the two."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)

Ticket = Callable[[int], None]


Picture = Callable[[int], None]


class _Holder:
    ticket: Ticket | None = None
    picture: Picture | None = None


def connect(ticket: Ticket | None, picture: Picture | None = None) -> None:
    """Take the functions that queue one run's ticket, and the making of one file's pyramid.

    None: there is no queue here.
    """
    _Holder.ticket, _Holder.picture = ticket, picture


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


def pictures(file_ids: Iterable[int]) -> None:
    """Have the images of new files prepared for the viewer, after all that is due.

    Not more than a kindness: what is missing is made when somebody looks at the file.
    """
    if _Holder.picture is None:
        return
    for file_id in file_ids:
        try:
            _Holder.picture(file_id)
        except Exception as error:  # noqa: BLE001 (any client's failure means the same)
            log.info("no picture of file %d is prepared: %s", file_id, error)
            return
