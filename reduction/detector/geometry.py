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

    ``TRIMSEC`` is used if it is consistent with ``NAXIS`` and smaller than the frame; older frames
    give it in unbinned pixels, or as the whole frame. Otherwise the illuminated columns are taken
    from the published geometry. An imaging region narrower than the detector has no known pre- or
    overscan and is used completely.
    """
    ny, nx = shape
    stated = parse_section(headers.text(header, vocabulary.TRIMSEC))
    if stated is not None and stated.x1 <= nx and stated.y1 <= ny and stated.shape != shape:
        return stated
    b = headers.read_binning(header)[0]
    if abs(nx * b - headers.FULL_WIDTH) > 2 * b:
        return Section(0, nx, 0, ny)
    # Only completely illuminated pixels are kept.
    x0 = -(-(ILLUMINATED[0] - 1) // b)
    return Section(x0, min(ILLUMINATED[1] // b, nx), 0, ny)


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
