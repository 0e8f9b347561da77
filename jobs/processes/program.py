"""A program of the deployment that the supervisor keeps running."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from jobs.processes.heartbeat import Observer, Slots
from jobs.processes.parent_death import before_exec

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
STEADY_S = 10.0
MAX_PAUSE_S = 30.0
FIRST_SIGN_S = 120.0
"""Seconds from a start to the first sign of life: on a loaded machine imports take a while."""


@dataclass(slots=True)
class Program:
    """One program that is kept running.

    Attributes
    ----------
    once : bool
        Whether it ends by itself (the demo night) and is then not started again.
    feed : bytes
        Written to its standard input: a configuration that should be in no file and no argument.
    on_repeated_failure : callable or None
        Called when it ended several times soon after its start.
    gives_heartbeats : bool
        Whether it gives signs of life; it is killed when they stop, and started again.
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
    gives_heartbeats: bool = False
    heartbeats: Slots | None = None
    observer: Observer = field(default_factory=Observer)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    not_before: float = 0.0
    finished: bool = False

    def start(self) -> None:
        """Start the program; it ends when this process ends."""
        own = {"_GSP_SUPERVISOR": str(os.getpid())}
        descriptors = self.descriptors
        if self.gives_heartbeats:
            self.heartbeats = self.heartbeats or Slots(1)
            self.heartbeats.clear(0)
            own |= self.heartbeats.environment(0)
            descriptors = (*descriptors, self.heartbeats.descriptor)
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env={**os.environ, **self.environment, **own},
            stdin=subprocess.PIPE if self.feed else subprocess.DEVNULL,
            # Before Valkey has read the name of its log file it prints its banner.
            stdout=subprocess.DEVNULL if self.feed else None,
            pass_fds=descriptors,
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
        self.observer.look()
        status = self.process.poll()
        if status is None:
            self._kill_if_hung()
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

    def _kill_if_hung(self) -> None:
        """Kill the program if its signs of life have stopped; the next check starts it again."""
        if self.heartbeats is None:
            return
        age = self.heartbeats.age(0)
        is_late = age is None and time.monotonic() - self.started > FIRST_SIGN_S
        if is_late or self.observer.is_hung(age):
            log.warning("%s gives no sign of life and is killed", self.name)
            self.signal(signal.SIGKILL)

    def signal(self, sign: signal.Signals) -> None:
        """Send a signal to the program, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sign)

    def running(self) -> bool:
        """Return whether the program runs."""
        return self.process is not None and self.process.poll() is None
