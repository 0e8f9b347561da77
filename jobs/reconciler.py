"""Make the queue agree with the runs table, at the start and every ten seconds.

``python -m jobs.reconciler``. Runs that wait are assessed again, and tickets that got lost (a
killed or flushed Redis) are written again; the runs of a lost worker are queued again within two
seconds of its detection.
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
from jobs.processes import heartbeat
from jobs.processes import log as process_log
from jobs.processes.parent_death import die_with_supervisor
from services.runs import claiming, reconciliation, waiting

log = logging.getLogger(__name__)

INTERVAL_S = 10.0
WIDE, WIDE_EVERY = dt.timedelta(days=60), 6
ANALYSE_EVERY = 360
SHORT_INTERVAL_S = 2.0
"""Between the full rounds: some runs wait only for time to pass (a series that may be incomplete),
and the run of a lost worker can be queued at once."""
SHORT_ROUND_RUNS = 20


def reconcile(since: dt.timedelta, *, at_start: bool = False) -> int:
    """Do one full round; return how many tickets were missing.

    Parameters
    ----------
    since : timedelta
        Masters are looked for among the frames of this time before now.
    at_start : bool
        Whether it is the first round of the process.
    """
    with database.connection_context():
        due = reconciliation.reconcile(since, at_start=at_start)
    return queue.top_up(due)


def analyse() -> None:
    """Update the statistics of the database's query planner."""
    with database.connection_context():
        db.analyse()


def short_round() -> None:
    """Queue the runs of lost workers, and those of a few waiting runs that are ready."""
    with database.connection_context():
        claiming.take_back_lost()
        waiting.wake_some(SHORT_ROUND_RUNS)


def main() -> int:
    """Entry point of the process."""
    die_with_supervisor()
    heartbeat.keep_beating()
    process_log.to_stderr("reconciler")
    wiring.connect(Config.from_env())
    mail_worker.start()
    last, n_rounds = float("-inf"), 0
    failures = process_log.Repeated(log)
    while True:
        try:
            if time.monotonic() - last >= INTERVAL_S:
                # From time to time all frames that may still become part of a master are
                # considered: settings may have changed, or frames arrived while the site was
                # stopped.
                wide = n_rounds % WIDE_EVERY == 0
                if n_rounds % ANALYSE_EVERY == 0:
                    analyse()
                missing = reconcile(WIDE if wide else reconciliation.RECENT, at_start=n_rounds == 0)
                last, n_rounds = time.monotonic(), n_rounds + 1
                if missing:
                    log.info("%d due runs were announced again", missing)
            else:
                short_round()
        except Exception as error:  # noqa: BLE001 - database or queue down: the next round tries again
            failures.warn(f"could not reconcile, trying again: {error}")
        else:
            failures.over()
        time.sleep(SHORT_INTERVAL_S)


if __name__ == "__main__":
    sys.exit(main())
