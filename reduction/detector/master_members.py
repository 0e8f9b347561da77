"""The frames of a master: whether they can be combined, their levels and their saturated pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.detector import ccd, geometry
from reduction.detector.combine import N_THREADS
from reduction.differences import Difference, Effect, Quantity, number_differences, text_differences
from reduction.errors import MissingCalibration, UnusableFrame
from reduction.fits import frame_io, headers
from reduction.fits.pixels import RawPixels
from reduction.frames import FrameDescription
from reduction.notice_codes import NoticeCode

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


def describe_members(paths: Sequence[Path], minimum: int, role: str) -> list[FrameDescription]:
    """Return the descriptions of the frames of a master, after checking that they can be combined.

    Parameters
    ----------
    paths : sequence of Path
        The raw frames.
    minimum : int
        Least number of frames.
    role : str
        Role of the master, for messages.

    Returns
    -------
    list of FrameDescription
        In the order of `paths`.

    Raises
    ------
    MissingCalibration
        There are fewer frames than `minimum`.
    UnusableFrame
        The frames differ in camera, binning, read-out or size.
    """
    if len(paths) < max(minimum, 1):
        raise MissingCalibration(
            NoticeCode.TOO_FEW_FRAMES, role=role, found=len(paths), needed=max(minimum, 1)
        )
    described = []
    for path in paths:
        header, shape = frame_io.read_header(path)
        described.append(headers.describe(header, shape, path.name))
    first = described[0]
    for path, other in zip(paths, described, strict=True):
        differences = _differences(first, other)
        if differences:
            raise UnusableFrame(
                NoticeCode.FRAMES_DIFFER,
                file=path.name,
                reference=paths[0].name,
                difference=differences[0],
            )
    return described


def _differences(first: FrameDescription, other: FrameDescription) -> tuple[Difference, ...]:
    """Return the differences between the read-outs of two frames."""
    fatal = Effect.FATAL
    frames = (first, other)
    binning, other_binning = ("x".join(map(str, frame.binning)) for frame in frames)
    size, other_size = (f"{frame.shape[1]}x{frame.shape[0]}" for frame in frames)
    return (
        *text_differences(Quantity.CAMERA, first.camera, other.camera, fatal),
        *text_differences(Quantity.BINNING, binning, other_binning, fatal),
        *text_differences(Quantity.SIZE, size, other_size, fatal),
        *number_differences(Quantity.GAIN, first.gain, other.gain, fatal, tolerance=0.0),
        *number_differences(
            Quantity.READ_NOISE, first.rdnoise, other.rdnoise, fatal, tolerance=0.0
        ),
    )


@dataclass(frozen=True, slots=True)
class Member:
    """A raw frame that is read in parts, and the level from which its pixels are saturated.

    `header` is that of a product of the frame: its cards are valid.
    """

    pixels: RawPixels
    header: fits.Header
    saturation: float

    @classmethod
    def of(cls, path: Path) -> Member:
        """Open a raw frame without reading its pixels."""
        pixels = RawPixels(path)
        header = frame_io.clean_header(pixels.header)
        return cls(pixels, header, frame_io.saturation_level(header))

    def overscan(self) -> float | None:
        """Return the median of the overscan, ADU, None without overscan."""
        section = geometry.overscan_section(self.header, self.pixels.shape)
        if section is None:
            return None
        level = float(np.nanmedian(self.pixels.read(*section.slices)))
        return level if np.isfinite(level) else None

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
    level itself without a master, ADU.
    """

    path: Path
    level: float
    saturated_percent: float
    drift: float


def _drift(member: Member, bias: CCDData | None) -> float:
    """Return the level to subtract besides the master bias: the drift of the overscan, ADU.

    Without a master it is the overscan level itself, or 0 without overscan.
    """
    frame_level = member.overscan()
    if bias is None:
        return frame_level or 0.0
    ccd.check_bias_fits(member.header, member.pixels.shape, bias)
    master_level = ccd.overscan_level(bias)
    return 0.0 if frame_level is None or master_level is None else frame_level - master_level[0]


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


def _measure(path: Path, bias: CCDData | None) -> FlatMember:
    member = Member.of(path)
    section = geometry.image_section(member.header, member.pixels.shape)
    counts = member.pixels.read(*section.slices)
    percent = 100 * _saturated_part(counts, member.saturation)
    drift = _drift(member, bias)
    sample = counts[:, ::4]
    if bias is not None:
        sample = sample - bias.data[section.slices][:, ::4]
    known = sample[np.isfinite(sample)]
    level = float(np.median(known)) - drift if known.size else np.nan
    return FlatMember(path, level, percent, drift)


def judge_flats(
    paths: Sequence[Path], bias: CCDData | None, threshold: float
) -> tuple[list[FlatMember], list[FlatMember]]:
    """Measure the flats, and separate those with too many saturated pixels.

    Parameters
    ----------
    paths : sequence of Path
        The raw flats.
    bias : CCDData or None
        Master bias, (ny, nx), ADU, untrimmed.
    threshold : float
        Percentage of saturated pixels allowed in the illuminated section.

    Returns
    -------
    used, dropped : list of FlatMember

    Raises
    ------
    MissingCalibration
        The master bias has another size or binning than a flat.
    UnusableFrame
        All flats are dropped, or a flat has no light.
    """
    used: list[FlatMember] = []
    dropped: list[FlatMember] = []
    for member in in_threads(lambda path: _measure(path, bias), paths):
        (dropped if member.saturated_percent > threshold else used).append(member)
    if not used:
        least = min(m.saturated_percent for m in dropped)
        raise UnusableFrame(
            NoticeCode.FLATS_SATURATED, count=len(dropped), least=least, allowed=threshold
        )
    for member in used:
        if not member.level > 0:
            raise UnusableFrame(NoticeCode.FLAT_WITHOUT_LIGHT, file=member.path.name)
    return used, dropped
