"""The log of each process: standard error, one line a message."""

from __future__ import annotations

import logging
import sys
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
    """Logs a failure that is met again and again: when it changes, and once a minute with a count.

    Parameters
    ----------
    log : Logger
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._message = ""
        self._count = 0
        self._told = 0.0

    def warn(self, message: str) -> None:
        """Log a failure, unless it has just been logged."""
        self._count = self._count + 1 if message == self._message else 1
        now = time.monotonic()
        if self._count > 1 and now - self._told < REPEAT_S:
            return
        self._message, self._told = message, now
        self._log.warning("%s%s", message, f" ({self._count} times)" if self._count > 1 else "")

    def over(self) -> None:
        """Log that a failure is over, if one was logged."""
        if self._message:
            self._log.info("over: %s", self._message)
        self._message, self._count = "", 0
