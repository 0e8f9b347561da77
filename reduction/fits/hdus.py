"""FITS files as bytes: headers and sizes of every HDU without reading pixels, within limits.

Files may be partly copied, damaged or malicious. Files are therefore not memory-mapped (a process
is killed when a mapped file shrinks), sizes are calculated before memory is allocated, and bytes
outside ASCII are replaced before the header is parsed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from astropy.io import fits

from reduction.errors import HeaderError, UnusableFrame
from reduction.fits import card_text, limits
from reduction.fits.sources import opened
from reduction.notice_codes import NoticeCode

BLOCK: Final = 2880
CARD: Final = 80
MAX_CARDS: Final = 2000
MAX_PIXELS: Final = 64 * 1024 * 1024
MAX_HDUS: Final = 100
MAX_STATED: Final = 1 << 40
"""Bytes of an HDU; what is stated beyond cannot even be the position of a file."""

# A compressed image is stored as a table; these cards describe the table, not the image.
_TABLE_CARDS = re.compile(
    r"XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|THEAP|(?:TTYPE|TFORM|TUNIT|TNULL|TDIM)\d+|"
    r"Z(?:IMAGE|SIMPLE|TENSION|EXTEND|BLOCKED|PCOUNT|GCOUNT|CMPTYPE|MASKCMP|QUANTIZ|DITHER0|"
    r"HECKSUM|DATASUM|BLANK|TILE\d+|NAME\d+|VAL\d+)|CHECKSUM|DATASUM"
)


_PRINTABLE: Final = bytes(b if 32 <= b < 127 else (63 if b > 127 else 32) for b in range(256))


class Readable(Protocol):
    """Anything with the `read` of a binary file."""

    def read(self, size: int, /) -> bytes:
        """Read `size` bytes, fewer at the end."""


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

    @property
    def prefix(self) -> str:
        """What the keywords of the image's size begin with."""
        return "Z" if self.compressed else ""


def padded(size: int) -> int:
    """Return `size` rounded up to whole FITS blocks."""
    return -(-size // BLOCK) * BLOCK


def read_header_bytes(first: bytes, stream: Readable, name: str) -> bytes | None:
    """Read one header after its `first` block, to the block of END; None if the file ends before.

    Raises
    ------
    UnusableFrame
        The bytes are not a FITS header, or it has more than `MAX_CARDS` cards.
    """
    blocks: list[bytes] = []
    while len(blocks) * BLOCK < MAX_CARDS * CARD:
        block = stream.read(BLOCK) if blocks else first
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
    return card_text.parse(printable(raw).decode("ascii"))


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
            first = stream.read(BLOCK)
            if count and not first:
                return
            try:
                raw = read_header_bytes(first, stream, path.name)
            except UnusableFrame:
                if count:  # FITS allows other data after the last HDU
                    return
                raise
            if raw is None:
                raise UnusableFrame(NoticeCode.HEADER_CUT_SHORT, file=path.name)
            header = parse(raw)
            limits.check(header)
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
    n_elements = math.prod(shape)
    depth = abs(_size_card(header, "BITPIX")) // 8
    heap, groups = _size_card(header, "PCOUNT", 0), _size_card(header, "GCOUNT", 1)
    size = depth * groups * (heap + n_elements)
    if size > MAX_STATED:
        raise HeaderError(NoticeCode.CARD_ABSURD, keyword="NAXIS", value=f"{size} bytes")
    return size


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


def add_sums(one: int, other: int) -> int:
    """Return the 32-bit ones' complement sum of two sums."""
    total = one + other
    return (total & 0xFFFFFFFF) + (total >> 32)


def find_image(
    units: Iterable[tuple[Unit, tuple[int, ...]]], name: str
) -> tuple[int, Unit, tuple[int, ...]]:
    """Find the HDU of the image: the primary HDU, or the first image extension.

    Parameters
    ----------
    units : iterable of (Unit, shape)
        The HDUs, in file order.
    name : str
        Of the file.

    Returns
    -------
    number : int
        Number of the HDU in the file.
    unit : Unit
    shape : tuple of int
        Slowest axis first.

    Raises
    ------
    UnusableFrame
        There is no image, or it exceeds the limits.
    """
    for number, (unit, shape) in enumerate(units):
        if number and not unit.compressed and unit.header.get("XTENSION", "").strip() != "IMAGE":
            continue
        n_pixels = math.prod(shape)
        if not shape or n_pixels == 0:
            continue
        if n_pixels > MAX_PIXELS:
            raise UnusableFrame(NoticeCode.IMAGE_TOO_LARGE, file=name, megapixels=n_pixels / 1e6)
        return number, unit, shape
    raise UnusableFrame(NoticeCode.NO_IMAGE, file=name)
