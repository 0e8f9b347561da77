"""FITS files as bytes: headers and sizes of every HDU without reading pixels, within limits.

Files may be partly copied, damaged or malicious. Files are therefore not memory-mapped (a process
is killed when a mapped file shrinks), sizes are calculated before memory is allocated, and bytes
outside ASCII are replaced before the header is parsed.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from astropy.io import fits

from reduction.errors import HeaderError, UnusableFrame
from reduction.fits.vocabulary import CHECKSUM, DATASUM
from reduction.notice_codes import NoticeCode

BLOCK: Final = 2880
CARD: Final = 80
MAX_CARDS: Final = 2000
MAX_PIXELS: Final = 64 * 1024 * 1024
MAX_HDUS: Final = 100

# A compressed image is stored as a table; these cards describe the table, not the image.
_TABLE_CARDS = re.compile(
    r"XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|THEAP|(?:TTYPE|TFORM|TUNIT|TNULL|TDIM)\d+|"
    r"Z(?:IMAGE|SIMPLE|TENSION|EXTEND|BLOCKED|PCOUNT|GCOUNT|CMPTYPE|MASKCMP|QUANTIZ|DITHER0|"
    r"HECKSUM|DATASUM|BLANK|TILE\d+|NAME\d+|VAL\d+)|CHECKSUM|DATASUM"
)


_PRINTABLE: Final = bytes(b if 32 <= b < 127 else (63 if b > 127 else 32) for b in range(256))


@dataclass(frozen=True, slots=True)
class Unit:
    """One HDU: its header, parsed and as bytes, and the position and size of its data."""

    header: fits.Header
    header_bytes: bytes
    data_start: int
    data_size: int

    @property
    def end(self) -> int:
        """Position of the next HDU; data are padded to whole blocks."""
        return self.data_start + padded(self.data_size)

    @property
    def compressed(self) -> bool:
        """Whether this is a tile-compressed image (fpack)."""
        return bool(self.header.get("ZIMAGE", False))


def padded(size: int) -> int:
    """Return `size` rounded up to whole FITS blocks."""
    return -(-size // BLOCK) * BLOCK


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file read-only; a gzip file is decompressed while it is read.

    Raises
    ------
    UnusableFrame
        The compressed stream is damaged or ends early.
    """
    with path.open("rb") as plain:
        if not is_gzip(plain):
            yield plain
            return
        try:
            with gzip.open(plain, "rb") as unzipped:
                yield unzipped  # type: ignore[misc]  # GzipFile reads like any binary file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UnusableFrame(NoticeCode.GZIP_DAMAGED, file=path.name) from error


def is_gzip(stream: BinaryIO) -> bool:
    """Return whether a stream begins as gzip; its position does not change."""
    start = stream.read(2)
    stream.seek(-len(start), io.SEEK_CUR)
    return start == b"\x1f\x8b"


def read_header_bytes(stream: BinaryIO, name: str) -> bytes | None:
    """Read one header, including the block of its END card; None if the file ends before.

    Raises
    ------
    UnusableFrame
        The bytes are not a FITS header, or it has more than `MAX_CARDS` cards.
    """
    blocks: list[bytes] = []
    while len(blocks) * BLOCK < MAX_CARDS * CARD:
        block = stream.read(BLOCK)
        if not blocks and block and not block.startswith((b"SIMPLE  =", b"XTENSION=")):
            if len(block) < 9 and b"SIMPLE  =".startswith(block):
                return None
            raise UnusableFrame(NoticeCode.NOT_FITS, file=name)
        if len(block) < BLOCK:
            return None
        blocks.append(block)
        if any(block[i : i + CARD].rstrip() == b"END" for i in range(0, BLOCK, CARD)):
            return b"".join(blocks)
    raise UnusableFrame(NoticeCode.HEADER_TOO_LONG, file=name, limit=MAX_CARDS)


def printable(raw: bytes) -> bytes:
    """Replace header bytes that FITS does not allow by ``?`` or a space."""
    return raw.translate(_PRINTABLE)


def parse(raw: bytes) -> fits.Header:
    """Parse a header; bytes that FITS does not allow become ``?`` or a space."""
    return fits.Header.fromstring(printable(raw).decode("ascii"))


def units(path: Path) -> Iterator[Unit]:
    """Yield the HDUs that begin inside the file; the last one's data may be cut short.

    Raises
    ------
    UnusableFrame
        The file is not FITS, or exceeds the limits.
    HeaderError
        A size card is missing or mistyped.
    """
    with opened(path) as stream:
        position = 0
        for count in range(MAX_HDUS + 1):
            stream.seek(position)
            if count and not stream.read(1):
                return
            stream.seek(position)
            try:
                raw = read_header_bytes(stream, path.name)
            except UnusableFrame:
                if count:  # FITS allows other data after the last HDU
                    return
                raise
            if raw is None:
                raise UnusableFrame(NoticeCode.HEADER_CUT_SHORT, file=path.name)
            header = parse(raw)
            unit = Unit(header, raw, position + len(raw), data_size(header))
            yield unit
            position = unit.end
    raise UnusableFrame(NoticeCode.TOO_MANY_HDUS, file=path.name, limit=MAX_HDUS)


