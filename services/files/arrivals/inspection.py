"""The examination of a file that has come: complete, a raw frame, and what its header says.

It parses what others wrote, so it is done in a process of its own (`services.files.arrivals.
inspector`) with limits of memory and time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reduction.errors import HeaderError, UnusableFrame
from reduction.fits import headers
from reduction.fits.derivation.completion import NOTHING, Given
from reduction.fits.examination import product_marks
from reduction.fits.examination.survey import Survey, survey
from reduction.frames import FrameDescription
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice
from services.files.file_integrity import IncompleteFile, Stamp

_MAY_PASS = frozenset(
    {
        NoticeCode.FILE_EMPTY,
        NoticeCode.FILE_CUT_SHORT,
        NoticeCode.HEADER_CUT_SHORT,
        NoticeCode.GZIP_DAMAGED,
        NoticeCode.CHECKSUM_MISMATCH,
        NoticeCode.NOT_FITS,
        NoticeCode.NO_IMAGE,
    }
)
"""Faults that the rest of a copy may end; what exceeds a limit only grows."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A complete, readable raw frame: its description, and notices on what is unusual."""

    frame: FrameDescription
    checksum: str
    oddities: tuple[Notice, ...]


def inspect(path: Path, given: Given = NOTHING) -> Inspection:
    """Examine a file; `given` are header cards that a person decided.

    Raises
    ------
    IncompleteFile
        Something is missing and the file was written to recently, or it changed meanwhile.
    UnusableFrame
        It is damaged, or was left incomplete.
    HeaderError
        A card that is needed can't be used, or shows that the file is a product.
    """
    stamp = Stamp.of(path)
    found = _complete(path, stamp)
    mark = product_marks.find(found.headers, found.shape)
    if mark is not None:
        raise HeaderError(mark.to_notice())
    frame = headers.describe(found.header, found.shape, path.name, given)
    if Stamp.of(path) != stamp:
        raise IncompleteFile(f"{path.name} changed while it was read.")
    oddities = () if found.unwritten is None else (found.unwritten,)
    return Inspection(frame, found.checksum, oddities)


def _complete(path: Path, stamp: Stamp) -> Survey:
    try:
        found = survey(path)
    except UnusableFrame as error:
        if error.notice.code not in _MAY_PASS:
            raise
        if stamp.is_recent and _may_grow(path, stamp):
            raise _incomplete(path) from None
        raise
    except HeaderError:
        # A header of which a block is not written yet lacks cards.
        if stamp.is_recent and _has_unwritten_start(path):
            raise _incomplete(path) from None
        raise
    if found.unwritten and stamp.is_recent:
        raise _incomplete(path)
    return found


def _incomplete(path: Path) -> IncompleteFile:
    return IncompleteFile(f"{path.name} is not completely written yet.")


def _may_grow(path: Path, stamp: Stamp) -> bool:
    """Return whether the bytes so far could be the beginning of a FITS file."""
    if stamp.size == 0:
        return True
    with path.open("rb") as stream:
        start = stream.read(9)
    # A preallocated file begins with zeros until its first block is written.
    begins = (b"SIMPLE  =", b"\x1f\x8b", b"\0" * 9)
    return any(start.startswith(b[: len(start)]) for b in begins)


def _has_unwritten_start(path: Path) -> bool:
    with path.open("rb") as stream:
        return b"\0" * 80 in stream.read(1 << 16)
