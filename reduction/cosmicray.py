"""Cosmic rays: found by Laplacian edge detection (L.A.Cosmic), or by `reduction.dcr`.

van Dokkum 2001, PASP 113, 1420. It is written here with whole-image filters: it marks what
astroscrappy marks (a test compares them), many times faster.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from astropy.nddata import CCDData, VarianceUncertainty
from numpy.typing import NDArray

from reduction.dcr import search as search_gaps
from reduction.errors import UnusableFrame
from reduction.fitsio import flags_of, variance_of
from reduction.frames import PixelFlag
from reduction.patches import Patches
from reduction.scene import (
    AROUND,
    OBJECT_LIMIT,
    SIGMA_CLIP,
    Scene,
    edges_of,
    fill_from_around,
    fine_structure,
    laplacian,
    without_scene,
)

Method = Literal["dcr", "lacosmic"]
SIGMA_FRACTION = 0.3
ITERATIONS = 4
PIXEL_SIGMA = 3.5
"""By how much a marked pixel itself must stand above the scene."""


def lacosmic(scene: Scene, bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find cosmic rays with L.A.Cosmic (van Dokkum 2001).

    A pixel must also stand above the scene by itself: the Laplacian's negative lobes and a strong
    hit's neighbours are sharp too, without holding any charge.

    Parameters
    ----------
    scene : Scene
        The frame, its smooth part taken off.
    bad : (n_rows, n_columns) bool
        Pixels already known to be bad; they are neither used nor marked.

    Returns
    -------
    (n_rows, n_columns) bool
        True where a cosmic ray fell.
    """
    marks = laplacian(scene.work, scene.noise) > SIGMA_CLIP
    marks &= scene.work > SIGMA_CLIP * scene.noise
    marks &= ~bad
    patches = Patches(marks)
    if not patches.count:
        return marks
    work, noise = patches.cut(scene.work), patches.cut(scene.noise)
    found = np.zeros(work.shape, dtype=bool)
    unknown = patches.cut(bad)
    barred = patches.edge | unknown
    for _ in range(ITERATIONS):
        edges = edges_of(work, noise)
        strong = edges > SIGMA_CLIP
        seeds = strong & (work > SIGMA_CLIP * noise) & ~barred
        seeds &= edges > OBJECT_LIMIT * fine_structure(work, noise)
        grown = cv2.dilate(seeds.astype(np.uint8), AROUND) & strong
        grown = cv2.dilate(grown.astype(np.uint8), AROUND).astype(bool)
        new = grown & (edges > SIGMA_CLIP * SIGMA_FRACTION) & (work > PIXEL_SIGMA * noise)
        new &= ~(barred | found)
        if not new.any():
            break
        found |= new
        work = fill_from_around(work, found | unknown)
    return patches.frame(found)


def clean(frame: CCDData, method: Method, *, spectrum: bool) -> tuple[CCDData, int]:
    """Find cosmic rays, flag them COSMIC_RAY and replace them by what is around.

    The replacement is for the eye and for display; every measurement leaves flagged pixels out.

    Parameters
    ----------
    frame : CCDData
        Electron, with variance.
    method : {"dcr", "lacosmic"}
    spectrum : bool
        Whether the frame is a spectrum (dispersed along x) or an image.

    Returns
    -------
    cleaned : CCDData
    n_pixels : int
        Pixels marked.
    """
    variance = variance_of(frame)
    if variance is None:
        raise UnusableFrame("cosmic rays can't be told from noise: the frame has no variance.")
    bad = flags_of(frame) != 0
    data = np.ascontiguousarray(frame.data, dtype=np.float32)
    scene = without_scene(data, variance, bad, spectrum=spectrum)
    found = lacosmic(scene, bad) if method == "lacosmic" else search_gaps(scene, bad)
    flags = flags_of(frame).copy()
    flags[found] |= np.uint8(PixelFlag.COSMIC_RAY)
    repaired = fill_from_around(scene.work, bad | found) + scene.smooth
    return (
        CCDData(
            np.where(found, repaired, data),
            unit=frame.unit,
            uncertainty=VarianceUncertainty(variance, copy=False),
            mask=flags != 0,
            flags=flags,
            meta=frame.meta.copy(),
        ),
        int(found.sum()),
    )
