"""Settings of gunicorn: ``gunicorn --config python:jobs.processes.web``."""

from __future__ import annotations

import gc
import threading
from typing import Any

from jobs.processes.parent_death import die_with, die_with_supervisor

die_with_supervisor()

timeout = 60
# Event streams never end by themselves: the site has to stop within five seconds.
graceful_timeout = 2
keepalive = 75
loglevel = "warning"
accesslog = None
worker_tmp_dir = None


def post_fork(server: Any, worker: Any) -> None:
    """Bind the worker's life to that of its arbiter."""
    del server
    die_with(worker.ppid)


def post_worker_init(worker: Any) -> None:
    """Bring a large archive's catalogue into memory while the first pages are served.

    What was imported stays for ever: looking through it for garbage would hold requests up.
    """
    del worker
    gc.collect()
    gc.freeze()
    from services.search import catalogue  # noqa: PLC0415 - the arbiter needs none of it

    threading.Thread(target=catalogue.warm, name="catalogue", daemon=True).start()
