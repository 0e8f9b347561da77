"""Settings of gunicorn: ``gunicorn --config python:jobs.processes.web``."""

from __future__ import annotations

import gc
import threading
from typing import Any

from jobs.processes.parent_death import die_with, die_with_supervisor

die_with_supervisor()

timeout = 60
# Event streams do not end by themselves, and the site has to stop within five seconds.
graceful_timeout = 2
keepalive = 75
loglevel = "warning"
accesslog = None
worker_tmp_dir = None


def post_fork(server: Any, worker: Any) -> None:
    """End the worker when its arbiter ends."""
    del server
    die_with(worker.ppid)


def post_worker_init(worker: Any) -> None:
    """Bring a large archive's catalogue into memory while the first pages are served.

    What was imported is never freed: the garbage collector need not examine it, which would delay
    requests.
    """
    del worker
    gc.collect()
    gc.freeze()
    from services.search import catalogue  # noqa: PLC0415 - the arbiter does not need it

    threading.Thread(target=catalogue.warm, name="catalogue", daemon=True).start()
