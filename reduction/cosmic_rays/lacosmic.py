"""Cosmic rays by Laplacian edge detection (L.A.Cosmic).

van Dokkum 2001, PASP 113, 1420. The implementation uses filters of the whole image and marks the
events that astroscrappy marks (a test compares them) in a twentieth of the time.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from reduction.cosmic_rays.events import events
from reduction.cosmic_rays.patches import Patches, split, tall
from reduction.cosmic_rays.scene import (
    AROUND,
    OBJECT_LIMIT,
    SIGMA_CLIP,
    Image,
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
    active = np.arange(patches.count)
    for _ in range(ITERATIONS):
        # A patch without a new hit stays as it is.
        near, sigma, out, known = (split(one)[active] for one in (work, noise, barred, hits))
        new = _new_hits(near, sigma, out | known)
        active, new = active[new.any(axis=(1, 2))], new[new.any(axis=(1, 2))]
        if not active.size:
            break
        split(hits)[active] |= new
        gone = split(hits)[active] | split(unknown)[active]
        split(work)[active] = split(fill_from_around(tall(split(work)[active]), tall(gone)))
    hits = patches.cut(_with_their_cores(patches.frame(hits), marks, spectrum=spectrum))
    active = np.flatnonzero(split(hits).any(axis=(1, 2)))
    if not active.size:
        return np.zeros(marks.shape, dtype=bool)
    near, sigma, mine, out = (tall(split(one)[active]) for one in (work, noise, hits, barred))
    edges = edges_of(fill_from_around(near, mine | tall(split(unknown)[active])), sigma)
    beside = cv2.dilate(mine.astype(np.uint8), AROUND).astype(bool) & ~out
    mine |= beside & (edges > SIGMA_CLIP * SIGMA_FRACTION) & (near > PIXEL_SIGMA * sigma)
    split(hits)[active] = split(mine)
    return patches.frame(hits)


def _new_hits(work: Image, noise: Image, barred: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of cosmic rays by one iteration of L.A.Cosmic.

    Parameters
    ----------
    work, noise : (n_patches, n, n) float32
        Electron.
    barred : (n_patches, n, n) bool
        Pixels that are not marked.
    """
    edges = split(edges_of(tall(work), tall(noise)))
    strong = edges > SIGMA_CLIP
    seeds = strong & (work > SIGMA_CLIP * noise) & ~barred
    tried = np.flatnonzero(seeds.any(axis=(1, 2)))
    new = np.zeros(work.shape, dtype=bool)
    if not tried.size:
        return new
    near, sigma = work[tried], noise[tried]
    fine = split(fine_structure(tall(near), tall(sigma)))
    sharp = (seeds[tried] & (edges[tried] > OBJECT_LIMIT * fine)).astype(np.uint8)
    grown = cv2.dilate(tall(sharp), AROUND) & tall(strong[tried])
    around = split(cv2.dilate(grown.astype(np.uint8), AROUND).astype(bool))
    around &= (edges[tried] > SIGMA_CLIP * SIGMA_FRACTION) & (near > PIXEL_SIGMA * sigma)
    new[tried] = around & ~barred[tried]
    return new


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
    found = events(hits | marks)
    if not found.count:
        return hits
    hit = hits.ravel()[found.places]
    share = np.bincount(found.label[hit], minlength=found.count) / found.size
    tracks = share > TRACK_SHARE
    if spectrum:
        extents = np.minimum(found.extent(found.column), found.extent(found.row))
        tracks |= (share > LONG_TRACK_SHARE) & (extents >= LONG_TRACK)
    with_cores = hits.copy()
    with_cores.ravel()[found.places[tracks[found.label]]] = True
    return with_cores