def _size_card(header: fits.Header, keyword: str, default: int | None = None) -> int:
    try:
        value = header.get(keyword, default)
    except (fits.VerifyError, ValueError) as error:
        raise HeaderError(NoticeCode.CARD_MALFORMED, keyword=keyword) from error
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        if keyword == "BITPIX" and value in {-32, -64}:
            return int(value)
        raise HeaderError(NoticeCode.CARD_NOT_WHOLE, keyword=keyword, value=repr(value))
    return int(value)


def axes(header: fits.Header, prefix: str = "") -> tuple[int, ...]:
    """Return the shape of an HDU's array, slowest axis first.

    Parameters
    ----------
    header : fits.Header
    prefix : str
        ``Z`` for a tile-compressed image.

    Returns
    -------
    tuple of int

    Raises
    ------
    HeaderError
        A size card is missing or mistyped, or there are more than ten axes.
    """
    n_axes = _size_card(header, f"{prefix}NAXIS")
    if n_axes > 10:
        raise HeaderError(NoticeCode.AXES_NOT_TWO, keyword="NAXIS", axes=n_axes)
    return tuple(_size_card(header, f"{prefix}NAXIS{i}") for i in range(n_axes, 0, -1))


def data_size(header: fits.Header) -> int:
    """Return the bytes of an HDU's data, without padding."""
    shape = axes(header)
    if not shape:
        return 0
    n_elements = 1
    for length in shape:
        n_elements *= length
    depth = abs(_size_card(header, "BITPIX")) // 8
    heap, groups = _size_card(header, "PCOUNT", 0), _size_card(header, "GCOUNT", 1)
    return depth * groups * (heap + n_elements)


def image_header(unit: Unit) -> fits.Header:
    """Return the header of the image in an HDU, of a compressed image that of the original."""
    if not unit.compressed:
        return unit.header
    shape = axes(unit.header, "Z")
    header = fits.Header()
    header["SIMPLE"] = True
    header["BITPIX"] = unit.header["ZBITPIX"]
    header["NAXIS"] = len(shape)
    for i, length in enumerate(reversed(shape), start=1):
        header[f"NAXIS{i}"] = length
    skipped = {"ZBITPIX", "EXTNAME"} | {f"ZNAXIS{i}" for i in range(11)} | {"ZNAXIS", "END"}
    for card in unit.header.cards:
        if card.keyword not in skipped and not _TABLE_CARDS.fullmatch(card.keyword):
            header.append(card, bottom=True)
    return header


def ones_complement_sum(data: bytes) -> int:
    """Return the 32-bit ones' complement sum of the FITS checksum convention."""
    words = np.frombuffer(data + b"\0" * (-len(data) % 4), dtype=">u4")
    total = int(words.sum(dtype=np.uint64))
    while total >> 32:
        total = (total & 0xFFFFFFFF) + (total >> 32)
    return total


def check_sums(path: Path) -> bool:
    """Compare ``DATASUM`` and ``CHECKSUM`` of every HDU with its bytes.

    Returns
    -------
    bool
        True if there is at least one and all agree; False if the file has none.

    Raises
    ------
    UnusableFrame
        A sum differs: the file is damaged or incomplete.
    """
    checked = False
    for unit in list(units(path)):
        has_sum, has_data_sum = (c.keyword in unit.header for c in (CHECKSUM, DATASUM))
        if not (has_sum or has_data_sum):
            continue
        checked = True
        with opened(path) as stream:
            stream.seek(unit.data_start)
            data = stream.read(padded(unit.data_size))
        data_sum = ones_complement_sum(data)
        stated = str(unit.header.get(DATASUM.keyword, "")).strip()
        if has_data_sum and stated != str(data_sum):
            raise UnusableFrame(
                NoticeCode.CHECKSUM_MISMATCH, file=path.name, keyword=DATASUM.keyword
            )
        both = ones_complement_sum(unit.header_bytes) + data_sum
        whole = (both & 0xFFFFFFFF) + (both >> 32)
        if has_sum and whole not in {0, 0xFFFFFFFF}:
            raise UnusableFrame(
                NoticeCode.CHECKSUM_MISMATCH, file=path.name, keyword=CHECKSUM.keyword
            )
    return checked
