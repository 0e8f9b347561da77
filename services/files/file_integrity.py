"""Completeness and identity of files, from their own bytes.

The programs that copy files into the watched folders do not report the end reliably.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from services.errors import Unacceptable

_MOST = (1 << 63) - 1
"""The largest number that a column holds; clocks of file systems go further."""
PATIENCE_S = 30.0
"""An incomplete file that was not written to for this long is considered damaged."""


class IncompleteFile(Unacceptable):
    """The file is still being written; to be tried again when it has changed."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when a file is written to or replaced."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """Read the stamp of a file."""
        info = path.stat()
        mtime_ns = max(-_MOST, min(info.st_mtime_ns, _MOST))
        return cls(info.st_size, mtime_ns, info.st_ctime_ns, info.st_ino)

    @property
    def is_recent(self) -> bool:
        """Whether the file was written to recently (or by a host whose clock is a little ahead)."""
        return abs(time.time() - self.mtime_ns / 1e9) < PATIENCE_S


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
