"""Runs everything on one machine: queue, workers, watcher, reconciler, demo night, web.

A process that ends is started again; on SIGTERM all of them stop within five seconds; when the
supervisor itself is killed the kernel kills the others (`jobs.processes.parent_death`).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from peewee import PeeweeException
from redis.exceptions import RedisError

import db
from config import Config, ConfigError
from jobs.connection import open_redis
from jobs.processes import log as process_log
from jobs.processes import valkey
from jobs.processes.parent_death import before_exec

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
TICK_S = 0.1
STOP_S = 3.5
"""Seconds that the parts have to stop; the queue, which they need, is stopped after them."""
STEADY_S = 10.0
MAX_PAUSE_S = 30.0
WEB_THREADS = 64
HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""For the workers' arrays: each job is a new process, and page faults in 4 kB pages cost a tenth of
the time from shutter to spectrum (`make bench`). Read by glibc when a program starts."""
LISTEN_BACKLOG = 256


@dataclass(slots=True)
class Part:
    """One program that is kept running.

    Attributes
    ----------
    once : bool
        Whether it ends by itself (the demo night) and is then not started again.
    feed : bytes
        Written to its standard input: a configuration that should be in no file and no argument.
    on_repeated_failure : callable or None
        Called when it ended several times soon after its start.
    pause, not_before : float
        Seconds before the next start, and the monotonic time of the next start.
    """

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()
    feed: bytes = b""
    once: bool = False
    on_repeated_failure: Callable[[], None] | None = None
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    not_before: float = 0.0
    finished: bool = False

    def start(self) -> None:
        """Start the program; it ends when this process ends."""
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env={**os.environ, **self.environment, "_GSP_SUPERVISOR": str(os.getpid())},
            stdin=subprocess.PIPE if self.feed else subprocess.DEVNULL,
            # Before Valkey has read the name of its log file it prints its banner.
            stdout=subprocess.DEVNULL if self.feed else None,
            pass_fds=self.descriptors,
            preexec_fn=before_exec(),  # noqa: PLW1509 - only a prctl call happens there
            start_new_session=True,  # Ctrl-C at the terminal reaches the supervisor only
        )
        self.started = time.monotonic()
        if self.feed and self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it ended at once: see `check`
                self.process.stdin.write(self.feed)
                self.process.stdin.close()

    def check(self) -> None:
        """Start the program again if it has ended, after longer pauses while it ends at once."""
        if self.process is None:
            if not self.finished and time.monotonic() >= self.not_before:
                self.start()
            return
        status = self.process.poll()
        if status is None:
            return
        self.process = None
        if self.once and status == 0:
            self.finished = True
            return
        if time.monotonic() - self.started > STEADY_S:
            self.pause = 0.0
        elif self.on_repeated_failure and self.pause > 1:
            self.on_repeated_failure()
        log.warning("%s ended (status %d) and is started again", self.name, status)
        self.not_before = time.monotonic() + self.pause
        self.pause = min(MAX_PAUSE_S, max(0.5, 2 * self.pause))

    def signal(self, sign: signal.Signals) -> None:
        """Send a signal to the program, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sign)

    def running(self) -> bool:
        """Return whether the program runs."""
        return self.process is not None and self.process.poll() is None


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


def parts_of(config: Config, server: socket.socket) -> list[Part]:
    """Return what runs, in the order of starting; the queue first, if this deployment runs it."""
    python = [sys.executable, "-m"]
    web = [
        *python,
        "gunicorn",
        "--bind",
        f"fd://{server.fileno()}",
        "--worker-class",
        "gthread",
        "--workers",
        "1",
        "--threads",
        str(WEB_THREADS),
        "--no-control-socket",
        "--config",
        "python:jobs.processes.web",
        "app:create_app()",
    ]
    parts = [
        Part("web", web, descriptors=(server.fileno(),)),
        Part("workers", [*python, "jobs.processes.worker"], environment=HUGE_PAGES | os.environ),
        Part("watcher", [*python, "jobs.watching.watcher"]),
        Part("reconciler", [*python, "jobs.reconciler"]),
    ]
    if config.redis_url is None:
        part = Part("queue", valkey.command(), feed=valkey.configuration(config))
        part.on_repeated_failure = lambda: valkey.set_aside(config)
        parts.insert(0, part)
    if config.demo:
        parts.append(Part("demo night", [*python, "jobs.watching.replay"], once=True))
    return parts


class Supervisor:
    """Start the parts, restart those that end, and stop them."""

    def __init__(self, config: Config, parts: list[Part]) -> None:
        self.config = config
        self.parts = parts
        self.stop = threading.Event()

    def run(self, ready: Callable[[], None]) -> None:
        """Run until SIGTERM, SIGINT or SIGHUP; `ready` is called once the queue answers."""
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self._request_stop)
        try:
            self._start_queue()
            if not self.stop.is_set():
                ready()
            while not self.stop.wait(TICK_S):
                for part in self.parts:
                    part.check()
        finally:
            self.stop_all()

    def _request_stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.stop.set()

    def _start_queue(self) -> None:
        """Wait for the queue: without it the parts would only log errors."""
        redis = open_redis(self.config.redis_connection_url())
        deadline = time.monotonic() + 10
        while not self.stop.wait(0.02) and time.monotonic() < deadline:
            if self.parts[0].name == "queue":
                self.parts[0].check()
            try:
                redis.ping()
            except RedisError:
                continue
            redis.close()
            return
        if not self.stop.is_set():
            log.warning("the queue does not answer yet; pages work without it")

    def stop_all(self) -> None:
        """Stop every part, the queue last; kill what does not stop in time."""
        own_queue = [part for part in self.parts if part.name == "queue"]
        others = [part for part in self.parts if part not in own_queue]
        for group, grace in ((others, STOP_S), (own_queue, 0.7)):
            for part in group:
                part.signal(signal.SIGTERM)
            deadline = time.monotonic() + grace
            while any(part.running() for part in group) and time.monotonic() < deadline:
                time.sleep(0.02)
            for part in group:
                part.signal(signal.SIGKILL)
            for part in group:
                if part.process is not None:
                    part.process.wait()


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
        config.queue_dir.mkdir(mode=0o700, exist_ok=True)
        db.connect(config.database_url)
        for name in db.migrate():
            log.info("migration %s applied", name)
        Supervisor(config, parts_of(config, server)).run(lambda: _announce(config))


def _announce(config: Config) -> None:
    lines = [f"GSP Live is on {config.base_url} (stop it with Ctrl-C)"]
    if not config.demo and not config.raw_dirs:
        lines.append("No folder is watched: set GSP_RAW_DIRS to the folders of raw frames.")
    print(*lines, sep="\n", flush=True)  # noqa: T201 - for the operator


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
