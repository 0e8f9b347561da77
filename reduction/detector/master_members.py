"""The frames of a master: whether they can be combined, their levels and their saturated pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.detector import coverage, geometry, member_agreement, overscan
from reduction.detector.combine import N_THREADS
from reduction.detector.member_agreement import FlatMeasure
from reduction.fits import frame_io
from reduction.fits.derivation.cards import Value
from reduction.fits.derivation.completion import NOTHING, Given
from reduction.fits.pixels import RawPixels
from reduction.fits.vocabulary import GAIN

Image = NDArray[np.float32]
_T = TypeVar("_T")
_R = TypeVar("_R")


def in_threads(function: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[_R]:
    """Yield the results of a function in the order of the items, computed in `N_THREADS` threads.

    Items that have not been started are cancelled when the caller stops.
    """
    with ThreadPoolExecutor(N_THREADS) as pool:
        try:
            yield from pool.map(function, items)
        finally:
            pool.shutdown(cancel_futures=True)


@lru_cache(maxsize=64)
def _opened(
    path: Path,
    stamp: tuple[int, int],  # noqa: ARG001 - a file that was replaced is another one
    given: tuple[tuple[str, Value], ...],
) -> tuple[RawPixels, fits.Header, float]:
    """Return a frame that is opened several times, while its master is made, with its header."""
    pixels = RawPixels(path)
    header = frame_io.clean_header(pixels.header, pixels.shape, path.name, dict(given))
    return pixels, header, frame_io.saturation_level(header)


@dataclass(frozen=True, slots=True)
class Member:
    """A raw frame that is read in parts, and the level from which its pixels are saturated.

    `header` is that of a product of the frame: its cards are valid.
    """

    pixels: RawPixels
    header: fits.Header
    saturation: float

    @classmethod
    def of(cls, path: Path, given: Given = NOTHING) -> Member:
        """Open a raw frame without reading its pixels; `given` are cards that a person decided."""
        found = path.stat()
        stamp = (found.st_mtime_ns, found.st_size)
        pixels, header, saturation = _opened(path, stamp, tuple(given.items()))
        return cls(pixels, header.copy(), saturation)

    def overscan(self) -> Image | None:
        """Return the counts of the overscan, (n_rows, n) ADU, None without overscan."""
        section = geometry.overscan_section(self.header, self.pixels.shape)
        return None if section is None else self.pixels.read(*section.slices)

    def values(self, rows: slice, columns: slice) -> Image:
        """Read a part of the frame.

        Parameters
        ----------
        rows, columns : slice

        Returns
        -------
        (n_rows, n_columns) float32
            Counts, ADU; NaN where saturated or not finite.
        """
        counts = self.pixels.read(rows, columns)
        with np.errstate(invalid="ignore"):
            invalid = ~(np.abs(counts) < self.saturation)
        if invalid.any():
            counts[invalid] = np.nan
        return counts


@dataclass(frozen=True, slots=True)
class FlatMember:
    """Median level and saturated fraction of a flat frame, measured before combining.

    `level` is without bias, ADU. `drift` is the bias level relative to the master bias, or the bias
    level itself without a master, ADU. `measure` is what is compared with the other flats. `given`
    are the cards that a person decided.
    """

    path: Path
    level: float
    saturated_percent: float
    drift: float
    measure: FlatMeasure
    given: Given = field(default_factory=dict)


def _drift(member: Member, bias: CCDData | None) -> float:
    """Return the level to subtract besides the master bias: the drift of the overscan, ADU.

    Without a master it is the overscan level itself, or 0 without overscan.
    """
    counts = member.overscan()
    if bias is None:
        return 0.0 if counts is None else overscan.level(counts) or 0.0
    if bias.shape != member.pixels.shape:
        raise coverage.misfit(member.header, member.pixels.shape, bias, "master bias")
    coverage.check_binning(member.header, member.pixels.shape, bias)
    section = geometry.overscan_section(member.header, member.pixels.shape)
    if counts is None or section is None:
        return 0.0
    return overscan.drift(counts, bias.data[section.slices]) or 0.0


def _saturated_part(counts: Image, level: float) -> float:
    """Return the fraction of saturated pixels; isolated ones are hot pixels and do not count."""
    with np.errstate(invalid="ignore"):
        saturated = (counts >= level).astype(np.uint8)
    if not saturated.any():
        return 0.0
    neighbours = cv2.boxFilter(
        saturated, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    return float(np.count_nonzero(saturated & (neighbours > 1)) / saturated.size)


def bias_on_member(path: Path, master: CCDData) -> CCDData:
    """Return a master bias on the pixels of a raw frame, NaN where it does not cover it.

    Raises
    ------
    MissingCalibration
        The master has another binning, or covers too little of the frame.
    """
    member = Member.of(path)
    geometry.set_physical(member.header, member.pixels.shape)
    return coverage.bias_on_frame(member.header, member.pixels.shape, master)[0]


def measure_flat(path: Path, bias: CCDData | None, given: Given = NOTHING) -> FlatMember:
    """Return a flat frame in numbers; `bias` is a master bias, ADU, untrimmed."""
    member = Member.of(path, given)
    section = geometry.image_section(member.header, member.pixels.shape)
    counts = member.pixels.read(*section.slices)
    percent = 100 * _saturated_part(counts, member.saturation)
    drift = _drift(member, bias)
    sample = counts[:, ::4]
    if bias is not None:
        sample = sample - bias.data[section.slices][:, ::4]
    known = sample[np.isfinite(sample)]
    level = float(np.median(known)) - drift if known.size else np.nan
    lit = counts if bias is None else counts - bias.data[section.slices]
    lit = np.where(counts < member.saturation, lit - np.float32(drift), np.float32(np.nan))
    gain = member.header.get(GAIN.keyword)
    measure = member_agreement.measure_flat(lit, gain)
    return FlatMember(path, level, percent, drift, measure, given)


def measure_bias(path: Path, given: Given = NOTHING) -> member_agreement.BiasMeasure:
    """Return a bias frame in numbers, for the comparison with others."""
    member = Member.of(path, given)
    header, shape = member.header, member.pixels.shape
    section = geometry.image_section(header, shape)
    overscan = geometry.overscan_section(header, shape)
    counts = member.values(*section.slices)
    level = None if overscan is None else member.values(*overscan.slices)
    return member_agreement.measure_bias(counts, level)
