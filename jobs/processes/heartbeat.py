"""Signs of life in shared memory: how a process learns that one that it started hangs.

A process that is stopped, or that waits for ever, ends neither by itself nor by its own timeouts.
It writes the time of its last sign of life into a slot; the process that started it kills it when
the sign is too old. The times are those of the monotonic clock, which all processes of a machine
share and which stands still while the machine sleeps.
"""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
import threading
import time
from collections.abc import Mapping

LIMIT_S = 15.0
"""A process without a sign of life for this long hangs; the same limit as that of a run."""
BEAT_S = 1.0
VARIABLE = "_GSP_HEARTBEAT"
_TIME = struct.Struct("d")


class Slots:
    """Times of the last signs of life, in memory that is shared with the processes started.

    Parameters
    ----------
    n_slots : int
    descriptor : int, optional
        An open file that holds the slots of another process; without one new slots are made.
    """

    def __init__(self, n_slots: int, descriptor: int | None = None) -> None:
        if descriptor is None:
            with tempfile.TemporaryFile(prefix="gsp-heartbeat-") as file:
                descriptor = os.dup(file.fileno())
            os.ftruncate(descriptor, n_slots * _TIME.size)
        self.descriptor = descriptor
        self._memory = mmap.mmap(descriptor, n_slots * _TIME.size)

    def beat(self, slot: int) -> None:
        """Give a sign of life."""
        _TIME.pack_into(self._memory, slot * _TIME.size, time.monotonic())

    def clear(self, slot: int) -> None:
        """Forget the signs of life of the process that had a slot before."""
        _TIME.pack_into(self._memory, slot * _TIME.size, 0.0)

    def age(self, slot: int) -> float | None:
        """Return the seconds since the last sign of life, None if there was none yet."""
        (last,) = _TIME.unpack_from(self._memory, slot * _TIME.size)
        return time.monotonic() - last if last else None

    def environment(self, slot: int) -> dict[str, str]:
        """Return the variable by which a program finds its slot; it inherits `descriptor`."""
        return {VARIABLE: f"{self.descriptor}:{slot}"}


class Observer:
    """Decides whether a process hangs; a pause of the observer itself is not held against it."""

    def __init__(self, limit: float = LIMIT_S) -> None:
        self.limit = limit
        self._attentive_since = self._last = time.monotonic()

    def look(self) -> None:
        """Note that the observer looks; called several times a second."""
        now = time.monotonic()
        if now - self._last > self.limit / 3:
            self._attentive_since = now
        self._last = now

    def is_hung(self, age: float | None) -> bool:
        """Return whether a sign of life of this age is too old."""
        watched = time.monotonic() - self._attentive_since
        return age is not None and min(age, watched) > self.limit


def own(environment: Mapping[str, str] = os.environ) -> tuple[Slots, int] | None:
    """Return the slots and the number of the slot that this program was started with, or None."""
    descriptor, _, slot = environment.get(VARIABLE, "").partition(":")
    if not slot:
        return None
    return Slots(int(slot) + 1, int(descriptor)), int(slot)


def keep_beating() -> None:
    """Give signs of life from a thread of their own, if the program was started with a slot.

    The thread stands still when the process is stopped, or when one of its threads does not let go
    of the interpreter.
    """
    slots = own()
    if slots is None:
        return
    board, slot = slots
    beat_in_thread(board, slot)


def beat_in_thread(slots: Slots, slot: int) -> None:
    """Give signs of life in a slot until the process ends."""

    def beat() -> None:
        while True:
            slots.beat(slot)
            time.sleep(BEAT_S)

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
