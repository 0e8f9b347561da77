"""The rows of a reduced frame around a trace, with undefined values replaced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.errors import UnusableFrame
from reduction.fits.frame_io import flags_of, variance_of
from reduction.frames import PixelFlag
from reduction.notice_codes import NoticeCode

Image = NDArray[np.floating]

DEFECTS = int(PixelFlag.BAD | PixelFlag.COSMIC_RAY)
"""Flags of pixels whose value is meaningless; they are left out of every sum."""
HUGE = 1e9
"""Electrons; a value of this size or more is invalid."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Some rows of a frame.

    Parameters
    ----------
    rows : (n_rows,) int
        Row numbers in the frame.
    data, variance : (n_rows, n_dispersion) float
        0 where undefined.
    good, clean, saturated : (n_rows, n_dispersion) bool
        Pixels without `DEFECTS`; pixels without any flag except SATURATED; saturated pixels.
    """

    rows: NDArray[np.int64]
    data: Image
    variance: Image
    good: NDArray[np.bool_]
    clean: NDArray[np.bool_]
    saturated: NDArray[np.bool_]

    def part(self, low: float, high: float) -> Strip:
        """Return the rows from `low` to `high` that are in the strip."""
        chosen = slice(*np.searchsorted(self.rows, [low, high + 1]).tolist())
        return Strip(
            self.rows[chosen],
            self.data[chosen],
            self.variance[chosen],
            self.good[chosen],
            self.clean[chosen],
            self.saturated[chosen],
        )


def cut_strip(frame: CCDData, low: float, high: float) -> Strip:
    """Return the rows of a frame between two edges, with one more row at each end.

    Parameters
    ----------
    frame : CCDData
        (n_spatial, n_dispersion), electron, with variance and flags.
    low, high : float
        Rows.

    Returns
    -------
    Strip

    Raises
    ------
    UnusableFrame
        The frame has no variance, or no such rows.
    """
    plane = variance_of(frame)
    if plane is None:
        raise UnusableFrame(NoticeCode.NO_VARIANCE)
    n = frame.shape[0]
    first, last = (int(np.clip(edge, -1.0, n + 1.0)) for edge in (np.floor(low), np.ceil(high)))
    part = slice(max(first - 1, 0), min(last + 2, n))
    if part.stop - part.start < 1:
        raise UnusableFrame(NoticeCode.APERTURE_OUTSIDE)
    return make_strip(part.start, frame.data[part], plane[part], flags_of(frame)[part])


def make_strip(first: int, data: Image, variance: Image, flags: NDArray[np.uint8]) -> Strip:
    """Return rows of a frame as a strip.

    Parameters
    ----------
    first : int
        Number of the first row in the frame.
    data, variance : (n_rows, n_dispersion) float
        Electron and electron squared.
    flags : (n_rows, n_dispersion) uint8
        `PixelFlag` bits.

    Returns
    -------
    Strip
        Invalid values are 0, and neither `good` nor `clean`.
    """
    with np.errstate(invalid="ignore"):
        valid = (np.abs(data) < HUGE) & (variance >= 0) & (variance < HUGE**2)
    if not valid.all():
        data, variance = np.where(valid, data, data.dtype.type(0)), np.where(valid, variance, 0)
    return Strip(
        np.arange(first, first + data.shape[0]),
        data,
        variance,
        ((flags & DEFECTS) == 0) & valid,
        ((flags & ~np.uint8(PixelFlag.SATURATED)) == 0) & valid,
        (flags & PixelFlag.SATURATED) != 0,
    )
