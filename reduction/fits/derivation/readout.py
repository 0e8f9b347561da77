"""Binning of a read-out, from the cards that give it and the size of the image."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from astropy.io import fits

from reduction.errors import HeaderError
from reduction.fits import header_values, vocabulary
from reduction.fits.derivation import controller
from reduction.fits.derivation.cards import require_text, usable_text
from reduction.notice_codes import NoticeCode

FULL_WIDTH: Final = 4142
"""Unbinned columns of a full read-out, pre- and overscan included; there are never more rows."""
SPARE: Final = 60
"""Pixels by which a read-out may be larger, for overscan rows."""


@dataclass(frozen=True, slots=True)
class Binning:
    """Binning (x, y); `source` names what it was derived from, "" if ``CCDSUM`` states it.

    `is_presumed`: that along the slit was taken to be the one along the dispersion.
    """

    xy: tuple[int, int]
    source: str = ""
    is_presumed: bool = False


def plane(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the shape (ny, nx) of an image; a single plane in front is dropped.

    Raises
    ------
    HeaderError
        There is more than one plane, or none.
    """
    if len(shape) == 3 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) != 2 or min(shape) < 1:
        raise HeaderError(NoticeCode.SHAPE_NOT_ONE_PLANE, keyword="NAXIS", shape=str(shape))
    return shape[0], shape[1]


def binning(header: fits.Header, shape: tuple[int, int]) -> Binning:
    """Return the binning of an image of `shape` (ny, nx).

    It is that of ``CCDSUM``, else that of the controller's cards or of the name of the region; else
    it follows from the width of a full read-out, which 1, 2 and 3 divide differently, and from the
    number of rows that ``TRIMSEC`` states in unbinned pixels.

    Raises
    ------
    HeaderError
        No card gives a binning with which the image is no larger than the detector.
    """
    card = vocabulary.CCDSUM
    stated = header.get(card.keyword)
    if isinstance(stated, str) and stated.strip():
        try:
            found = header_values.binning(stated.strip())
        except HeaderError:
            pass
        else:
            if fits_detector(found, shape):
                return Binning(found)
    for derived in (_of_controller(header), _of_region(header), _of_size(header, shape)):
        if derived is not None and fits_detector(derived.xy, shape):
            return derived
    require_text(header, card)
    xy = header_values.binning(str(stated))
    raise HeaderError(
        NoticeCode.LARGER_THAN_DETECTOR,
        keyword=card.keyword,
        binning=f"{xy[0]}x{xy[1]}",
        size=f"{shape[1]} x {shape[0]}",
    )


def fits_detector(xy: tuple[int, int], shape: tuple[int, int]) -> bool:
    """Return whether an image (ny, nx) with a binning (x, y) is no larger than the detector."""
    return max(shape[1] * xy[0], shape[0] * xy[1]) <= FULL_WIDTH + SPARE


def _of_controller(header: fits.Header) -> Binning | None:
    states = controller.values(header)
    x, y = states.get("x binning"), states.get("y binning")
    if isinstance(x, int) and isinstance(y, int) and 1 <= x <= 9 and 1 <= y <= 9:
        comments = vocabulary.CONTROLLER_COMMENTS
        return Binning((x, y), f"{comments['x binning']}, {comments['y binning']}")
    return None


def _of_region(header: fits.Header) -> Binning | None:
    name = usable_text(header, vocabulary.ROI)
    match = re.search(r"(?:^|[\s_])([1-9])x([1-9])$", name)
    return Binning((int(match[1]), int(match[2])), f"ROI {name}") if match else None


def _of_size(header: fits.Header, shape: tuple[int, int]) -> Binning | None:
    x = next((b for b in (1, 2, 3) if shape[1] in (FULL_WIDTH // b, -(-FULL_WIDTH // b))), None)
    if x is None:
        return None
    source = f"NAXIS1 {shape[1]}"
    section = re.search(r",1:(\d+)\]", usable_text(header, vocabulary.TRIMSEC).replace(" ", ""))
    if section and int(section[1]) % shape[0] == 0:
        y = int(section[1]) // shape[0]
        if 1 < y <= 9:
            return Binning((x, y), f"{source}, TRIMSEC {section[1]} rows")
    return Binning((x, x), source, is_presumed=True)
