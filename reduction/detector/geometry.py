"""Detector coordinates of pixels, for any binning and trimming.

Products carry the IRAF cards ``LTMi_i`` and ``LTVi``: ``logical = LTM * physical + LTV``, both
counted from 1 with integers at pixel centres; the physical pixel is the unbinned pixel of the full
read-out. A pixel binned by b covers physical b*(i-1)+1 … b*i, so its centre is b*i - (b-1)/2, and
``LTM = 1/b``, ``LTV = (b-1)/(2b)`` before any trim. The half pixel matters: without it a 2x2
science frame is displaced from its 1x2 arc by half an unbinned pixel.

In Python the functions count from 0 (numpy), again with integers at pixel centres.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.errors import HeaderError
from reduction.fits import headers, vocabulary
from reduction.notice_codes import NoticeCode

# Unbinned columns, counted from 1 (published geometry of the two detectors).
ILLUMINATED = (51, 4110)
OVERSCAN = {"Red": (6, 49), "Blue": (1, 16)}

LIT_TOLERANCE = 16
"""Unbinned columns by which the edges of ``TRIMSEC`` may differ from the illuminated columns."""
KEPT = 0.9
"""Least part of the rows, or of the columns of a region without known overscan, it may keep."""
MOST_BINNING = 64
FAR = 1e5
"""Pixels; more than the columns or rows of any detector."""

Pixels = float | NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Section:
    """A rectangle ``data[section.slices]`` of an image: 0-based, ends excluded."""

    x0: int
    x1: int
    y0: int
    y1: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Numpy slices, (y, x)."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (ny, nx)."""
        return self.y1 - self.y0, self.x1 - self.x0

    def within(self, other: Section) -> Section:
        """Return the part of the rectangle that is inside another one; it may be empty."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Section(x0, max(min(self.x1, other.x1), x0), y0, max(min(self.y1, other.y1), y0))

    @property
    def size(self) -> int:
        """Number of pixels."""
        ny, nx = self.shape
        return ny * nx

    def __str__(self) -> str:
        """Return the FITS form, counted from 1, ends included: ``[26:2055,2:948]``."""
        return f"[{self.x0 + 1}:{self.x1},{self.y0 + 1}:{self.y1}]"


def size_text(shape: tuple[int, int]) -> str:
    """Return a shape (ny, nx) as columns x rows: ``2071 x 948``."""
    return f"{shape[1]} x {shape[0]}"


def parse_section(value: str) -> Section | None:
    """Return the section of a card such as ``'[26:2055,2:948]'``, None if it is malformed."""
    match = re.fullmatch(r"\s*\[\s*(\d+):(\d+)\s*,\s*(\d+):(\d+)\s*\]\s*", value)
    if match is None:
        return None
    first_x, last_x, first_y, last_y = (int(n) for n in match.groups())
    if first_x < 1 or first_y < 1 or last_x < first_x or last_y < first_y:
        return None
    return Section(first_x - 1, last_x, first_y - 1, last_y)


def readout_origin(header: fits.Header, shape: tuple[int, int]) -> tuple[int, int]:
    """Return the 0-based unbinned detector pixel (x, y) where the read-out window begins.

    It is read from the controller's cards, else from the name of a custom region
    (``CUST_0_4142_980_948_1x2``: x, width, y, height), else it is (0, 0). The Blue camera's frames
    are stored upside down (``Flip Y``); the window is then counted from the other end, so that the
    order of rows is kept.
    """
    binning = headers.read_binning(header)
    origin: dict[str, int] = {}
    rows: int | None = None
    for card in header.cards:
        if not card.keyword.startswith(vocabulary.CONTROLLER_PREFIX):
            continue
        for axis, comment in vocabulary.ORIGIN_COMMENTS.items():
            if card.comment.startswith(comment) and isinstance(card.value, int):
                origin[axis] = card.value
        if card.comment.startswith(vocabulary.ROWS_COMMENT) and isinstance(card.value, int):
            rows = card.value
    if not origin:
        named = re.match(r"CUST_(\d+)_\d+_(\d+)_\d+", headers.text(header, vocabulary.ROI).upper())
        return (int(named[1]), int(named[2])) if named else (0, 0)
    x, y = origin.get("x", 0), origin.get("y", 0)
    comments = " ".join(str(line) for line in header.get("COMMENT", []))
    if rows is not None and vocabulary.FLIPPED_COMMENT in comments:
        y = max(rows - y - shape[0] * binning[1], 0)
    return x, y


def set_physical(header: fits.Header, shape: tuple[int, int]) -> None:
    """Write the ``LTM``/``LTV`` cards of an untrimmed raw frame of `shape` (ny, nx)."""
    for axis, b, origin in zip(
        (1, 2), headers.read_binning(header), readout_origin(header, shape), strict=True
    ):
        header[f"LTM{axis}_{axis}"] = (1 / b, "logical = LTM * physical + LTV")
        header[f"LTV{axis}"] = ((b - 1) / (2 * b) - origin / b, "physical: unbinned pixel")


def shift_physical(header: fits.Header, dx: int, dy: int) -> None:
    """Account for `dx` columns and `dy` rows cut off before the first pixel kept."""
    for axis, cut in ((1, dx), (2, dy)):
        if f"LTV{axis}" in header:
            header[f"LTV{axis}"] = float(header[f"LTV{axis}"]) - cut


def _position_cards(axis: int) -> list[str]:
    """Return the cards that place a frame on the detector along an axis."""
    return [f"LTV{axis}", f"LTM{axis}_{axis}"]


def _terms(header: fits.Header, axis: int) -> tuple[float, float]:
    try:
        scale, offset = float(header[f"LTM{axis}_{axis}"]), float(header[f"LTV{axis}"])
    except (KeyError, TypeError, ValueError) as error:
        raise HeaderError(
            NoticeCode.POSITION_MISSING, keyword=f"LTV{axis}", cards=_position_cards(axis)
        ) from error
    if not (1 / MOST_BINNING <= scale <= 1 and abs(offset) <= FAR):
        raise HeaderError(
            NoticeCode.POSITION_IMPLAUSIBLE, keyword=f"LTV{axis}", cards=_position_cards(axis)
        )
    return scale, offset


def to_physical(header: fits.Header, axis: int, pixel: Pixels) -> Pixels:
    """Return the 0-based unbinned detector pixel of a 0-based pixel of a product.

    Parameters
    ----------
    header : fits.Header
        The product's header, with ``LTM`` and ``LTV``.
    axis : int
        FITS axis: 1 along the dispersion, 2 along the slit.
    pixel : float or array
        Pixel coordinates; integers are pixel centres.

    Returns
    -------
    float or array
        Unbinned detector pixels, of the shape of `pixel`.

    Raises
    ------
    HeaderError
        The cards are missing or implausible.
    """
    scale, offset = _terms(header, axis)
    return (pixel + 1 - offset) / scale - 1


def to_logical(header: fits.Header, axis: int, physical: Pixels) -> Pixels:
    """Return the 0-based pixel of a product at a 0-based unbinned detector pixel.

    The inverse of `to_physical`.

    Parameters
    ----------
    header : fits.Header
        The product's header, with ``LTM`` and ``LTV``.
    axis : int
        FITS axis: 1 along the dispersion, 2 along the slit.
    physical : float or array
        Unbinned detector pixels; integers are pixel centres.

    Returns
    -------
    float or array
        Pixels of the product, of the shape of `physical`.

    Raises
    ------
    HeaderError
        The cards are missing or implausible.
    """
    scale, offset = _terms(header, axis)
    return scale * (physical + 1) + offset - 1


def binning_along(header: fits.Header, axis: int) -> float:
    """Return how many unbinned pixels one pixel of a product covers along a FITS axis."""
    return 1 / _terms(header, axis)[0]


def image_section(header: fits.Header, shape: tuple[int, int]) -> Section:
    """Return the part of a raw frame that holds an image.

    Along each axis ``TRIMSEC`` is used, in pixels of the frame or in unbinned ones as older frames
    give it, if it lies in the frame and does not cut off what must be image: along the dispersion
    it agrees with the published geometry, along the slit it keeps `KEPT` of the rows. Otherwise the
    illuminated columns and all rows are taken. An imaging region narrower than the detector has no
    known pre- or overscan and is used completely.

    Parameters
    ----------
    header : fits.Header
    shape : (int, int)
        Rows and columns of the raw frame.

    Returns
    -------
    Section
    """
    ny, nx = shape
    binning = headers.read_binning(header)
    b = binning[0]
    lit = (0, nx)
    tolerance = (1 - KEPT) * nx
    if abs(nx * b - headers.FULL_WIDTH) <= 2 * b:
        # Only completely illuminated pixels are kept.
        lit = (-(-(ILLUMINATED[0] - 1) // b), min(ILLUMINATED[1] // b, nx))
        tolerance = LIT_TOLERANCE / b
    x, y = lit, (0, ny)
    # Unbinned pixels come first, so that the frame's own win where both are credible.
    for stated in reversed(_stated_sections(header, binning)):
        if max(abs(stated.x0 - lit[0]), abs(stated.x1 - lit[1])) <= tolerance and stated.x1 <= nx:
            x = (stated.x0, stated.x1)
        if stated.y1 <= ny and stated.y1 - stated.y0 >= KEPT * ny:
            y = (stated.y0, stated.y1)
    return Section(*x, *y)


def _stated_sections(header: fits.Header, binning: tuple[int, int]) -> list[Section]:
    """Return ``TRIMSEC`` in pixels of the frame: as it stands, and if it is in unbinned pixels."""
    stated = parse_section(headers.text(header, vocabulary.TRIMSEC))
    if stated is None:
        return []
    bx, by = binning
    unbinned = Section(-(-stated.x0 // bx), stated.x1 // bx, -(-stated.y0 // by), stated.y1 // by)
    return [stated, unbinned]


def stale_section(header: fits.Header, shape: tuple[int, int]) -> str | None:
    """Return a ``TRIMSEC`` that does not describe the frame, None if it does or is the whole frame.

    Parameters
    ----------
    header : fits.Header
    shape : (int, int)
        Rows and columns of the raw frame.
    """
    used = image_section(header, shape)
    stated = _stated_sections(header, headers.read_binning(header))
    if not stated or any(one.shape == shape or one == used for one in stated):
        return None
    return str(stated[0])


def shared_part(
    header: fits.Header,
    shape: tuple[int, int],
    other: fits.Header,
    other_shape: tuple[int, int],
) -> tuple[Section, Section] | None:
    """Return the part of the detector that two frames share, in pixels of each.

    Parameters
    ----------
    header, other : fits.Header
        With ``LTM`` and ``LTV``.
    shape, other_shape : (int, int)
        Rows and columns.

    Returns
    -------
    (Section, Section) or None
        Of the same shape, and of the same pixels of the detector; None if the binnings differ, the
        pixels are displaced by a fraction of a pixel, or no pixel is shared.

    Raises
    ------
    HeaderError
        The cards are missing or implausible.
    """
    spans = []
    for axis in (1, 2):
        length, available = shape[2 - axis], other_shape[2 - axis]
        if abs(binning_along(header, axis) - binning_along(other, axis)) > 1e-6:
            return None
        offset = float(to_logical(other, axis, to_physical(header, axis, 0.0)))
        whole = round(offset)
        first, last = max(0, -whole), min(length, available - whole)
        if abs(offset - whole) > 0.01 or last <= first:
            return None
        spans.append((first, last, whole))
    (x0, x1, dx), (y0, y1, dy) = spans
    return Section(x0, x1, y0, y1), Section(x0 + dx, x1 + dx, y0 + dy, y1 + dy)


def overscan_section(header: fits.Header, shape: tuple[int, int]) -> Section | None:
    """Return the overscan columns, None when the region has none.

    Half-covered binned pixels at both ends are left out.
    """
    ny, nx = shape
    b = headers.read_binning(header)[0]
    if abs(nx * b - headers.FULL_WIDTH) > 2 * b:
        return None
    first, last = OVERSCAN[headers.read_camera(header)]
    section = Section(-(-(first - 1) // b), last // b, 0, ny)
    return section if section.x1 - section.x0 >= 2 else None
