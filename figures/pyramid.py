"""An image at every zoom: binned levels on disk, and the cut of one that a viewport needs.

Full-resolution frames are too large for a browser, and a binned preview hides the details that an
observer zooms in on. Each frame is therefore kept as a pyramid (level k is binned 2**k × 2**k), and
a viewport gets the coarsest cut that still has a sample for each of its screen pixels, as 16-bit
numbers. The flags of the pixels are binned with them; the noise of a reduced frame is kept for
level 0.

Boxes are in pixel edges: ``Box(0, n_x, 0, n_y)`` is the whole image, and pixel i covers i to i + 1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from figures.codec import LARGEST, Codec, codec_for
from figures.limits import Histogram, Limits, display_limits, histogram

_COARSEST = 600
"""Both sides of the last level are at most this, pixels; no viewport is smaller."""

_AFFORDABLE = 1_000_000
"""A cut of at most this many pixels is sent unbinned, so that values under the cursor are exact."""


class Box(NamedTuple):
    """A rectangle in pixel edges, x along the columns."""

    x0: int
    x1: int
    y0: int
    y1: int


@dataclass(frozen=True, slots=True)
class Pyramid:
    """The levels of one image, finest first.

    Parameters
    ----------
    levels : tuple of (n_y, n_x) uint16 or float32
        Mean of the good pixels of each bin; NaN where there is none. Level 0 is the image itself.
    flags : tuple of (n_y, n_x) uint8, or empty
        Bits that any pixel of the bin has; empty when no pixel of the image has one.
    limits : mapping
        ``zscale``, ``percentile`` (0.5 to 99.5) and ``minmax`` display limits of the whole image.
    histogram : Histogram
        Of the image's pixels.
    noise : (n_y, n_x) float16, optional
        Standard deviation of the pixels of level 0.
    """

    levels: tuple[NDArray[Any], ...]
    flags: tuple[NDArray[np.uint8], ...]
    limits: Mapping[str, Limits]
    histogram: Histogram
    noise: NDArray[np.float16] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the image."""
        n_y, n_x = self.levels[0].shape
        return int(n_y), int(n_x)


@dataclass(frozen=True, slots=True)
class View:
    """The cut that a viewport draws: 16-bit numbers, their place, and their codec.

    Parameters
    ----------
    numbers : (n_y, n_x) uint16
        `figures.codec.NOTHING` marks NaN; `codec` decodes the values.
    flags : (n_y, n_x) uint8 or None
        None when no pixel of the image has a flag.
    box : Box
        The exact area of the numbers; the last bin may extend beyond the image.
    bins : tuple of int
        Image pixels per number along x and y.
    codec : Codec
        The codec of the numbers.
    """

    numbers: NDArray[np.uint16]
    flags: NDArray[np.uint8] | None
    box: Box
    bins: tuple[int, int]
    codec: Codec


def build(
    values: NDArray[Any],
    flags: NDArray[np.uint8] | None = None,
    noise: NDArray[Any] | None = None,
) -> Pyramid:
    """Build the pyramid of an image.

    Parameters
    ----------
    values : (n_y, n_x) number
        Counts; a non-finite pixel is left out of every mean.
    flags : (n_y, n_x) uint8, optional
        Bits of the pixels; a bin has those of all its pixels.
    noise : (n_y, n_x) float, optional
        Standard deviation of the pixels, kept as float16 (a relative precision of 1/2000).

    Returns
    -------
    Pyramid

    Raises
    ------
    ValueError
        When `values` is not a plane of at least one pixel.
    """
    if values.ndim != 2 or values.size == 0:
        raise ValueError("an image needs rows and columns")
    finest = _compact(values)
    levels: list[NDArray[Any]] = [finest]
    marks = [flags] if flags is not None and flags.any() else []
    while max(levels[-1].shape) > _COARSEST:
        levels.append(_mean(levels[-1], 2, 2))
        if marks:
            marks.append(_any(marks[-1], 2, 2))
    limits = display_limits(finest)
    half = None
    if noise is not None:
        with np.errstate(over="ignore", invalid="ignore"):
            half = noise.astype(np.float16)
    return Pyramid(tuple(levels), tuple(marks), limits, histogram(finest, limits), half)


def save(pyramid: Pyramid, folder: Path) -> None:
    """Write a pyramid into an existing folder: a ``.npy`` file per level, and ``pyramid.json``."""
    for k, level in enumerate(pyramid.levels):
        np.save(folder / f"level{k}.npy", level)
    for k, flags in enumerate(pyramid.flags):
        np.save(folder / f"flags{k}.npy", flags)
    if pyramid.noise is not None:
        np.save(folder / "noise.npy", pyramid.noise)
    facts = {
        "levels": len(pyramid.levels),
        "flags": bool(pyramid.flags),
        "noise": pyramid.noise is not None,
        "limits": pyramid.limits,
        "histogram": pyramid.histogram.as_dict(),
    }
    (folder / "pyramid.json").write_text(json.dumps(facts))


