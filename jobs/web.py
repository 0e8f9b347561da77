"""Settings of gunicorn: ``gunicorn --config python:jobs.web``."""

from __future__ import annotations

from typing import Any

from jobs.lifeline import die_with, die_with_supervisor

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
