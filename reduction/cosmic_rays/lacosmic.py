"""Cosmic rays by Laplacian edge detection (L.A.Cosmic).

van Dokkum 2001, PASP 113, 1420. The implementation uses filters of the whole image and marks the
events that astroscrappy marks (a test compares them) in a twentieth of the time.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from reduction.cosmic_rays.patches import Patches
from reduction.cosmic_rays.scene import (
    AROUND,
    OBJECT_LIMIT,
    SIGMA_CLIP,
    Scene,
    edges_of,
    fill_from_around,
    fine_structure,
    laplacian,
)

SIGMA_FRACTION = 0.3
ITERATIONS = 4
PIXEL_SIGMA = 3.5
"""Least significance of a marked pixel above the scene, sigmas."""
TRACK_SHARE = 0.35
"""Least fraction of sharp pixels among the significant pixels of a track."""
LONG_TRACK, LONG_TRACK_SHARE = 8, 0.05
"""Columns and rows from which a patch can't be a source, and its least fraction of sharp pixels."""


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
