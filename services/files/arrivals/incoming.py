"""Where uploads are received: outside of every raw root, until they are judged.

Each upload has a folder of its own, which it holds a lock on. The system gives up the lock of a
process that ended, so that what it left behind is recognised and removed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.context import site
from services.files.file_integrity import sync_folder


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a new folder for one upload; it is removed with what is left in it."""
    remove_leftovers()
    root = _root()
    made = Path(tempfile.mkdtemp(dir=root))
    descriptor = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(descriptor)


def remove_leftovers() -> None:
    """Remove what uploads of processes that have ended left behind."""
    for path in _root().iterdir():
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(descriptor)


def move_in(path: Path) -> Path:
    """Move a judged file into the root of uploads, at once and durably; return its new path."""
    uploads = site().uploads_dir
    uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    place = Path(tempfile.mkdtemp(dir=uploads))
    moved = path.rename(place / path.name)
    sync_folder(place)
    sync_folder(uploads)
    return moved.resolve()


def _root() -> Path:
    root = site().incoming_dir
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    return root
