"""The log of each process: standard error, one line a message."""

from __future__ import annotations

import logging
import sys

VERBOSE = ("rq", "rq.worker", "watchfiles", "astropy", "peewee.migrations")


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
