"""Cosmic rays: found by Laplacian edge detection (L.A.Cosmic) or by gaps in the histogram (dcr).

van Dokkum 2001, PASP 113, 1420; Pych 2004, PASP 116, 148. The first is written here with
whole-image filters: it marks what astroscrappy marks (a test compares them), many times faster.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import cv2
import numpy as np
from astropy.nddata import CCDData, VarianceUncertainty
from numpy.typing import NDArray

from reduction.errors import UnusableFrame
from reduction.fitsio import flags_of, variance_of
from reduction.frames import PixelFlag

Image = NDArray[np.float32]
Method = Literal["dcr", "lacosmic"]

BLOCK_COLUMNS = 64
"""Columns over which a target's light changes little: its model is a median over as many."""
SCENE_SHIFT = 0.1
"""Columns by which the model of a sky line may be displaced."""
BAND_ROWS = 48
"""Rows over which tilt and bow of the slit move a sky line little, yet wide beside a target."""


def _between(medians: Image, width: float, n: int) -> Image:
    """Interpolate linearly, along the first axis, values that belong to the middles of blocks.

    Parameters
    ----------
    medians : (n_blocks, n_other) float32
    width : float
        Of a block.
    n : int
        Length wanted; beyond the outer middles the trend goes on.
    """
    place = (np.arange(n) + 0.5) / width - 0.5
    low = np.clip(np.floor(place).astype(int), 0, max(len(medians) - 2, 0))
    high = np.minimum(low + 1, len(medians) - 1)
    share = (place - low).astype(np.float32)[:, None]
    mixed: Image = medians[low] * (1 - share) + medians[high] * share
    return mixed


def _block_medians(data: Image, length: int) -> tuple[Image, float]:
    """Return medians over blocks of about `length` along the first axis, and the blocks' length."""
    n_blocks = max(len(data) // length, 1)
    edges = np.linspace(0, len(data), n_blocks + 1).round().astype(int)
    medians = [np.median(data[a:b], axis=0) for a, b in pairwise(edges)]
    return np.array(medians, dtype=np.float32), len(data) / n_blocks


def smooth_scene(data: Image, bad: NDArray[np.bool_]) -> Image:
    """Model sky and targets of a spectrum, without cosmic rays and narrow lines of a target.

    The sky is the median of every column in bands of rows (its lines are tilted and bowed along the
    slit), a target the running median of what is left of its row. Subtracting both keeps sharp sky
    lines and narrow traces from looking like cosmic rays.

    Parameters
    ----------
    data : (n_spatial, n_dispersion) float32
    bad : (n_spatial, n_dispersion) bool
        Pixels to leave out; they are rare, so they are replaced by what is around them.
    """
    n_rows, n_columns = data.shape
    filled = fill_from_around(data, bad) if bad.any() else data
    sky = _between(*_block_medians(filled, BAND_ROWS), n_rows)
    rest = np.ascontiguousarray((filled - sky).T)
    target = _between(*_block_medians(rest, BLOCK_COLUMNS), n_columns)
    return sky + target.T


SIGMA_CLIP = 5.0
SIGMA_FRACTION = 0.3
OBJECT_LIMIT = 5.0
ITERATIONS = 4

# Each kernel is the Laplacian at one quarter of a pixel of the image subsampled twice, which is
# where van Dokkum takes it: of the quarter's four neighbours two lie in the same pixel.
_QUARTERS = tuple(
    np.array(kernel, dtype=np.float32)
    for kernel in (
        [[0, -1, 0], [-1, 2, 0], [0, 0, 0]],
        [[0, -1, 0], [0, 2, -1], [0, 0, 0]],
        [[0, 0, 0], [-1, 2, 0], [0, -1, 0]],
        [[0, 0, 0], [0, 2, -1], [0, -1, 0]],
    )
)
_AROUND = np.ones((3, 3), np.uint8)


def fill_from_around(data: Image, bad: NDArray[np.bool_]) -> Image:
    """Replace bad pixels by the mean of the good ones in the 5x5 pixels around; 0 without any."""
    good = (~bad).astype(np.float32)
    total = cv2.boxFilter(data * good, -1, (5, 5), normalize=False, borderType=cv2.BORDER_REFLECT)
    count = cv2.boxFilter(good, -1, (5, 5), normalize=False, borderType=cv2.BORDER_REFLECT)
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0.5)
    filled: Image = np.where(bad, mean, data)
    return filled


