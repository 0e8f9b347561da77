"""Sends the mails that are due: a thread of its own, so that no mail server holds up anything."""

from __future__ import annotations

import logging
import threading
import time

from db import database
from services.mail import outbox

log = logging.getLogger(__name__)

INTERVAL_S = 2.0


def start() -> threading.Thread:
    """Begin to look for mails; the thread ends with its process."""
    thread = threading.Thread(target=_run, name="postman", daemon=True)
    thread.start()
    return thread


def _run() -> None:
    while True:
        try:
            with database.connection_context():
                outbox.deliver()
        except Exception as error:  # noqa: BLE001 - database away: it tries again
            log.warning("mails wait, trying again: %s", error)
        time.sleep(INTERVAL_S)
