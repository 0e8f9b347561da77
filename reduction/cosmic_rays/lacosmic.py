"""Cosmic rays by Laplacian edge detection (L.A.Cosmic), and their replacement in a frame.

van Dokkum 2001, PASP 113, 1420. The implementation uses filters of the whole image and marks the
events that astroscrappy marks (a test compares them) in a twentieth of the time.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.cosmic_rays.dcr import search as search_gaps
from reduction.cosmic_rays.patches import Patches
from reduction.cosmic_rays.scene import (
    AROUND,
    BLOCK_COLUMNS,
    OBJECT_LIMIT,
    SIGMA_CLIP,
    Scene,
    edges_of,
    fill_from_around,
    fine_structure,
    laplacian,
    without_scene,
)
from reduction.errors import UnusableFrame
from reduction.fits.frame_io import flags_of, image_frame, variance_of
from reduction.frames import PixelFlag
from reduction.notice_codes import NoticeCode

Method = Literal["dcr", "lacosmic"]
SIGMA_FRACTION = 0.3
ITERATIONS = 4
PIXEL_SIGMA = 3.5
"""Least significance of a marked pixel above the scene, sigmas."""
TRACK_SHARE = 0.35
"""Least fraction of sharp pixels among the significant pixels of a track."""
LONG_TRACK, LONG_TRACK_SHARE = 8, 0.05
"""Columns and rows from which a patch can't be a source, and its least fraction of sharp pixels."""
SATURATED_RUN = 4
"""Number of adjacent saturated pixels in a row that only a source has."""
BESIDE_ROWS = 4
"""Rows beside saturated pixels that are affected by the clipped profile."""


def lacosmic(scene: Scene, bad: NDArray[np.bool_], *, spectrum: bool = True) -> NDArray[np.bool_]:
    """Find cosmic rays with L.A.Cosmic (van Dokkum 2001).

    A pixel must also be significant above the scene itself, since the negative lobes of the
    Laplacian and the neighbours of a strong hit are sharp too, without any charge. In addition to
    van Dokkum's iterations, sharp pixels that are connected with a cosmic ray are marked, since the
    core of a wide track is no sharper than a source.

    Parameters
    ----------
    scene : Scene
        The frame without its smooth part.
    bad : (n_rows, n_columns) bool
        Pixels already known to be bad; they are neither used nor marked.
    spectrum : bool
        Whether the frame is a spectrum (dispersed along x) or an image.

    Returns
    -------
    (n_rows, n_columns) bool
        True for the pixels of cosmic rays.
    """
    marks = _bright_and_sharp(scene) & ~bad
    patches = Patches(marks)
    if not patches.count:
        return marks
    work, noise = patches.cut(scene.work), patches.cut(scene.noise)
    hits = np.zeros(work.shape, dtype=bool)
    unknown = patches.cut(bad)
    barred = patches.edge | unknown
    for _ in range(ITERATIONS):
        edges = edges_of(work, noise)
        strong = edges > SIGMA_CLIP
        seeds = strong & (work > SIGMA_CLIP * noise) & ~barred
        seeds &= edges > OBJECT_LIMIT * fine_structure(work, noise)
        grown = cv2.dilate(seeds.astype(np.uint8), AROUND) & strong
        new = cv2.dilate(grown.astype(np.uint8), AROUND).astype(bool)
        new &= (edges > SIGMA_CLIP * SIGMA_FRACTION) & (work > PIXEL_SIGMA * noise)
        new &= ~(barred | hits)
        if not new.any():
            break
        hits |= new
        work = fill_from_around(work, hits | unknown)
    hits = patches.cut(_with_their_cores(patches.frame(hits), marks, spectrum=spectrum))
    edges = edges_of(fill_from_around(work, hits | unknown), noise)
    beside = cv2.dilate(hits.astype(np.uint8), AROUND).astype(bool) & ~barred
    hits |= beside & (edges > SIGMA_CLIP * SIGMA_FRACTION) & (work > PIXEL_SIGMA * noise)
    return patches.frame(hits)


def _bright_and_sharp(scene: Scene) -> NDArray[np.bool_]:
    """Return the pixels that are significant above the scene, with a significant Laplacian.

    The Laplacian is calculated only around the few pixels that are significant.
    """
    bright = scene.work > SIGMA_CLIP * scene.noise
    patches = Patches(bright)
    if not patches.count:
        return bright
    sharp = laplacian(patches.cut(scene.work), patches.cut(scene.noise)) > SIGMA_CLIP
    return bright & patches.frame(sharp)


def _with_their_cores(
    hits: NDArray[np.bool_], marks: NDArray[np.bool_], *, spectrum: bool
) -> NDArray[np.bool_]:
    """Return the hits and the marked pixels that are connected with them.

    The core of a wide track is no sharper than a source, but enough of its pixels are sharp; most
    pixels of a source with a hit are not. In a spectrum only a track extends in both directions:
    sources extend along the dispersion, sky lines along the slit.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats((hits | marks).astype(np.uint8))
    sizes = stats[:, cv2.CC_STAT_AREA]
    share = np.bincount(labels[hits], minlength=len(sizes)) / sizes
    tracks = share > TRACK_SHARE
    if spectrum:
        extents = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].min(axis=1)
        tracks |= (share > LONG_TRACK_SHARE) & (extents >= LONG_TRACK)
    tracks[0] = False  # what is neither
    return hits | tracks[labels]


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


def clean(frame: CCDData, method: Method, *, spectrum: bool) -> tuple[CCDData, int]:
    """Find cosmic rays, flag them COSMIC_RAY and replace them by the pixels around.

    The replacement is for display only; measurements ignore flagged pixels.

    Parameters
    ----------
    frame : CCDData
        (n_rows, n_columns), electron, with variance.
    method : {"dcr", "lacosmic"}
        `reduction.cosmic_rays.dcr.search` or `lacosmic`.
    spectrum : bool
        Whether the frame is a spectrum (dispersed along x) or an image.

    Returns
    -------
    cleaned : CCDData
        With the same variance; flags and mask include the cosmic rays.
    n_pixels : int
        Number of pixels flagged.

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
    flags[hits] |= np.uint8(PixelFlag.COSMIC_RAY)
    repaired = fill_from_around(scene.work, bad | hits) + scene.smooth
    cleaned = image_frame(
        np.where(hits, repaired, data), variance, flags, unit=frame.unit, meta=frame.meta.copy()
    )
    return cleaned, int(hits.sum())
