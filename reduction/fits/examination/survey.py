"""One pass over a file that has come: its headers, its checksums, and what is not written yet.

The file may be partly copied, damaged or malicious. It is read once, in pieces, and nothing is
allocated by a size that its headers state.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from astropy.io import fits

from reduction.errors import UnusableFrame
from reduction.fits import hdus, limits
from reduction.fits.sources import CHUNK, MAX_BYTES, Source
from reduction.fits.vocabulary import CHECKSUM, DATASUM
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

PAGE: Final = 4096
SHORTEST_RUN: Final = 64
"""Bytes. A pixel of a 16-bit frame with ``BZERO`` is stored as two zero bytes only if it is exactly
32768 ADU: no 32 neighbours of a frame with noise are."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a complete file found.

    Attributes
    ----------
    headers : tuple of fits.Header
        Of the images in the HDUs, in file order.
    header, shape
        Of the frame's image.
    checksum : str
        SHA-256 of the bytes on disk.
    unwritten : Notice or None
        Parts of the file look as if they had not been written.
    """

    headers: tuple[fits.Header, ...]
    header: fits.Header
    shape: tuple[int, ...]
    checksum: str
    unwritten: Notice | None


def survey(path: Path) -> Survey:
    """Read a file once, from its start to its end.

    Raises
    ------
    UnusableFrame
        The file is not FITS, has no image, is damaged or incomplete, or exceeds the limits.
    HeaderError
        A size card is missing, mistyped or absurd.
    """
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size == 0:
            raise UnusableFrame(NoticeCode.FILE_EMPTY, file=path.name)
        if size > MAX_BYTES:
            raise UnusableFrame(
                NoticeCode.FILE_TOO_LARGE, file=path.name, size=size, limit=MAX_BYTES
            )
        source = Source(stream, path.name)
        units = [*_units(source, path.name, size)]
        checksum = source.sha256()
        hole = None if source.is_packed else _first_hole(stream, size)
    image = _image(units, path.name)
    return Survey(
        headers=tuple(hdus.image_header(each.unit) for each in units),
        header=hdus.image_header(image.unit),
        shape=image.shape,
        checksum=checksum,
        unwritten=_unwritten(units, image, hole, path.name),
    )


@dataclass(frozen=True, slots=True)
class _Surveyed:
    """An HDU whose data have been read; `run` and `end_run` are bytes of its zero runs."""

    unit: hdus.Unit
    shape: tuple[int, ...]
    verified: bool
    run: int
    end_run: int


def _units(source: Source, name: str, size: int) -> Iterator[_Surveyed]:
    position, n_cards = 0, 0
    for count in range(hdus.MAX_HDUS + 1):
        first = source.read(hdus.BLOCK)
        if count and not first:
            return
        try:
            raw = hdus.read_header_bytes(first, source, name)
        except UnusableFrame:
            if count:  # FITS allows other data after the last HDU
                return
            raise
        if raw is None:
            raise UnusableFrame(NoticeCode.HEADER_CUT_SHORT, file=name)
        n_cards += len(raw) // hdus.CARD
        if n_cards > limits.MAX_CARDS_OF_FILE:
            raise UnusableFrame(
                NoticeCode.HEADER_TOO_LONG, file=name, limit=limits.MAX_CARDS_OF_FILE
            )
        header = hdus.parse(raw)
        limits.check(header)
        unit = hdus.Unit(header, raw, position + len(raw), hdus.data_size(header))
        yield _read_data(source, unit, name, size)
        position = unit.end
    raise UnusableFrame(NoticeCode.TOO_MANY_HDUS, file=name, limit=hdus.MAX_HDUS)


def _read_data(source: Source, unit: hdus.Unit, name: str, size: int) -> _Surveyed:
    """Read the data of an HDU, and compare its checksums with them."""
    zeros, total, missing = ZeroRuns(), 0, hdus.padded(unit.data_size)
    left = unit.data_size
    while missing:
        block = source.read(min(CHUNK, missing))
        if not block:
            expected = unit.end
            found = unit.end - missing if source.is_packed else size
            raise UnusableFrame(NoticeCode.FILE_CUT_SHORT, file=name, size=found, expected=expected)
        total = hdus.add_sums(total, hdus.ones_complement_sum(block))
        zeros.add(block[:left])
        left = max(0, left - len(block))
        missing -= len(block)
    verified = _verified(unit, total, name)
    shape = hdus.axes(unit.header, unit.prefix)
    # No program writes NUL into a header: that block has not been written.
    header_run = PAGE if b"\0" in unit.header_bytes else 0
    return _Surveyed(unit, shape, verified, max(zeros.longest, header_run), zeros.at_end)


def _verified(unit: hdus.Unit, data_sum: int, name: str) -> bool:
    """Return whether the HDU has checksums that hold; UnusableFrame if they do not."""
    stated = unit.header.get(DATASUM.keyword)
    has_data_sum = DATASUM.keyword in unit.header
    if has_data_sum and str(stated).strip() != str(data_sum):
        raise UnusableFrame(NoticeCode.CHECKSUM_MISMATCH, file=name, keyword=DATASUM.keyword)
    if CHECKSUM.keyword not in unit.header:
        return has_data_sum
    both = hdus.add_sums(hdus.ones_complement_sum(unit.header_bytes), data_sum)
    if both not in {0, 0xFFFFFFFF}:
        raise UnusableFrame(NoticeCode.CHECKSUM_MISMATCH, file=name, keyword=CHECKSUM.keyword)
    return True


class ZeroRuns:
    """The longest run of zero bytes in a stream, and the run at its end, in words of 8 bytes."""

    def __init__(self) -> None:
        self._position = 0
        self._last = -1
        self._longest = 0

    def add(self, block: bytes) -> None:
        """Add the next bytes; only the last block may have a size that is no multiple of 8."""
        if not block:
            return
        words = np.frombuffer(block + b"\0" * (-len(block) % 8), dtype=np.uint64)
        written = np.flatnonzero(words) + self._position
        if written.size:
            gaps = np.diff(written, prepend=self._last)
            self._longest = max(self._longest, int(gaps.max()) - 1)
            self._last = int(written[-1])
        self._position += words.size

    @property
    def at_end(self) -> int:
        """Bytes of the run at the end."""
        return 8 * (self._position - 1 - self._last)

    @property
    def longest(self) -> int:
        """Bytes of the longest run."""
        return max(8 * self._longest, self.at_end)


def _image(units: list[_Surveyed], name: str) -> _Surveyed:
    number, _, _ = hdus.find_image(((each.unit, each.shape) for each in units), name)
    return units[number]


def _unwritten(
    units: list[_Surveyed], image: _Surveyed, hole: int | None, name: str
) -> Notice | None:
    """Return a notice if parts of the frame look unwritten although the file has its size."""
    if all(each.verified for each in units):
        return None
    data_size = image.unit.data_size
    end = image.unit.data_start + data_size
    is_header = any(b"\0" in each.unit.header_bytes for each in units)
    run = image.run if image.run >= _run_limit(image) else 0
    if image.end_run >= _end_limit(image):
        run = max(run, image.end_run)
    if not (run or is_header or (hole is not None and hole < end)):
        return None
    fraction = round(min(1.0, run / max(data_size, 1)), 4)
    return notice(NoticeCode.PIXELS_NOT_WRITTEN, file=name, fraction=fraction)


def _run_limit(image: _Surveyed) -> int:
    """Return from how many zero bytes on a part of the image can't be pixels."""
    if image.unit.compressed:
        return PAGE
    if image.unit.header["BITPIX"] != 16:
        return max(PAGE, image.unit.data_size // 10)
    row = 2 * image.shape[-1]
    return min(max(row, SHORTEST_RUN), PAGE)


def _end_limit(image: _Surveyed) -> int:
    if image.unit.compressed:
        return PAGE
    if image.unit.header["BITPIX"] != 16:
        return max(image.unit.data_size // 10, 1)
    return min(SHORTEST_RUN, max(8, image.unit.data_size // 10))


def _first_hole(stream: BinaryIO, size: int) -> int | None:
    """Return where the first block without storage begins; None without one, or where unknown."""
    try:
        hole = os.lseek(stream.fileno(), 0, os.SEEK_HOLE)
    except (OSError, AttributeError):  # this system can't tell
        return None
    return hole if hole < size else None
