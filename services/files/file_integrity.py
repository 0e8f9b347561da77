"""Completeness and identity of files, from their own bytes.

The programs that copy files into the watched folders do not report the end reliably.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from reduction.errors import UnusableFrame
from reduction.fits import frame_io
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice
from services.errors import Unacceptable

CHUNK = 1 << 20
MAX_UNPACKED = 1 << 30
"""Bytes: more than any read-out of the detector in any data type."""

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
        return cls(info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)

    @property
    def is_recent(self) -> bool:
        """Whether the file was written to recently (or by a host whose clock is a little ahead)."""
        return abs(time.time() - self.mtime_ns / 1e9) < PATIENCE_S


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(path: Path, stamp: Stamp) -> list[Notice]:
    """Return notices on what is unusual in a complete file.

    Raises
    ------
    IncompleteFile
        Something is missing, and the file was written to recently.
    UnusableFrame
        It is damaged, or was left incomplete.
    HeaderError
        A card that gives the size is unusable.
    """
    try:
        unwritten_end = _unwritten_end(path, stamp)
    except UnusableFrame:
        if stamp.is_recent and _may_grow(path, stamp):
            raise IncompleteFile(f"{path.name} is not completely written yet.") from None
        raise
    if unwritten_end and stamp.is_recent:
        raise IncompleteFile(f"{path.name} is not completely written yet.")
    return [unwritten_end] if unwritten_end else []


def _unwritten_end(path: Path, stamp: Stamp) -> Notice | None:
    """Refuse an incomplete file; return a notice when its end looks unwritten."""
    if stamp.size == 0:
        raise UnusableFrame(NoticeCode.FILE_EMPTY, file=path.name)
    if path.suffix == ".gz":
        _unpack_to_the_end(path)
    expected = frame_io.expected_size(path)
    if expected is not None and stamp.size < expected:
        raise UnusableFrame(
            NoticeCode.FILE_CUT_SHORT, file=path.name, size=stamp.size, expected=expected
        )
    return None if frame_io.verify_checksum(path) else frame_io.hollow_tail(path)


def _may_grow(path: Path, stamp: Stamp) -> bool:
    """Return whether the bytes so far could be the beginning of a FITS file."""
    if stamp.size == 0:
        return True
    with path.open("rb") as stream:
        start = stream.read(9)
    # A preallocated file begins with zeros until its first block is written.
    begins = (b"SIMPLE  =", b"\x1f\x8b", b"\0" * 9)
    return any(start.startswith(b[: len(start)]) for b in begins)


def _unpack_to_the_end(path: Path) -> None:
    """Read a whole gzip file, so that its own length and checksum are verified."""
    total = 0
    try:
        with gzip.open(path, "rb") as stream:
            while block := stream.read(CHUNK):
                total += len(block)
                if total > MAX_UNPACKED:
                    raise UnusableFrame(NoticeCode.GZIP_TOO_LARGE, file=path.name)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnusableFrame(NoticeCode.GZIP_DAMAGED, file=path.name) from error


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
