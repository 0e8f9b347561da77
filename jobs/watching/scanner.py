"""Find the frames below a folder that are new or changed, one path's failure costing that path."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from db import database
from services.errors import DATABASE_UNAVAILABLE
from services.files.arrivals import names, outcomes

log = logging.getLogger(__name__)

COARSE_CLOCK_NS = 2_000_000_000
"""A folder that changed this recently may change again with the same time of change."""
BUSY_S = 120.0
"""Folders in which a frame came or changed this recently are listed in any case."""

Identity = tuple[int, int, int, int]
"""Size, times of change and of the last status change, and number of a file."""
Found = tuple[str, int]
"""Path, and time of its last change in ns."""


class Scanner:
    """Find the frames that were not passed on; folders that did not change are not listed again.

    Parameters
    ----------
    on_problem, on_well : callable
        Called with a folder when it cannot be read, and the reason; and when it can again.
    """

    def __init__(
        self, on_problem: Callable[[str, OSError], None], on_well: Callable[[str], None]
    ) -> None:
        self._folders: dict[str, tuple[int, list[str]]] = {}
        self._files: dict[str, Identity] = {}
        self._busy: dict[str, float] = {}
        self._unreadable: set[str] = set()
        self._on_problem, self._on_well = on_problem, on_well

    def scan(self, root: str, *, whole: bool = False) -> Iterator[Found]:
        """Yield each frame below `root` that is new or changed since it was yielded.

        Parameters
        ----------
        root : str
            A folder.
        whole : bool
            List all folders: a file may have changed in a folder that did not.
        """
        folders = [root]
        while folders:
            folder = folders.pop()
            try:
                changed, frames, below = self._look_into(folder, whole=whole)
                yield from self._new(folder, frames)
            except OSError as error:
                self._folders.pop(folder, None)
                self._fails(folder, error)
                continue
            if folder in self._unreadable:
                self._unreadable.discard(folder)
                self._on_well(folder)
            settled = time.time_ns() - changed > COARSE_CLOCK_NS
            self._folders[folder] = (changed if settled else -1, below)
            folders += [os.path.join(folder, name) for name in below]

    def _fails(self, folder: str, error: OSError) -> None:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return  # removed meanwhile
        if folder not in self._unreadable:
            self._unreadable.add(folder)
            self._on_problem(folder, error)

    def _look_into(
        self, folder: str, *, whole: bool
    ) -> tuple[int, list[os.DirEntry[str]], list[str]]:
        """Return the time of change of a folder, the frames in it if it is listed, its folders."""
        changed = os.stat(folder).st_mtime_ns
        known = self._folders.get(folder)
        busy = time.monotonic() - self._busy.get(folder, float("-inf")) < BUSY_S
        if known is not None and known[0] == changed and not (whole or busy):
            return changed, [], known[1]
        frames, below = [], []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith("."):
                        below.append(entry.name)
                elif names.is_frame_name(entry.name):
                    frames.append(entry)
        return changed, frames, below

    def _new(self, folder: str, frames: Sequence[os.DirEntry[str]]) -> Iterator[Found]:
        """Yield the frames that are not judged in their present state."""
        changed = {}
        for entry in frames:
            try:
                status = os.stat(entry.path)
            except OSError:  # removed meanwhile, or a link to nothing or to itself
                continue
            now = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            if self._files.get(entry.path) != now:
                changed[entry.path] = now
        for path in _not_judged(list(changed)):
            self._busy[folder] = time.monotonic()
            yield path, min(changed[path][1], time.time_ns())
        self._files.update(changed)


def _not_judged(paths: Sequence[str]) -> Iterator[str]:
    """Yield the paths that are not judged in their present state, by the database."""
    for start in range(0, len(paths), outcomes.BATCH):
        batch = paths[start : start + outcomes.BATCH]
        try:
            with database.connection_context():
                found = [str(path) for path in outcomes.unseen(map(Path, batch))]
        except DATABASE_UNAVAILABLE:
            raise  # it is no path's fault: the next scan finds them
        except Exception as error:  # noqa: BLE001 - whatever it is, a path among them has it
            log.warning("some of %d paths can't be looked up: %s", len(batch), type(error).__name__)
            found = list(batch)  # each is judged alone
        yield from found
