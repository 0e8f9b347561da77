"""Whether a file has settled: how it was written to tells how long it must be quiet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

FACTOR = 3.0
"""Of the longest pause between two writes that was seen: a longer one means the end."""
LONGEST_QUIET_S = 30.0
HELD_OPEN_S = 5.0
"""A whole file that its writer keeps open, without writing, for this long is taken."""


@dataclass(slots=True)
class _Writing:
    """What is known of the writing of a file; times are monotonic seconds."""

    changed: float
    stamp: tuple[int, int] | None = None
    longest_pause: float = 0.0
    is_open: bool = False
    n_closed: int = 0


class Settling:
    """How the files that are not indexed yet are being written to.

    Parameters
    ----------
    now : callable
        The clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._files: dict[str, _Writing] = {}

    def written(self, path: str) -> None:
        """Note that a program writes to a file and has it open."""
        with self._lock:
            writing = self._files.setdefault(path, _Writing(self._now()))
            self._change(writing)
            writing.is_open = True

    def closed(self, path: str) -> None:
        """Note that the writer of a file closed it."""
        with self._lock:
            writing = self._files.setdefault(path, _Writing(self._now()))
            writing.is_open = False
            writing.n_closed += 1

    def seen(self, path: str, size: int, mtime_ns: int) -> None:
        """Note the size and the time of change that a file was found with."""
        with self._lock:
            writing = self._files.get(path)
            if writing is None:
                self._files[path] = _Writing(self._now(), (size, mtime_ns))
                return
            if writing.stamp is not None and writing.stamp != (size, mtime_ns):
                between = (mtime_ns - writing.stamp[1]) / 1e9
                writing.longest_pause = max(writing.longest_pause, between)
                self._change(writing)
            writing.stamp = (size, mtime_ns)

    def missing_quiet(self, path: str) -> float:
        """Return for how many seconds more a file must stay as it is before it is indexed."""
        with self._lock:
            writing = self._files.get(path)
            if writing is None:
                return 0.0
            quiet = min(LONGEST_QUIET_S, FACTOR * writing.longest_pause)
            if writing.is_open:
                quiet = max(quiet, HELD_OPEN_S)
            elif writing.n_closed == 1:
                quiet = 0.0  # written in one go: its writer has said that it is done
            return max(0.0, writing.changed + quiet - self._now())

    def forget(self, path: str) -> None:
        """Forget a file that was judged or has gone."""
        with self._lock:
            self._files.pop(path, None)

    def _change(self, writing: _Writing) -> None:
        now = self._now()
        if writing.stamp is not None or writing.is_open or writing.n_closed:
            pause = min(now - writing.changed, LONGEST_QUIET_S)
            writing.longest_pause = max(writing.longest_pause, pause)
        writing.changed = now
