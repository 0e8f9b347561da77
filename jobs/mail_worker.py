"""Send the mails that are due, in a thread of its own: a slow mail server delays nothing else."""

from __future__ import annotations

import logging
import threading
import time

from db import database
from services.mail import letters, outbox

log = logging.getLogger(__name__)

INTERVAL_S = 2.0


def start() -> threading.Thread:
    """Start to look for mails; the thread ends with its process."""
    thread = threading.Thread(target=_run, name="mail_worker", daemon=True)
    thread.start()
    return thread


def _run() -> None:
    while True:
        try:
            with database.connection_context():
                letters.answer_requests()
                outbox.deliver()
        except Exception as error:  # noqa: BLE001 - the next round tries again
            log.warning("mails could not be sent, trying again: %s", error)
        time.sleep(INTERVAL_S)