def _edges(work: Image, noise: Image) -> Image:
    """Return the Laplacian significance, large-scale structure removed (van Dokkum's S')."""
    laplacian = np.zeros_like(work)
    for kernel in _QUARTERS:
        quarter = cv2.filter2D(work, -1, kernel, borderType=cv2.BORDER_REPLICATE)
        laplacian += np.maximum(quarter, 0)
    significance = laplacian / (8 * noise)  # the mean of four quarters, over twice the noise
    edges: Image = significance - cv2.medianBlur(significance, 5)
    return edges


def _fine_structure(work: Image, noise: Image) -> Image:
    """Return what is sharp but resolved (stars, lines), over the noise (van Dokkum's F)."""
    small = cv2.medianBlur(work, 3)
    large = cv2.medianBlur(cv2.medianBlur(small, 5), 5)
    structure: Image = np.maximum((small - large) / noise, np.float32(0.01))
    return structure


def _without_scene(
    data: Image, bad: NDArray[np.bool_], *, spectrum: bool
) -> tuple[Image, Image | np.float32]:
    """Return the frame without its smooth scene, and how far that model may be off.

    On the flanks of a bright sky line an error of `SCENE_SHIFT` columns in the line's place leaves
    a residual as sharp as a cosmic ray.
    """
    work = np.ascontiguousarray(data, dtype=np.float32)
    if bad.any():
        work = fill_from_around(work, bad)
    if not spectrum:
        return work, np.float32(0)
    scene = smooth_scene(work, bad)
    slope = cv2.Sobel(scene, -1, 1, 0, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    return work - scene, np.abs(slope) * np.float32(SCENE_SHIFT)


def lacosmic(
    data: Image, variance: Image, bad: NDArray[np.bool_], *, spectrum: bool
) -> NDArray[np.bool_]:
    """Find cosmic rays with L.A.Cosmic (van Dokkum 2001).

    Parameters
    ----------
    data, variance : (n_rows, n_columns) float32
        Electron and electron**2, sky included, finite.
    bad : (n_rows, n_columns) bool
        Pixels already known to be bad; they are neither used nor marked.
    spectrum : bool
        A spectrum's sky and traces are modelled and taken off before the search.

    Returns
    -------
    (n_rows, n_columns) bool
        True where a cosmic ray fell.
    """
    work, misfit = _without_scene(data, bad, spectrum=spectrum)
    # The median keeps a cosmic ray's own photon noise out of the noise it is judged by.
    smooth = cv2.medianBlur(np.ascontiguousarray(variance, dtype=np.float32), 5)
    noise = np.sqrt(smooth + misfit**2 + np.float32(1e-6))
    found = np.zeros(data.shape, dtype=bool)
    for _ in range(ITERATIONS):
        edges = _edges(work, noise)
        strong = edges > SIGMA_CLIP
        sharp = edges > OBJECT_LIMIT * _fine_structure(work, noise)
        seeds = (strong & sharp).astype(np.uint8)
        grown = cv2.dilate(seeds, _AROUND).astype(bool) & strong
        grown = cv2.dilate(grown.astype(np.uint8), _AROUND).astype(bool)
        new = grown & (edges > SIGMA_CLIP * SIGMA_FRACTION) & ~bad & ~found
        if not new.any():
            break
        found |= new
        work = fill_from_around(work, found | bad)
    return found


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
    if method == "lacosmic":
        found = lacosmic(data, variance, bad, spectrum=spectrum)
    else:
        found = dcr(data, variance, bad, spectrum=spectrum)
    flags = flags_of(frame).copy()
    flags[found] |= np.uint8(PixelFlag.COSMIC_RAY)
    scene = smooth_scene(data, bad | found) if spectrum else np.zeros_like(data)
    repaired = scene + fill_from_around(data - scene, bad | found)
    return (
        CCDData(
            np.where(found, repaired, data),
            unit=frame.unit,
            uncertainty=VarianceUncertainty(variance),
            mask=flags != 0,
            flags=flags,
            meta=frame.meta.copy(),
        ),
        int(found.sum()),
    )


DCR_SUBFRAME = (32, 128)
DCR_THRESHOLD = 3.0
DCR_PASSES = 5


def dcr(
    data: Image, variance: Image, bad: NDArray[np.bool_], *, spectrum: bool
) -> NDArray[np.bool_]:
    """Find cosmic rays as counts beyond a gap in the histogram of a sub-frame (Pych 2004).

    In each sub-frame the counts are clipped to the bulk around the mode; going up from there, the
    first gap wider than `DCR_THRESHOLD` standard deviations of the bulk separates cosmic rays from
    what belongs to the scene. Sub-frames overlap by half, and a pixel must be beyond the gap in
    each that holds it, and sharper than the optics let light be (as in L.A.Cosmic; the published
    program would take a bright target's emission lines too). Found pixels and their neighbours are
    filled in before the next pass.

    Parameters
    ----------
    data, variance : (n_rows, n_columns) float32
    bad : (n_rows, n_columns) bool
        Left out.
    spectrum : bool
        Sky and traces are taken off first, which the published program leaves to the histogram.

    Returns
    -------
    (n_rows, n_columns) bool
    """
    work, misfit = _without_scene(data, bad, spectrum=spectrum)
    smooth = cv2.medianBlur(np.ascontiguousarray(variance, dtype=np.float32), 5)
    noise = np.sqrt(smooth + misfit**2 + np.float32(1e-6))
    found = np.zeros(data.shape, dtype=bool)
    for _ in range(DCR_PASSES):
        beyond = np.ones(data.shape, dtype=bool)
        for shift in (0, 1):
            offsets = (shift * DCR_SUBFRAME[0] // 2, shift * DCR_SUBFRAME[1] // 2)
            beyond &= work > _gap_levels(work, offsets) + DCR_THRESHOLD * misfit
        # An emission line of a bright target is beyond a gap too, but not sharper than the optics.
        edges = _edges(work, noise)
        sharp = edges > np.maximum(OBJECT_LIMIT * _fine_structure(work, noise), DCR_THRESHOLD)
        seeds = (beyond & sharp & ~found & ~bad).astype(np.uint8)
        if not seeds.any():
            break
        around = cv2.dilate(seeds, _AROUND).astype(bool)
        found |= around & (work > DCR_THRESHOLD * noise) & ~bad
        work = fill_from_around(work, found | bad)
    return found


def _gap_levels(work: Image, offsets: tuple[int, int]) -> Image:
    """Return, for every pixel, the level above the first wide gap in its sub-frame's histogram."""
    height, width = DCR_SUBFRAME
    n_rows, n_columns = work.shape
    pad_y = (-(n_rows + offsets[0])) % height
    pad_x = (-(n_columns + offsets[1])) % width
    padded = np.pad(work, ((offsets[0], pad_y), (offsets[1], pad_x)), mode="reflect")
    n_y, n_x = padded.shape[0] // height, padded.shape[1] // width
    blocks = padded.reshape(n_y, height, n_x, width).swapaxes(1, 2).reshape(n_y * n_x, -1)
    ordered = np.sort(blocks, axis=1)
    middle = ordered.shape[1] // 2
    low = int(0.16 * ordered.shape[1])
    sigma = np.maximum(ordered[:, middle] - ordered[:, low], 1e-3)
    # From three sigma above the median upwards, look for the first step wider than the threshold.
    start = ordered[:, middle] + 3 * sigma
    steps = np.diff(ordered, axis=1)
    wide = (steps > DCR_THRESHOLD * sigma[:, None]) & (ordered[:, 1:] > start[:, None])
    first = np.argmax(wide, axis=1)
    rows = np.arange(len(ordered))
    levels = np.where(wide.any(axis=1), ordered[rows, first] + 0.5 * sigma, np.inf)
    grid = np.repeat(np.repeat(levels.reshape(n_y, n_x), height, axis=0), width, axis=1)
    kept: Image = grid[
        offsets[0] : offsets[0] + n_rows, offsets[1] : offsets[1] + n_columns
    ].astype(np.float32)
    return kept
