"""The paths that wait to be indexed: the newest first, each once."""

from __future__ import annotations

import heapq
import threading
import time


class PathQueue:
    """A priority queue of paths for the watcher's threads.

    The newest path comes first, so that ten thousand old frames never delay a new one.
    """

    def __init__(self) -> None:
        self._ready: list[tuple[int, str]] = []
        self._later: list[tuple[float, int, str]] = []
        self._known: dict[str, float] = {}
        self._busy: set[str] = set()
        self._changed = threading.Condition()

    def put(self, path: str, freshness: int, *, delay: float = 0.0) -> None:
        """Add a path; when it is there already, the earlier of the two due times counts.

        Parameters
        ----------
        path : str
            The file.
        freshness : int
            Nanoseconds since 1970: the time of the event for a path that was announced, the time of
            the file's last change for a path that a rescan found.
        delay : float
            Seconds before the path is due.
        """
        due = time.monotonic() + delay
        with self._changed:
            if self._known.get(path, float("inf")) <= due:
                return
            self._known[path] = due
            if delay:
                heapq.heappush(self._later, (due, -freshness, path))
            else:
                heapq.heappush(self._ready, (-freshness, path))
            self._changed.notify()

    def take(self, timeout: float | None = None) -> str | None:
        """Return the newest path that is due; None when there is none within `timeout` s.

        A path that another thread is working on is not returned until `done` is called.
        """
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while True:
                self._promote()
                path = self._pop()
                if path is not None:
                    return path
                now = time.monotonic()
                if end is not None and now >= end:
                    return None
                waits = [t - now for t in (end, self._later[0][0] if self._later else None) if t]
                self._changed.wait(max(0.0, min(waits)) if waits else None)

    def done(self, path: str) -> None:
        """Mark the work on a path that was taken as finished."""
        with self._changed:
            self._busy.discard(path)
            self._changed.notify()

    def __len__(self) -> int:
        with self._changed:
            return len(self._known)

    def _promote(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            _, freshness, path = heapq.heappop(self._later)
            heapq.heappush(self._ready, (freshness, path))

    def _pop(self) -> str | None:
        in_progress = []
        taken = None
        while self._ready and taken is None:
            entry = heapq.heappop(self._ready)
            path = entry[1]
            if path not in self._known:
                continue  # returned already, with an earlier due time
            if path in self._busy:
                in_progress.append(entry)
                continue
            del self._known[path]
            self._busy.add(path)
            taken = path
        for entry in in_progress:
            heapq.heappush(self._ready, entry)
        return taken
