"""Model of the smooth part of a frame, and measures of how sharp the rest is.

The measures are those of L.A.Cosmic (van Dokkum 2001, PASP 113, 1420), written as filters of the
whole image.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reduction.detector import robust

Image = NDArray[np.float32]

SIGMA_CLIP = 5.0
"""Least significance of a cosmic ray, sigmas."""
OBJECT_LIMIT = 5.0
"""Least ratio of its Laplacian to the fine-structure image."""
AROUND = np.ones((3, 3), np.uint8)
BLOCK_COLUMNS = 64
"""Columns over which the model of a target is a median; its light changes little over them."""
SCENE_SHIFT = 0.1
"""Error of the position of a sky line in the model, columns."""
BAND_ROWS = 48
"""Rows over which the sky is a median: more than a target, but few for tilt and bow of the slit."""


def smooth_scene(data: Image) -> Image:
    """Model sky and targets of a spectrum, without cosmic rays and narrow lines of a target.

    The sky is the median of every column in bands of rows (its lines are tilted and bowed along the
    slit), a target the median in blocks of columns of its rows without sky. Without the subtraction
    of both, sharp sky lines and narrow traces would resemble cosmic rays.

    Parameters
    ----------
    data : (n_spatial, n_dispersion) float32
        Electron. Finite; bad pixels are replaced by the mean of their neighbours.

    Returns
    -------
    (n_spatial, n_dispersion) float32
        Electron.
    """
    n_rows, n_columns = data.shape
    bands = robust.column_medians(data, BAND_ROWS)
    scene: Image = robust.interpolation(n_rows, len(bands)) @ bands
    targets = robust.row_medians(data - scene, BLOCK_COLUMNS)
    scene += targets @ robust.interpolation(n_columns, targets.shape[1]).T
    return scene


# Each kernel is the Laplacian at one quarter of a pixel of the image subsampled by two, as defined
# by van Dokkum: two of the four neighbours of a quarter are in the same pixel.
_QUARTERS = tuple(
    np.array(kernel, dtype=np.float32)
    for kernel in (
        [[0, -1, 0], [-1, 2, 0], [0, 0, 0]],
        [[0, -1, 0], [0, 2, -1], [0, 0, 0]],
        [[0, 0, 0], [-1, 2, 0], [0, -1, 0]],
        [[0, 0, 0], [0, 2, -1], [0, -1, 0]],
    )
)
_NEIGHBOURS = [(y, x) for y in range(-2, 3) for x in range(-2, 3) if (y, x) != (0, 0)]
_AT_ONCE = 1 << 18


def fill_from_around(data: Image, bad: NDArray[np.bool_]) -> Image:
    """Replace bad pixels by the mean of the good pixels in the 5x5 pixels around.

    Parameters
    ----------
    data : (n_rows, n_columns) float32
    bad : (n_rows, n_columns) bool

    Returns
    -------
    (n_rows, n_columns) float32
        A copy; 0 where no pixel around is good.
    """
    filled: Image = data.copy()
    n_rows, n_columns = data.shape
    bad_pixels = np.flatnonzero(bad)
    for start in range(0, bad_pixels.size, _AT_ONCE):
        indices = bad_pixels[start : start + _AT_ONCE]
        row, column = np.divmod(indices, n_columns)
        total, count = np.zeros(indices.size, np.float32), np.zeros(indices.size, np.float32)
        for dy, dx in _NEIGHBOURS:
            near = np.clip(row + dy, 0, n_rows - 1) * n_columns
            near += np.clip(column + dx, 0, n_columns - 1)
            good = ~bad.ravel()[near]
            total += np.where(good, data.ravel()[near], np.float32(0))
            count += good
        filled.ravel()[indices] = total / np.maximum(count, 1)
    return filled


def laplacian(work: Image, noise: Image) -> Image:
    """Return the significance of the Laplacian, van Dokkum's S.

    Parameters
    ----------
    work, noise : (n_rows, n_columns) float32
        Electron; `noise` is one sigma.

    Returns
    -------
    (n_rows, n_columns) float32
        In units of the noise; 0 where the Laplacian is negative.
    """
    total = np.zeros_like(work)
    for kernel in _QUARTERS:
        quarter = cv2.filter2D(work, -1, kernel, borderType=cv2.BORDER_REPLICATE)
        total += np.maximum(quarter, 0, out=quarter)
    total /= noise
    total *= np.float32(1 / 8)  # the mean of four quarters, over twice the noise
    return total


def edges_of(work: Image, noise: Image) -> Image:
    """Return the significance of the Laplacian without large-scale structure, van Dokkum's S'.

    Parameters
    ----------
    work, noise : (n_rows, n_columns) float32
        Electron; `noise` is one sigma.

    Returns
    -------
    (n_rows, n_columns) float32
        In units of the noise.
    """
    edges = laplacian(work, noise)
    edges -= cv2.medianBlur(edges, 5)
    return edges


def fine_structure(work: Image, noise: Image) -> Image:
    """Return the fine-structure image of sharp but resolved sources, van Dokkum's F.

    A cosmic ray is sharper than the point spread function, so its Laplacian is larger than this.

    Parameters
    ----------
    work, noise : (n_rows, n_columns) float32
        Electron; `noise` is one sigma.

    Returns
    -------
    (n_rows, n_columns) float32
        In units of the noise, at least 0.01.
    """
    small: Image = cv2.medianBlur(work, 3)
    small -= cv2.medianBlur(cv2.medianBlur(small, 5), 5)
    small /= noise
    return np.maximum(small, np.float32(0.01), out=small)


@dataclass(slots=True)
class Scene:
    """A frame separated into its smooth part and the residual, with the noise of the residual.

    Parameters
    ----------
    work : (n_rows, n_columns) float32
        The frame without its smooth part, electron.
    noise : (n_rows, n_columns) float32
        One sigma of `work`, the error of the model included, electron.
    misfit : (n_rows, n_columns) float32 or float
        The error of the model, electron.
    smooth : (n_rows, n_columns) float32 or float
        The smooth part, electron.
    """

    work: Image
    noise: Image
    misfit: Image | np.float32
    smooth: Image | np.float32


def without_scene(data: Image, variance: Image, bad: NDArray[np.bool_], *, spectrum: bool) -> Scene:
    """Subtract the smooth scene from a spectrum, or the median level from an image.

    On the flanks of a bright sky line an error of `SCENE_SHIFT` columns in its position causes a
    residual as sharp as a cosmic ray. This error is added to the noise in quadrature. The variance
    is median-filtered, so that the photon noise of a cosmic ray does not hide the cosmic ray
    itself.

    Parameters
    ----------
    data, variance : (n_rows, n_columns) float32
        Electron and electron squared.
    bad : (n_rows, n_columns) bool
        Pixels that are replaced before the model is calculated.
    spectrum : bool
        Whether the frame is a spectrum (dispersed along x) or an image.

    Returns
    -------
    Scene
    """
    noise: Image = cv2.medianBlur(np.ascontiguousarray(variance, dtype=np.float32), 5)
    work = fill_from_around(data, bad)
    scene: Image | np.float32 = np.float32(0)
    misfit: Image | np.float32 = np.float32(0)
    if spectrum:
        scene = smooth_scene(work)
        slope = cv2.Sobel(scene, -1, 1, 0, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
        misfit = np.abs(slope, out=slope) * np.float32(SCENE_SHIFT)
    else:
        scene = np.float32(np.median(work))
    work -= scene
    noise += misfit**2 + np.float32(1e-6)
    return Scene(work, np.sqrt(noise, out=noise), misfit, scene)
