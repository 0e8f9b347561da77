"""Cosmic rays marked in reduced frames, against those that fell on the simulated detector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from reduction.fits.frame_io import flags_of, variance_of
from reduction.frames import PixelFlag
from tests.support.truth.nights import Reduced

LIMIT_SIGMA = 5.0
"""Charge, over the noise that the pixel has without it, from which a hit should be found."""


@dataclass(frozen=True)
class CosmicRays:
    """Counts of pixels, summed over frames.

    Parameters
    ----------
    hit, found : int
        Pixels with a charge above `LIMIT_SIGMA`, and those of them that were marked.
    marked, true : int
        Pixels marked, and those of them that hold any charge of a cosmic ray.
    hit_on_source, found_on_source : int
        As the first two, within one FWHM of a source's trace.
    clean, touched : int
        Pixels there with no charge in or beside them, and those of them that were marked.
    """

    hit: int
    found: int
    marked: int
    true: int
    hit_on_source: int
    found_on_source: int
    clean: int
    touched: int

    @property
    def completeness(self) -> float:
        """Part of the hit pixels that was found."""
        return self.found / self.hit

    @property
    def purity(self) -> float:
        """Part of the marked pixels that was hit."""
        return self.true / self.marked

    @property
    def completeness_on_source(self) -> float:
        """Part of the hit pixels on sources that was found."""
        return self.found_on_source / self.hit_on_source

    @property
    def eaten(self) -> float:
        """Part of the sources' clean pixels that was marked."""
        return self.touched / self.clean


def count(frames: Iterable[Reduced]) -> CosmicRays:
    """Compare the marks of reduced frames with the truth."""
    total = np.zeros(8, dtype=int)
    for reduced in frames:
        total += _count(reduced)
    return CosmicRays(*total.tolist())


def _count(reduced: Reduced) -> list[int]:
    frame, truth = reduced.frame, reduced.truth
    ny, nx = frame.shape
    x0, y0 = reduced.origin
    charge = np.zeros(truth.shape, np.float32)
    charge.ravel()[truth.cosmic_index] = truth.cosmic_electrons
    charge = charge[y0 : y0 + ny, x0 : x0 + nx]
    flags = flags_of(frame)
    usable = (flags & ~np.uint8(PixelFlag.COSMIC_RAY)) == 0
    marked = ((flags & PixelFlag.COSMIC_RAY) != 0) & usable
    variance = variance_of(frame)
    assert variance is not None
    # The variance was taken from the counts, the cosmic ray's among them.
    without = np.maximum(variance - charge, truth.rdnoise**2).astype(np.float32)
    noise = np.sqrt(cv2.medianBlur(without, 3))
    hit = (charge > LIMIT_SIGMA * noise) & usable
    beside = cv2.dilate((charge > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rows = np.arange(ny)[:, None] + y0
    on_source = np.zeros(frame.shape, dtype=bool)
    for source in truth.sources:
        reach = source.fwhm / truth.binning[1]
        on_source |= np.abs(rows - source.trace[None, x0 : x0 + nx]) < reach
    clean = on_source & ~beside & usable
    pairs = (hit, marked, hit & on_source, clean)
    met = (hit & marked, marked & (charge > 0), hit & marked & on_source, clean & marked)
    return [int(np.count_nonzero(one)) for both in zip(pairs, met, strict=True) for one in both]
