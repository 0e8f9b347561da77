"""Is a file wholly there? Told from its own bytes, since no announcement can be trusted."""

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
from services.errors import Unacceptable

CHUNK = 1 << 20
MAX_UNPACKED = 1 << 30
"""Bytes: more than any read-out of the detector, whatever its type."""

PATIENCE_S = 30.0
"""A file that is not whole and has not been written to for this long won't become so by itself."""


class IncompleteFile(Unacceptable):
    """The copy is still under way; to be tried again when the file has changed."""


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
    def fresh(self) -> bool:
        """Whether it was written to a moment ago (or by a host whose clock is a little ahead)."""
        return abs(time.time() - self.mtime_ns / 1e9) < PATIENCE_S


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(path: Path, stamp: Stamp) -> list[str]:
    """Return sentences about a file that is whole but looks odd.

    Raises
    ------
    IncompleteFile
        Something is missing and the file was written to lately.
    UnusableFrame
        It is damaged, or was left incomplete.
    HeaderError
        A card that gives the size is unusable.
    """
    try:
        hollow = _hollow(path, stamp)
    except UnusableFrame:
        if stamp.fresh and _may_grow(path, stamp):
            raise IncompleteFile(f"{path.name} is not wholly written yet.") from None
        raise
    if hollow and stamp.fresh:
        raise IncompleteFile(f"{path.name} is not wholly written yet.")
    return [hollow] if hollow else []


def _hollow(path: Path, stamp: Stamp) -> str | None:
    """Refuse a file that is not all there; return a sentence when its end looks unwritten."""
    if stamp.size == 0:
        raise UnusableFrame(f"{path.name} is empty.")
    if path.suffix == ".gz":
        _unpack_to_the_end(path)
    expected = frame_io.expected_size(path)
    if expected is not None and stamp.size < expected:
        raise UnusableFrame(f"{path.name} is cut short: {stamp.size} bytes of at least {expected}.")
    return None if frame_io.verify_checksum(path) else frame_io.hollow_tail(path)


def _may_grow(path: Path, stamp: Stamp) -> bool:
    """Tell whether what is there so far could be the beginning of a FITS file."""
    if stamp.size == 0:
        return True
    with path.open("rb") as stream:
        start = stream.read(9)
    # A preallocated file begins with zeros until its first block is written.
    begins = (b"SIMPLE  =", b"\x1f\x8b", b"\0" * 9)
    return any(start.startswith(b[: len(start)]) for b in begins)


def _unpack_to_the_end(path: Path) -> None:
    """Read a gzip file through, so that its own length and checksum are compared."""
    total = 0
    try:
        with gzip.open(path, "rb") as stream:
            while block := stream.read(CHUNK):
                total += len(block)
                if total > MAX_UNPACKED:
                    raise UnusableFrame(f"{path.name} unpacks to more than any Goodman frame.")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnusableFrame(f"{path.name}: the gzip stream is damaged or cut short.") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
