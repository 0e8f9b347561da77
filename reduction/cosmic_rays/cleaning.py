"""Find cosmic rays in a frame, flag them, and replace them for display."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.cosmic_rays import plausibility
from reduction.cosmic_rays.dcr import search as search_gaps
from reduction.cosmic_rays.lacosmic import lacosmic
from reduction.cosmic_rays.plausibility import Plausible
from reduction.cosmic_rays.scene import BLOCK_COLUMNS, fill, without_scene
from reduction.errors import UnusableFrame
from reduction.fits.frame_io import flags_of, image_frame, variance_of
from reduction.frames import PixelFlag
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

Method = Literal["dcr", "lacosmic"]
SATURATED_RUN = 4
"""Number of adjacent saturated pixels in a row that only a source has."""
NOTIFIED_FROM = 20
"""Protected pixels from which a notice is given."""
BESIDE_ROWS = 4
"""Rows beside saturated pixels that are affected by the clipped profile."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A frame with its cosmic rays flagged.

    Parameters
    ----------
    frame : CCDData
        With the variance of the frame that was given; flags and mask include the cosmic rays.
    n_pixels : int
        Number of pixels flagged.
    notices : tuple of Notice
        What was found and is not taken for cosmic rays.
    """

    frame: CCDData
    n_pixels: int
    notices: tuple[Notice, ...] = ()


def _beside_saturation(flags: NDArray[np.uint8], *, spectrum: bool) -> NDArray[np.bool_]:
    """Return the pixels beside a saturated source, where cosmic rays can't be identified.

    A cosmic ray saturates few pixels in a row, a source many. The profile of the source is clipped,
    and its edges are as sharp as a cosmic ray.
    """
    saturated = ((flags & np.uint8(PixelFlag.SATURATED)) != 0).astype(np.uint8)
    if not saturated.any():
        return np.zeros(flags.shape, dtype=bool)
    runs = cv2.morphologyEx(saturated, cv2.MORPH_OPEN, np.ones((1, SATURATED_RUN), np.uint8))
    width = 2 * BLOCK_COLUMNS + 1 if spectrum else 2 * BESIDE_ROWS + 1
    beside = np.ones((2 * BESIDE_ROWS + 1, width), np.uint8)
    return np.asarray(cv2.dilate(runs, beside), dtype=bool)


def clean(frame: CCDData, method: Method, *, spectrum: bool, most: int | None = None) -> Cleaned:
    """Find cosmic rays, flag them COSMIC_RAY and replace them by the pixels around.

    The replacement is for display only; measurements ignore flagged pixels. Marks that cannot be
    cosmic rays (`reduction.cosmic_rays.plausibility`) are not flagged.

    Parameters
    ----------
    frame : CCDData
        (n_rows, n_columns), electron, with variance.
    method : {"dcr", "lacosmic"}
        `reduction.cosmic_rays.dcr.search` or `reduction.cosmic_rays.lacosmic.lacosmic`.
    spectrum : bool
        Whether the frame is a spectrum (dispersed along x) or an image.
    most : int or None
        Largest number of events of its exposure time, from
        `reduction.cosmic_rays.plausibility.most_events`.

    Returns
    -------
    Cleaned

    Raises
    ------
    UnusableFrame
        The frame has no variance.
    """
    variance = variance_of(frame)
    if variance is None:
        raise UnusableFrame(NoticeCode.NO_VARIANCE)
    bad = flags_of(frame) != 0
    data = np.ascontiguousarray(frame.data, dtype=np.float32)
    scene = without_scene(data, variance, bad, spectrum=spectrum)
    if method == "lacosmic":
        hits = lacosmic(scene, bad, spectrum=spectrum)
    else:
        hits = search_gaps(scene, bad)
    flags = flags_of(frame).copy()
    hits &= ~_beside_saturation(flags, spectrum=spectrum)
    plausible = plausibility.judge(hits, most)
    hits = plausible.hits
    flags[hits] |= np.uint8(PixelFlag.COSMIC_RAY)
    places = np.flatnonzero(hits)
    fill(scene.work, bad | hits, places)
    repaired = data.copy()
    repaired.ravel()[places] = scene.work.ravel()[places] + scene.smooth.ravel()[places]
    cleaned = image_frame(repaired, variance, flags, unit=frame.unit, meta=frame.meta.copy())
    return Cleaned(cleaned, places.size, _notices(plausible, most))


def _notices(plausible: Plausible, most: int | None) -> tuple[Notice, ...]:
    """Return what is to be said of marks that are no cosmic rays."""
    if plausible.too_many:
        return (notice(NoticeCode.COSMIC_RAYS_TOO_MANY, found=plausible.n_found, most=most),)
    if plausible.n_protected >= NOTIFIED_FROM:
        return (notice(NoticeCode.COSMIC_RAYS_PROTECTED, count=plausible.n_protected),)
    return ()
