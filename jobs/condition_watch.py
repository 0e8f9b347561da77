"""Look every few seconds whether the disk, the raw folders, the queue and the workers are well.

In a thread of the watcher, which is the process that reads the raw folders.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from db import database
from jobs import queue
from jobs.processes import log as process_log
from reduction.notices import Notice
from services.context import site
from services.monitoring import site_conditions
from services.monitoring.site_conditions import RawFolders

log = logging.getLogger(__name__)

INTERVAL_S = 3.0
STEADY_ROUNDS = 2
"""Rounds in which a condition is seen before it is recorded: a restart of the queue is none."""
START_S = 30.0
"""The workers have this long after the start of the watcher."""


def start(roots: Sequence[Path]) -> threading.Thread:
    """Start to look; the thread ends with its process."""
    thread = threading.Thread(target=_run, args=(roots,), name="conditions", daemon=True)
    thread.start()
    return thread


class Steady:
    """Passes on the conditions that were there in the last `STEADY_ROUNDS` rounds."""

    def __init__(self) -> None:
        self._rounds: deque[set[str]] = deque(maxlen=STEADY_ROUNDS)

    def of(self, found: Sequence[Notice]) -> list[Notice]:
        """Return those of `found` that the rounds before have found too."""
        self._rounds.append({site_conditions.key_of(entry) for entry in found})
        if len(self._rounds) < STEADY_ROUNDS:
            return []
        steady = set.intersection(*self._rounds)
        return [entry for entry in found if site_conditions.key_of(entry) in steady]


def _run(roots: Sequence[Path]) -> None:
    folders, steady = RawFolders(roots), Steady()
    began = time.monotonic()
    failures = process_log.Repeated(log)
    while True:
        time.sleep(INTERVAL_S)
        found = [*site_conditions.of_disk(site().home), *folders.conditions()]
        if time.monotonic() - began > START_S:
            found += site_conditions.of_queue(queue.state)
        try:
            with database.connection_context():
                site_conditions.record(steady.of(found))
        except Exception as error:  # noqa: BLE001 - recorded in the round in which it is possible
            failures.warn(f"conditions can't be recorded, trying again: {error}")
        else:
            failures.over()
