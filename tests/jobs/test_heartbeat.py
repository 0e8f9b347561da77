"""A process that hangs is told from one that works, and from an observer that slept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from jobs.processes import heartbeat
from jobs.processes.heartbeat import Observer, Slots
from jobs.processes.program import Program
from tests.support.live_site import until

BEATING = (
    "import time; from jobs.processes import heartbeat; heartbeat.keep_beating(); time.sleep(60)"
)


def test_a_slot_is_shared_with_the_program_that_inherits_it() -> None:
    slots = Slots(3)
    slots.beat(2)
    child = subprocess.Popen(
        [sys.executable, "-c", BEATING],
        env={**os.environ, **slots.environment(1)},
        pass_fds=(slots.descriptor,),
    )
    try:
        until(lambda: slots.age(1) is not None, 20, "a sign of life of the other process")
    finally:
        child.kill()
        child.wait()
    assert slots.age(0) is None
    assert slots.age(2) is not None
    slots.clear(2)
    assert slots.age(2) is None


def test_a_program_without_a_slot_gives_no_signs() -> None:
    assert heartbeat.own({}) is None


def test_an_observer_that_slept_holds_it_against_nobody() -> None:
    observer = Observer(limit=0.3)
    for _ in range(8):
        observer.look()
        time.sleep(0.05)
    assert observer.is_hung(1.0)
    assert not observer.is_hung(0.1)
    assert not observer.is_hung(None), "it has only just been started"
    time.sleep(0.2)
    observer.look()
    assert not observer.is_hung(1.0), "nobody was looking"


def test_a_program_that_is_stopped_is_replaced() -> None:
    program = Program(
        "one", [sys.executable, "-c", BEATING], gives_heartbeats=True, observer=Observer(limit=2.0)
    )

    def replaced() -> bool:
        program.check()
        return program.process is not None and program.process.pid != first

    program.check()
    assert program.process is not None
    first = program.process.pid
    try:
        until(lambda: program.heartbeats.age(0) is not None, 20, "its first sign of life")
        os.kill(first, signal.SIGSTOP)
        until(replaced, 10, "it is killed and started again")
    finally:
        program.signal(signal.SIGKILL)
        if program.process is not None:
            program.process.wait()


def test_a_program_that_hangs_before_its_first_sign_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jobs.processes.program.FIRST_SIGN_S", 0.5)
    silent = [sys.executable, "-c", "import time; time.sleep(60)"]
    program = Program("silent", silent, gives_heartbeats=True)
    program.check()
    assert program.process is not None
    first = program.process

    def killed() -> bool:
        program.check()
        return first.poll() == -signal.SIGKILL

    try:
        until(killed, 10, "it is killed")
    finally:
        first.kill()
        program.signal(signal.SIGKILL)
