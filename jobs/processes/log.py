"""The log of each process: standard error, one line a message."""

from __future__ import annotations

import logging
import sys
import threading
import time

REPEAT_S = 60.0
VERBOSE = ("rq", "rq.worker", "astropy", "peewee.migrations")


def to_stderr(part: str) -> None:
    """Send the log of this process, called `part`, to standard error."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format=f"%(asctime)s {part}: %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    for name in VERBOSE:
        logging.getLogger(name).setLevel(logging.WARNING)


class Repeated:
    """Logs failures that may be met thousands of times: the first of a kind, then their number.

    Parameters
    ----------
    log : Logger
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._kinds: dict[str, tuple[float, int]] = {}

    def warn(self, line: str, kind: str | None = None) -> None:
        """Log a failure, or count it when one of its kind was logged within `REPEAT_S`.

        Lines that differ only in a name have a `kind` in common; by default it is the line.
        """
        kind = line if kind is None else kind
        now = time.monotonic()
        with self._lock:
            since, counted = self._kinds.get(kind, (float("-inf"), 0))
            if now - since < REPEAT_S:
                self._kinds[kind] = (since, counted + 1)
                return
            self._kinds[kind] = (now, 0)
        if counted:
            self._log.warning("%d more like the last of kind %r", counted, kind)
        self._log.warning("%s", line)

    def over(self) -> None:
        """Log that the failures are over, if any was logged."""
        with self._lock:
            kinds, self._kinds = self._kinds, {}
        for kind in kinds:
            self._log.info("over: %s", kind)
