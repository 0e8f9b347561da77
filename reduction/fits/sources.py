"""Bytes of FITS files, unpacked while they are read and never more of them than a frame can have.

A gzip file of 5 MB can unpack to 5 GB. What is unpacked is therefore counted while it is read, and
reading ends at the limit; the size that a header states costs nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from reduction.errors import UnusableFrame
from reduction.notice_codes import NoticeCode

MAX_BYTES: Final = 1 << 30
"""Of a file, packed or not: more than any read-out of the detector in any data type."""
MAX_RATIO: Final = 20
"""Of unpacked to packed size; real frames have noise and reach 4."""
ALWAYS_ALLOWED: Final = 32 << 20
"""Bytes that may be unpacked at any ratio, for small and for synthetic frames."""
CHUNK: Final = 1 << 20

_ZIP_DAMAGE: Final = (EOFError, zlib.error, gzip.BadGzipFile)


def limit_of(size: int) -> int:
    """Return how many bytes a gzip file of `size` bytes may unpack to."""
    return min(MAX_BYTES, max(ALWAYS_ALLOWED, MAX_RATIO * size))


def is_gzip(stream: BinaryIO) -> bool:
    """Return whether a stream begins as gzip; its position does not change."""
    start = stream.read(2)
    stream.seek(-len(start), io.SEEK_CUR)
    return start == b"\x1f\x8b"


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file read-only; a gzip file is decompressed while it is read.

    Raises
    ------
    UnusableFrame
        The compressed stream is damaged, ends early, or exceeds the limit.
    """
    with path.open("rb") as plain:
        if not is_gzip(plain):
            yield plain
            return
        try:
            with gzip.open(plain, "rb") as unzipped:
                limit = limit_of(os.fstat(plain.fileno()).st_size)
                yield _Bounded(unzipped, limit, path.name)  # type: ignore[misc]  # as any binary
        except _ZIP_DAMAGE as error:
            raise UnusableFrame(NoticeCode.GZIP_DAMAGED, file=path.name) from error


class _Bounded:
    """A gzip stream that ends with an error at its limit."""

    def __init__(self, stream: gzip.GzipFile, limit: int, name: str) -> None:
        self._stream, self._limit, self._name = stream, limit, name

    def read(self, size: int = -1) -> bytes:
        """Read as a binary file does."""
        room = self._limit + 1 - self._stream.tell()
        data = self._stream.read(room if size < 0 else min(size, room))
        self._check()
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position from the start or from here."""
        target = offset + (self._stream.tell() if whence == io.SEEK_CUR else 0)
        position = self._stream.seek(min(target, self._limit + 1))
        self._check()
        return position

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def _check(self) -> None:
        if self._stream.tell() > self._limit:
            raise UnusableFrame(NoticeCode.GZIP_TOO_LARGE, file=self._name)


class Source:
    """A file read once from its start to its end, with the SHA-256 of its bytes.

    Raises
    ------
    UnusableFrame
        While reading: the compressed stream is damaged, ends early, or exceeds the limit.
    """

    def __init__(self, plain: BinaryIO, name: str) -> None:
        self._plain, self._name = plain, name
        self._digest = hashlib.sha256()
        self._unzipped = is_gzip(plain)
        self._limit = limit_of(os.fstat(plain.fileno()).st_size)
        self._member = zlib.decompressobj(wbits=31) if self._unzipped else None
        self._packed = b""
        self._n_unpacked = 0

    @property
    def is_packed(self) -> bool:
        """Whether the bytes on disk are a gzip stream."""
        return self._unzipped

    def read(self, size: int) -> bytes:
        """Read `size` unpacked bytes, fewer at the end."""
        if not self._unzipped:
            return self._from_disk(size)
        parts, missing = [], size
        while missing:
            block = self._unpack(missing)
            if not block:
                break
            parts.append(block)
            missing -= len(block)
        return b"".join(parts)

    def sha256(self) -> str:
        """Read to the end and return the SHA-256 of the file as it is on disk."""
        while self.read(CHUNK):
            pass
        while self._from_disk(CHUNK):
            pass
        return self._digest.hexdigest()

    def _from_disk(self, size: int) -> bytes:
        data = self._plain.read(size)
        self._digest.update(data)
        return data

    def _unpack(self, size: int) -> bytes:
        """Return at most `size` bytes, none at the end of the last member."""
        while self._member is not None:
            if self._member.eof:
                self._next_member()
                continue
            if not self._packed:
                self._packed = self._from_disk(CHUNK)
            try:
                made = self._member.decompress(self._packed, size)
            except zlib.error as error:
                raise UnusableFrame(NoticeCode.GZIP_DAMAGED, file=self._name) from error
            is_end = not self._packed and not made and not self._member.eof
            self._packed = self._member.unconsumed_tail
            if is_end:
                raise UnusableFrame(NoticeCode.GZIP_DAMAGED, file=self._name)
            self._n_unpacked += len(made)
            if self._n_unpacked > self._limit:
                raise UnusableFrame(NoticeCode.GZIP_TOO_LARGE, file=self._name)
            if made:
                return made
        return b""

    def _next_member(self) -> None:
        """Go on with what follows a member: another one, or the end; zeros are padding."""
        rest = (self._member.unused_data if self._member else b"").lstrip(b"\0")
        while not rest and (block := self._from_disk(CHUNK)):
            rest = block.lstrip(b"\0")
        if rest and not rest.startswith(b"\x1f"):
            raise UnusableFrame(NoticeCode.GZIP_DAMAGED, file=self._name)
        self._member = zlib.decompressobj(wbits=31) if rest else None
        self._packed = rest
