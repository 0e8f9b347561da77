"""Lines of the process's log that would repeat thousands of times are counted instead."""

from __future__ import annotations

import logging
import threading
import time

log = logging.getLogger(__name__)

PERIOD_S = 60.0


class RepeatedLines:
    """Write the first line of each kind; of those that follow soon, only how many there were."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: dict[str, tuple[float, int]] = {}

    def warn(self, kind: str, line: str) -> None:
        """Write a line of a kind, or count it."""
        now = time.monotonic()
        with self._lock:
            since, counted = self._kinds.get(kind, (float("-inf"), 0))
            if now - since < PERIOD_S:
                self._kinds[kind] = (since, counted + 1)
                return
            self._kinds[kind] = (now, 0)
        if counted:
            log.warning("%d more like the last of kind %r", counted, kind)
        log.warning("%s", line)
