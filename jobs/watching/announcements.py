"""Changes below the raw folders as the system announces them: inotify of Linux."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

import inotify_simple
from inotify_simple import flags

_FILES = flags.CREATE | flags.MODIFY | flags.ATTRIB | flags.CLOSE_WRITE | flags.MOVED_TO
_FOLDER = flags.DELETE_SELF | flags.MOVE_SELF | flags.ONLYDIR | flags.DONT_FOLLOW
_TIMEOUT_MS = 500


class What(Enum):
    """What happened to a path."""

    APPEARED = auto()
    """A file is there, or has another name or other permissions."""
    WRITTEN = auto()
    """A program writes to a file and has it open."""
    CLOSED = auto()
    """A program that had a file open for writing has closed it."""
    FOLDER = auto()
    """A folder is new."""
    LOST = auto()
    """Announcements were lost: everything has to be looked at."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A change below a watched folder; `path` is "" when all folders are concerned."""

    what: What
    path: str = ""


class Announcements:
    """The announcements of some folders and all that are below them.

    Raises
    ------
    OSError
        The system offers none, has no watch left, or a folder cannot be watched.
    """

    def __init__(self, roots: list[str]) -> None:
        self._inotify = inotify_simple.INotify()
        self._paths: dict[int, str] = {}
        try:
            for root in roots:
                self._watch(root)
        except OSError:
            self._inotify.close()
            raise

    def __enter__(self) -> Announcements:
        return self

    def __exit__(self, *exception: object) -> None:
        self._inotify.close()

    def until(self, stop: threading.Event) -> Iterator[Announcement]:
        """Yield what is announced, until `stop` is set."""
        while not stop.is_set():
            for event in self._inotify.read(timeout=_TIMEOUT_MS):
                yield from self._meaning(event)

    def _meaning(self, event: inotify_simple.Event) -> Iterator[Announcement]:
        if event.mask & flags.Q_OVERFLOW:
            yield Announcement(What.LOST)
            return
        if event.mask & flags.IGNORED:
            self._paths.pop(event.wd, None)
            return
        folder = self._paths.get(event.wd)
        if folder is None or not event.name:
            return
        path = os.path.join(folder, event.name)
        if event.mask & flags.ISDIR:
            if event.mask & (flags.CREATE | flags.MOVED_TO) and not event.name.startswith("."):
                self._watch(path)
                yield Announcement(What.FOLDER, path)
        elif event.mask & flags.CLOSE_WRITE:
            yield Announcement(What.CLOSED, path)
        elif event.mask & flags.MODIFY:
            yield Announcement(What.WRITTEN, path)
        else:
            yield Announcement(What.APPEARED, path)

    def _watch(self, root: str) -> None:
        """Watch a folder and those below it; one that is gone or not readable is left out."""
        folders = [root]
        while folders:
            folder = folders.pop()
            try:
                watch = self._inotify.add_watch(folder, _FILES | _FOLDER)
                self._paths[watch] = folder
                with os.scandir(folder) as entries:
                    below = [
                        entry.path
                        for entry in entries
                        if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
                    ]
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EMFILE, errno.ENFILE):
                    raise
                continue
            folders += below
