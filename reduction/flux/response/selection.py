"""Which points of a standard star's spectrum the fit of its response uses."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.errors import NoSensitivity
from reduction.flux.references.library import Reference, Star
from reduction.flux.response import bands, bins, line_shift, second_order
from reduction.flux.response.bands import ResponseMask
from reduction.flux.response.bins import Points
from reduction.flux.response.counts import Counts
from reduction.flux.response.model import FitOptions
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]

LEAST_SIGNAL: Final = 10.0
"""Signal to noise of a point: the logarithm of a fainter one is biased."""
LARGEST_UNCERTAINTY: Final = 0.1
"""Fractional, of the reference: what is less certain does not take part in the fit."""
OPTICS_CUTOFF: Final = 3200.0
"""Å: the atmosphere and the optics pass nothing bluewards."""
LEAST_TRANSMISSION: Final = 0.2
LEAST_POINTS: Final = 8
LEAST_RANGE: Final = 300.0
"""Å."""


def on_its_lines(counts: Counts, star: Star) -> tuple[Counts, tuple[Notice, ...]]:
    """Return counts whose lines are where the best reference has them."""
    flags = bands.in_bands(counts.wavelength, bands.telluric_bands(counts.resolution))
    flags[~counts.good] |= np.uint8(ResponseMask.BAD_PIXEL)
    shift = line_shift.shift_of(counts, flags, star.references[0])
    if not shift:
        return counts, ()
    facts = {"star": star.name, "shift": round(shift, 1)}
    return line_shift.shifted(counts, shift), (notice(NoticeCode.STANDARD_SHIFTED, **facts),)


def flags_of(counts: Counts, second: Floats, kind: str, options: FitOptions) -> Flags:
    """Return the `ResponseMask` bits of the pixels of a spectrum, (n,).

    Parameters
    ----------
    counts : Counts
    second : (n,) float64
        Largest part of the light that can be of the second order.
    kind : str
        Of the star.
    options : FitOptions
    """
    tables = [bands.telluric_bands(counts.resolution)]
    if options.mask_lines:
        tables.append(bands.stellar_bands(kind, counts.resolution))
    flags = bands.in_bands(counts.wavelength, *tables)
    flags[~counts.good] |= np.uint8(ResponseMask.BAD_PIXEL)
    flags[second > second_order.TOLERATED] |= np.uint8(ResponseMask.SECOND_ORDER)
    flags[counts.wavelength < OPTICS_CUTOFF] |= np.uint8(ResponseMask.EDGE)
    return flags


def points_of(
    counts: Counts, flags: Flags, star: Star, transmission: Floats | None = None
) -> tuple[Points, tuple[Reference, ...]]:
    """Return the points of the best reference, and beyond its range those of the next.

    Parameters
    ----------
    counts : Counts
        Above the atmosphere, but for the bands of oxygen and water.
    flags : (n,) uint8
    star : Star
    transmission : (n,) float64, optional
        Of these bands. A reference that was published without them is compared with the counts
        divided by it; this matters for the weak bands, since the strong ones are masked.

    Returns
    -------
    points : Points
    used : tuple of Reference

    Raises
    ------
    NoSensitivity
        No reference overlaps the spectrum.
    """
    cleared = counts
    if transmission is not None:
        cleared = counts.scaled(1 / np.clip(transmission, LEAST_TRANSMISSION, 1.0))
    found: Points | None = None
    used: list[Reference] = []
    for reference in star.references:
        seen = counts if reference.telluric_inside else cleared
        points = bins.points_of(seen, flags, reference)
        if not points.wavelength.size:
            continue
        if found is None:
            found, used = points, [reference]
            continue
        joined = bins.continued(found, points)
        if joined is not None:
            found, used = joined, [*used, reference]
    if found is None:
        raise NoSensitivity(NoticeCode.STANDARD_NO_OVERLAP, star=star.name)
    return found, tuple(used)


def usable_points(points: Points, star: str) -> NDArray[np.bool_]:
    """Return which points the fit may use.

    Raises
    ------
    NoSensitivity
        They are too few: the star is too faint, or reference and spectrum do not overlap.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        signal = np.nan_to_num(points.ratio / np.sqrt(points.variance), nan=0.0)
    unmasked = (points.flags == 0) & (points.uncertainty < LARGEST_UNCERTAINTY)
    usable = unmasked & (signal > LEAST_SIGNAL)
    if not _enough(points, unmasked):
        raise NoSensitivity(NoticeCode.STANDARD_NO_OVERLAP, star=star)
    if not _enough(points, usable):
        faint = round(float(np.median(signal[unmasked])), 1)
        raise NoSensitivity(NoticeCode.STANDARD_TOO_FAINT, star=star, signal=faint)
    return usable


def _enough(points: Points, usable: NDArray[np.bool_]) -> bool:
    where = points.wavelength[usable]
    return where.size >= LEAST_POINTS and float(np.ptp(where)) >= LEAST_RANGE
