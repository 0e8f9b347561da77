"""Runs everything on one machine: queue, workers, watcher, reconciler, demo night, web.

A process that ends is started again; on SIGTERM all of them stop within five seconds; when the
supervisor itself is killed the kernel kills the others (`jobs.processes.parent_death`).
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.parse import urlsplit

from peewee import PeeweeException
from redis.exceptions import RedisError

import db
from config import Config, ConfigError
from jobs.connection import open_redis
from jobs.private_home import make_private
from jobs.processes import log as process_log
from jobs.processes import valkey
from jobs.processes.program import Program

log = logging.getLogger(__name__)

TICK_S = 0.1
STOP_S = 3.5
"""Seconds that the programs have to stop; the queue, which they need, is stopped after them."""
HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""For the workers' arrays: each job is a new process, and page faults in 4 kB pages cost a tenth of
the time from shutter to spectrum (`make bench`). Read by glibc when a program starts."""
LISTEN_BACKLOG = 256
FEW_PROCESSORS = 4
LATER_S = 2.0
"""Seconds after which the other programs start where there are few processors: each takes one for
over a second to import what it needs, and pages and workers are wanted first."""
QUEUE_START_S = 5.0
"""Seconds to wait for the queue; the pages work without it."""


def lock_home(home: Path) -> IO[str]:
    """Take the lock of `home`; it is released by the kernel however this process ends.

    Raises
    ------
    ConfigError
        When another supervisor holds it.
    """
    lock = (home / "supervisor.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        raise ConfigError(
            f"GSP_HOME: {home} is in use by a GSP Live that runs already (process {holder})."
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def listen(host: str, port: int) -> socket.socket:
    """Open the web server's socket here, so that a port in use is known before anything starts.

    Raises
    ------
    ConfigError
        Naming GSP_PORT or GSP_HOST.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise ConfigError(f"GSP_HOST: {host!r} is not an address of this machine.") from error
    server = socket.socket(family, kind, protocol)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(address)
        server.listen(LISTEN_BACKLOG)
    except PermissionError as error:
        raise ConfigError(f"GSP_PORT: {port} may not be used by this account.") from error
    except OSError as error:
        server.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise ConfigError(f"GSP_HOST: {host!r} is not an address of this machine.") from error
        raise ConfigError(f"GSP_PORT: {port} is in use on {host}.") from error
    return server


def programs_of(config: Config, server: socket.socket) -> list[Program]:
    """Return what runs, in the order of starting; the queue first, if this deployment runs it."""
    python = [sys.executable, "-m"]
    web = [*python, "jobs.processes.web", str(server.fileno())]
    few = (os.cpu_count() or 1) < FEW_PROCESSORS
    later = time.monotonic() + LATER_S if few else 0.0
    programs = [
        Program("web", web, descriptors=(server.fileno(),), gives_heartbeats=True),
        Program(
            "workers",
            [*python, "jobs.processes.worker"],
            environment=HUGE_PAGES | os.environ,
            gives_heartbeats=True,
        ),
        Program(
            "watcher",
            [*python, "jobs.watching.watcher"],
            gives_heartbeats=True,
            not_before=later,
        ),
        Program(
            "reconciler", [*python, "jobs.reconciler"], gives_heartbeats=True, not_before=later
        ),
    ]
    if config.redis_url is None:
        program = Program("queue", valkey.command(), feed=valkey.configuration(config))
        program.on_repeated_failure = lambda: valkey.set_aside(config)
        programs.insert(0, program)
    if config.demo:
        replay = [*python, "jobs.watching.replay"]
        programs.append(Program("demo night", replay, once=True, not_before=later))
    return programs


class Supervisor:
    """Start the programs, restart those that end, and stop them."""

    def __init__(self, config: Config, programs: list[Program]) -> None:
        self.config = config
        self.programs = programs
        self.stop = threading.Event()

    def run(self, ready: Callable[[bool], None]) -> None:
        """Run until SIGTERM, SIGINT or SIGHUP.

        `ready` is called when the programs are about to start, with whether the queue answers.
        """
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self._request_stop)
        try:
            has_queue = self._start_queue()
            if not self.stop.is_set():
                ready(has_queue)
            while not self.stop.wait(TICK_S):
                for program in self.programs:
                    program.check()
        finally:
            self.stop_all()

    def _request_stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.stop.set()

    def _start_queue(self) -> bool:
        """Wait a moment for the queue; return whether it answers."""
        redis = open_redis(self.config.redis_connection_url())
        deadline = time.monotonic() + QUEUE_START_S
        while not self.stop.wait(0.02) and time.monotonic() < deadline:
            if self.programs[0].name == "queue":
                self.programs[0].check()
            try:
                redis.ping()
            except RedisError:
                continue
            redis.close()
            return True
        return False

    def stop_all(self) -> None:
        """Stop every program, the queue last; kill what does not stop in time."""
        own_queue = [program for program in self.programs if program.name == "queue"]
        others = [program for program in self.programs if program not in own_queue]
        for group, grace in ((others, STOP_S), (own_queue, 0.7)):
            for program in group:
                program.signal(signal.SIGTERM)
            deadline = time.monotonic() + grace
            while any(program.running() for program in group) and time.monotonic() < deadline:
                time.sleep(0.02)
            for program in group:
                program.signal(signal.SIGKILL)
            for program in group:
                if program.process is not None:
                    program.process.wait()


def run(config: Config) -> None:
    """Run the whole site until asked to stop.

    Raises
    ------
    ConfigError
        When the folder or the port is taken.
    peewee.PeeweeException
        When the database can't be used.
    """
    with lock_home(config.home), listen(config.host, config.port) as server:
        make_private(config)
        config.queue_dir.mkdir(mode=0o700, exist_ok=True)
        db.connect(config.database_url)
        for name in db.migrate():
            log.info("migration %s applied", name)
        Supervisor(config, programs_of(config, server)).run(partial(_announce, config))


def _announce(config: Config, has_queue: bool) -> None:
    lines = [f"GSP Live is on {config.base_url} (stop it with Ctrl-C)"]
    if not has_queue:
        lines.append(
            f"The queue at {_queue_address(config)} does not answer: pages work, and frames are "
            "indexed, but nothing is reduced until it does."
        )
    if not config.demo and not config.raw_dirs:
        lines.append("No folder is watched: set GSP_RAW_DIRS to the folders of raw frames.")
    print(*lines, sep="\n", flush=True)  # noqa: T201 - for the operator


def _queue_address(config: Config) -> str:
    """Return where the queue is expected, without its password."""
    parts = urlsplit(config.redis_connection_url())
    if parts.scheme == "unix":
        return parts.path
    return f"{parts.hostname}:{parts.port or 6379}"


def main() -> int:
    """Entry point of ``python app.py``; an error is printed as one sentence, with exit code 2."""
    process_log.to_stderr("supervisor")
    try:
        run(Config.from_env())
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    except PeeweeException as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        print(f"GSP_DATABASE_URL: the database can't be used: {reason}.", file=sys.stderr)  # noqa: T201
        return 2
    return 0
