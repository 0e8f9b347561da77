"""Makes the queue agree with the runs table, at the start and every ten seconds.

``python -m jobs.reconciler``. What a dead worker left running is queued again, what waits is
looked at again, and tickets that got lost (a killed or flushed Redis) are written again.
"""

from __future__ import annotations

import logging
import sys
import time

from config import Config
from db import database
from jobs import log as process_log
from jobs import queue, wiring
from jobs.lifeline import die_with_supervisor
from services import runs

log = logging.getLogger(__name__)

INTERVAL_S = 10.0
RETRY_S = 2.0


def reconcile() -> int:
    """Do one round; return how many tickets were missing."""
    with database.connection_context():
        due = runs.reconcile()
    return queue.top_up(due)


def main() -> int:
    """Entry point of the process."""
    die_with_supervisor()
    process_log.to_stderr("reconciler")
    wiring.connect(Config.from_env())
    pause = INTERVAL_S
    while True:
        try:
            missing = reconcile()
        except Exception as error:  # noqa: BLE001 - database or queue down: it tries again
            log.warning("could not reconcile, trying again: %s", error)
            pause = RETRY_S
        else:
            if missing:
                log.info("%d due runs were announced again", missing)
            pause = INTERVAL_S
        time.sleep(pause)


if __name__ == "__main__":
    sys.exit(main())
