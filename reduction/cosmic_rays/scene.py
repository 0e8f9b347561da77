"""Model of the smooth part of a frame, and measures of how sharp the rest is.

The measures are those of L.A.Cosmic (van Dokkum 2001, PASP 113, 1420), written as filters of the
whole image.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reduction.cosmic_rays import traces
from reduction.cosmic_rays.traces import Trace
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


def _along_rows(residual: Image, sky: Image, variance: Image) -> tuple[Image, list[Trace]]:
    """Model what extends along the rows: the median in blocks of columns, and sharp traces.

    Parameters
    ----------
    residual : (n_rows, n_columns) float32
        Electron, without sky.
    sky, variance : (n_rows, n_columns) float32
        Electron, and electron squared.

    Returns
    -------
    smooth : (n_rows, n_columns) float32
        Electron; 0 in the rows of sharp traces.
    found : list of Trace
    """
    n_columns = residual.shape[1]
    targets = robust.row_medians(residual, BLOCK_COLUMNS)
    middles = (np.arange(targets.shape[1]) + 0.5) * n_columns / targets.shape[1]
    sigma = np.sqrt(variance[:, middles.astype(int)])  # which is smooth
    found = [
        traces.follow(residual[rows], sky[rows], variance[rows], rows)
        for rows in traces.sharp_rows(targets, np.maximum(sigma, np.float32(1e-3)))
    ]
    for trace in found:
        targets[trace.rows] = 0
    return targets @ robust.interpolation(n_columns, targets.shape[1]).T, found


def _slope(scene: Image) -> Image:
    """Return the change per column."""
    return cv2.Sobel(scene, -1, 1, 0, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)


def _model_of_spectrum(work: Image, noise: Image) -> tuple[Image, Image]:
    """Model sky and targets of a spectrum; return the model and its error, and correct `noise`.

    The sky is the median of every column in bands of rows (its lines are tilted and bowed along the
    slit), a target the median in blocks of columns of its rows without sky. Sharp traces have a
    model of their own, with the lines of the target (`reduction.cosmic_rays.traces`). Without the
    subtraction of all of them, sharp sky lines and narrow traces would resemble cosmic rays.
    """
    n_rows = len(work)
    bands = robust.column_medians(work, BAND_ROWS)
    scene: Image = robust.interpolation(n_rows, len(bands)) @ bands
    # The median of the variance is too low on the crest of a line of two pixels.
    lit = np.maximum(scene, 0)
    lit += np.float32(max(float(np.median(noise[::16, ::16] - lit[::16, ::16])), 0.0))
    np.maximum(noise, lit, out=noise)
    smooth, found = _along_rows(work - scene, scene, noise)
    scene += smooth
    misfit = _slope(scene)
    misfit *= np.float32(SCENE_SHIFT)
    np.abs(misfit, out=misfit)
    for trace in found:
        scene[trace.rows] += trace.light
        misfit[trace.rows] = np.hypot(misfit[trace.rows], trace.misfit)
        noise[trace.rows] = trace.variance
    return scene, misfit


def _model_of_image(work: Image, noise: Image) -> tuple[Image, Image]:
    """Model the level of an image and what extends along its columns and rows: a slit, an edge."""
    scene = np.full_like(work, np.median(work))
    misfit = np.zeros_like(work)
    for turned in (True, False):
        views = [one.T if turned else one for one in (work, scene, noise, misfit)]
        data, sky, variance, error = (np.ascontiguousarray(view) for view in views)
        smooth, found = _along_rows(data - sky, sky, variance)
        for trace in found:
            smooth[trace.rows] = trace.light
            error[trace.rows] = np.hypot(error[trace.rows], trace.misfit)
            variance[trace.rows] = trace.variance
        sky += smooth
        for view, model in zip(views[1:], (sky, variance, error), strict=True):
            view[...] = model
    return scene, misfit


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
    fill(filled, bad, np.flatnonzero(bad))
    return filled


def fill(data: Image, bad: NDArray[np.bool_], places: NDArray[np.int64]) -> None:
    """Replace some of the bad pixels, in place, by the mean of the good pixels around.

    Parameters
    ----------
    data : (n_rows, n_columns) float32
    bad : (n_rows, n_columns) bool
    places : (n_pixels,) int
        Indices of the pixels to replace into the flattened frame.
    """
    n_rows, n_columns = data.shape
    for start in range(0, places.size, _AT_ONCE):
        indices = places[start : start + _AT_ONCE]
        row, column = np.divmod(indices, n_columns)
        total, count = np.zeros(indices.size, np.float32), np.zeros(indices.size, np.float32)
        for dy, dx in _NEIGHBOURS:
            near = np.clip(row + dy, 0, n_rows - 1) * n_columns
            near += np.clip(column + dx, 0, n_columns - 1)
            good = ~bad.ravel()[near]
            total += np.where(good, data.ravel()[near], np.float32(0))
            count += good
        data.ravel()[indices] = total / np.maximum(count, 1)


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
    misfit : (n_rows, n_columns) float32
        The error of the model, electron.
    smooth : (n_rows, n_columns) float32
        The smooth part, electron.
    """

    work: Image
    noise: Image
    misfit: Image
    smooth: Image


def without_scene(data: Image, variance: Image, bad: NDArray[np.bool_], *, spectrum: bool) -> Scene:
    """Subtract the smooth scene from a frame.

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
    scene, misfit = (_model_of_spectrum if spectrum else _model_of_image)(work, noise)
    work -= scene
    noise += np.square(misfit)
    noise += np.float32(1e-6)
    return Scene(work, np.sqrt(noise, out=noise), misfit, scene)
