"""Makes the queue agree with the runs table, at the start and every ten seconds.

``python -m jobs.reconciler``. What waits is looked at again, and tickets that got lost (a killed
or flushed Redis) are written again; what a dead worker left running is queued again within two
seconds of being known dead.
"""

from __future__ import annotations

import datetime as dt
import logging
import sys
import time

import db
from config import Config
from db import database
from jobs import mail_worker, queue, wiring
from jobs.processes import log as process_log
from jobs.processes.parent_death import die_with_supervisor
from services.runs import claiming, reconciliation, waiting

log = logging.getLogger(__name__)

INTERVAL_S = 10.0
WIDE, WIDE_EVERY = dt.timedelta(days=60), 6
ANALYSE_EVERY = 360
GLANCE_S = 2.0
"""Between the rounds: some runs wait for time to pass only (a series that may not be complete),
and the run of a dead worker waits for nothing."""
GLANCED_AT = 20


def reconcile(since: dt.timedelta) -> int:
    """Do one round, looking for masters `since` back; return how many tickets were missing."""
    with database.connection_context():
        due = reconciliation.reconcile(since)
    return queue.top_up(due)


def analyse() -> None:
    """Tell the database what is in its tables."""
    with database.connection_context():
        db.analyse()


def glance() -> None:
    """Look at runs of dead workers and at a few that wait; what may go now gets its ticket."""
    with database.connection_context():
        claiming.take_back_lost()
        waiting.wake_some(GLANCED_AT)


def main() -> int:
    """Entry point of the process."""
    die_with_supervisor()
    process_log.to_stderr("reconciler")
    wiring.connect(Config.from_env())
    mail_worker.start()
    last, n_rounds = float("-inf"), 0
    while True:
        try:
            if time.monotonic() - last >= INTERVAL_S:
                # Settings change seldom, and the frames of a stop have been missed: now and then
                # everything that could still be made a master of is looked at.
                wide = n_rounds % WIDE_EVERY == 0
                if n_rounds % ANALYSE_EVERY == 0:
                    analyse()
                missing = reconcile(WIDE if wide else reconciliation.RECENT)
                last, n_rounds = time.monotonic(), n_rounds + 1
                if missing:
                    log.info("%d due runs were announced again", missing)
            else:
                glance()
        except Exception as error:  # noqa: BLE001 - database or queue down: it tries again
            log.warning("could not reconcile, trying again: %s", error)
        time.sleep(GLANCE_S)


if __name__ == "__main__":
    sys.exit(main())