def load(folder: Path) -> Pyramid:
    """Open a saved pyramid. The levels are memory-mapped, so that only the parts used are read."""
    facts = json.loads((folder / "pyramid.json").read_text())

    def planes(stem: str) -> tuple[NDArray[Any], ...]:
        return tuple(
            np.load(folder / f"{stem}{k}.npy", mmap_mode="r") for k in range(facts["levels"])
        )

    limits = {name: (float(low), float(high)) for name, (low, high) in facts["limits"].items()}
    return Pyramid(
        planes("level"),
        planes("flags") if facts["flags"] else (),
        limits,
        Histogram(**facts["histogram"]),
        np.load(folder / "noise.npy", mmap_mode="r") if facts["noise"] else None,
    )


def view(
    pyramid: Pyramid, x: tuple[float, float], y: tuple[float, float], width: int, height: int
) -> View:
    """Cut the part of an image that a viewport shows.

    Parameters
    ----------
    x, y : tuple of float
        Requested edges, in pixels of the image, in any order; clipped to the image.
    width, height : int
        Screen pixels of the viewport.

    Returns
    -------
    View
        At least one number per screen pixel if the image has that many. The pixels are not binned
        if there are few. Its box contains the requested one.
    """
    n_y, n_x = pyramid.shape
    (x0, x1), (y0, y1) = _clip(x, n_x), _clip(y, n_y)
    coarse_x, coarse_y = max(1, (x1 - x0) // max(width, 1)), max(1, (y1 - y0) // max(height, 1))
    if (x1 - x0) * (y1 - y0) <= _AFFORDABLE:
        coarse_x = coarse_y = 1
    k = min(int(np.log2(min(coarse_x, coarse_y))), len(pyramid.levels) - 1)
    further = coarse_x >> k, coarse_y >> k
    bins = further[0] << k, further[1] << k
    box = Box(
        x0 // bins[0] * bins[0],
        -(-x1 // bins[0]) * bins[0],
        y0 // bins[1] * bins[1],
        -(-y1 // bins[1]) * bins[1],
    )
    cut = (slice(box.y0 >> k, -(-box.y1 >> k)), slice(box.x0 >> k, -(-box.x1 >> k)))
    values = _mean(np.asarray(pyramid.levels[k][cut]), *further)
    flags = None
    if pyramid.flags:
        flags = _any(np.asarray(pyramid.flags[k][cut]), *further)
    codec = codec_for(values, pyramid.limits)
    return View(codec.encode(values), flags, box, bins, codec)


def _clip(edges: tuple[float, float], size: int) -> tuple[int, int]:
    low, high = sorted(edge if np.isfinite(edge) else 0.0 for edge in edges)
    start = int(np.floor(min(max(low, 0), size - 1)))
    return start, max(start + 1, int(np.ceil(min(max(high, 0), size))))


def _compact(values: NDArray[Any]) -> NDArray[Any]:
    """Keep raw counts as uint16 (half the disk, exact); anything else as float32."""
    if values.dtype == np.uint16:
        return values
    whole = values.dtype.kind in "iu" or bool(np.all(values == np.rint(values)))
    if whole and values.min() >= 0 and values.max() <= LARGEST:
        return values.astype(np.uint16)
    return values.astype(np.float32)


def _mean(values: NDArray[Any], bin_x: int, bin_y: int) -> NDArray[Any]:
    """Mean of the finite pixels of each bin; the last bins of a row or column may be partial."""
    if bin_x == bin_y == 1:
        return values
    real = values.astype(np.float32)
    known = np.isfinite(real)
    padding = (0, -real.shape[0] % bin_y, 0, -real.shape[1] % bin_x)
    if known.all() and not any(padding):
        return _area(real, bin_x, bin_y)
    weight = _area(_pad(known.astype(np.float32), padding), bin_x, bin_y)
    total = _area(_pad(np.where(known, real, np.float32(0)), padding), bin_x, bin_y)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: NDArray[np.float32] = np.where(weight > 0, total / weight, np.nan).astype(np.float32)
    return mean


def _any(flags: NDArray[np.uint8], bin_x: int, bin_y: int) -> NDArray[np.uint8]:
    """Bits that any pixel of each bin has."""
    if bin_x == bin_y == 1:
        return flags
    padding = ((0, -flags.shape[0] % bin_y), (0, -flags.shape[1] % bin_x))
    whole = np.pad(flags, padding) if any(more for _, more in padding) else flags
    joined = whole[::bin_y].copy()
    for k in range(1, bin_y):
        joined |= whole[k::bin_y]
    binned = joined[:, ::bin_x].copy()
    for k in range(1, bin_x):
        binned |= joined[:, k::bin_x]
    return binned


def _pad(values: NDArray[Any], padding: tuple[int, int, int, int]) -> NDArray[Any]:
    top, bottom, left, right = padding
    return np.pad(values, ((top, bottom), (left, right)))


def _area(values: NDArray[np.float32], bin_x: int, bin_y: int) -> NDArray[np.float32]:
    size = (values.shape[1] // bin_x, values.shape[0] // bin_y)
    binned: NDArray[np.float32] = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return binned
