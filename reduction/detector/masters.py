"""Many bias or flat frames into one, in bounded memory, with the variance of the result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.detector import ccd, geometry
from reduction.detector.combine import N_THREADS, combine
from reduction.detector.geometry import Section
from reduction.differences import Difference, Effect, Quantity, number_differences, text_differences
from reduction.errors import MissingCalibration, UnusableFrame
from reduction.fits import frame_io, headers
from reduction.fits.frame_io import image_frame
from reduction.fits.pixels import RawPixels
from reduction.frames import FrameDescription, PixelFlag
from reduction.notice_codes import NoticeCode

CHUNK_BYTES = 96 * 1024 * 1024
"""Pixels of all frames that are held at once while combining."""

Progress = Callable[[float], None]
Image = NDArray[np.float32]
_T = TypeVar("_T")
_R = TypeVar("_R")


def _each(do: Callable[[_T], _R], things: Iterable[_T]) -> Iterator[_R]:
    """Do something with every frame, two at a time, in order; stops when the caller does."""
    with ThreadPoolExecutor(N_THREADS) as pool:
        try:
            yield from pool.map(do, things)
        finally:
            pool.shutdown(cancel_futures=True)


def _row_chunks(shape: tuple[int, int], n_frames: int) -> Iterator[slice]:
    ny, nx = shape
    rows = max(int(CHUNK_BYTES // (4 * nx * n_frames)), 1)
    for start in range(0, ny, rows):
        yield slice(start, min(start + rows, ny))


def combine_frames(
    n_frames: int,
    shape: tuple[int, int],
    prepare: Callable[[int, slice], Image],
    progress: Progress,
) -> tuple[Image, Image]:
    """Combine frames from disk, holding `CHUNK_BYTES` of their pixels at a time.

    Parameters
    ----------
    n_frames : int
    shape : (int, int)
        Rows and columns to combine.
    prepare : callable
        Number of a frame and the rows wanted → the values to combine, NaN where there is none.
    progress : callable
        Told the fraction done.

    Returns
    -------
    mean, variance : `shape` float32
        See `combine.combine`.
    """
    mean, variance = np.empty(shape, np.float32), np.empty(shape, np.float32)
    chunks = list(_row_chunks(shape, n_frames))
    for number, rows in enumerate(chunks):
        stack = np.empty((n_frames, rows.stop - rows.start, shape[1]), np.float32)

        def load(index: int, rows: slice = rows, stack: Image = stack) -> None:
            stack[index] = prepare(index, rows)

        for done, _ in enumerate(_each(load, range(n_frames)), start=1):
            progress((number + done / (n_frames + 2)) / len(chunks))
        mean[rows], variance[rows] = combine(stack)
    progress(1.0)
    return mean, variance


def describe_members(paths: Sequence[Path], minimum: int, role: str) -> list[FrameDescription]:
    """Return the facts of the frames of a master, after checking that they belong together.

    Raises
    ------
    MissingCalibration
        Fewer than `minimum`.
    UnusableFrame
        Camera, binning, read-out or size differ between them.
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
    """Return what differs between two frames that should be of one read-out."""
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
class _Member:
    """A raw frame that is read in parts, and the level from which its pixels are saturated."""

    pixels: RawPixels
    saturation: float

    @classmethod
    def of(cls, path: Path) -> _Member:
        pixels = RawPixels(path)
        return cls(pixels, frame_io.saturation_level(pixels.header))

    def overscan(self) -> float | None:
        """Return the median of the columns read without light, ADU, None without any."""
        section = geometry.overscan_section(self.pixels.header, self.pixels.shape)
        if section is None:
            return None
        level = float(np.nanmedian(self.pixels.read(*section.slices)))
        return level if np.isfinite(level) else None

    def values(self, rows: slice, columns: slice) -> Image:
        """Return counts, ADU, NaN where saturated or not a number."""
        counts = self.pixels.read(rows, columns)
        with np.errstate(invalid="ignore"):
            useless = ~(np.abs(counts) < self.saturation)
        if useless.any():
            counts[useless] = np.nan
        return counts


_WHOLE = slice(None)


def master_bias(paths: Sequence[Path], progress: Progress) -> CCDData:
    """Combine bias frames into one of the full raw geometry (pre- and overscan included).

    Every frame is first brought to the mean overscan level, since the level drifts by an ADU or so.

    Returns
    -------
    CCDData
        ADU, with the variance of the mean; a pixel without any value is 0 and flagged BAD.
    """
    members = [_Member.of(path) for path in paths]
    levels = [np.nan if level is None else level for level in _each(_Member.overscan, members)]
    drifts = np.nan_to_num(np.array(levels) - np.mean(levels)).astype(np.float32)

    def prepare(index: int, rows: slice) -> Image:
        counts = members[index].values(rows, _WHOLE)
        counts -= drifts[index]
        return counts

    first = members[0].pixels
    mean, variance = combine_frames(len(members), first.shape, prepare, progress)
    return _master(mean, variance, frame_io.clean_header(first.header), u.adu)


def _master(mean: Image, variance: Image, meta: fits.Header, unit: u.UnitBase) -> CCDData:
    flags = np.where(np.isfinite(mean), np.uint8(0), np.uint8(PixelFlag.BAD))
    known = flags == 0
    return image_frame(
        np.where(known, mean, np.float32(0)),
        np.where(known, variance, np.float32(0)),
        flags,
        unit=unit,
        meta=meta,
    )


@dataclass(frozen=True, slots=True)
class FlatMember:
    """One flat frame as judged before combining: its typical level and saturated fraction.

    `drift` is what its own bias differs by from the master's (or from nothing), ADU.
    """

    path: Path
    level: float
    saturated_percent: float
    drift: float


def _drift(member: _Member, bias: CCDData | None) -> float:
    """Return what is to be taken off a frame besides the master bias: its overscan's drift.

    Without a master it is the overscan level itself, and nothing where there is no overscan.
    """
    here = member.overscan()
    if bias is None:
        return here or 0.0
    ccd.check_bias_fits(member.pixels.header, member.pixels.shape, bias)
    then = ccd.overscan_level(bias)
    return 0.0 if here is None or then is None else here - then[0]


def _saturated_part(counts: Image, level: float) -> float:
    """Return the part of pixels that are saturated; a hot pixel, with none beside it, is not."""
    with np.errstate(invalid="ignore"):
        saturated = (counts >= level).astype(np.uint8)
    if not saturated.any():
        return 0.0
    crowd = cv2.boxFilter(saturated, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return float(np.count_nonzero(saturated & (crowd > 1)) / saturated.size)


def _judge(path: Path, bias: CCDData | None) -> FlatMember:
    member = _Member.of(path)
    section = geometry.image_section(member.pixels.header, member.pixels.shape)
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
    """Measure every flat; return those to use and those with too many saturated pixels.

    Parameters
    ----------
    threshold : float
        Percentage of saturated pixels allowed in the illuminated section.

    Raises
    ------
    UnusableFrame
        None is left, or a flat without light.
    """
    used: list[FlatMember] = []
    dropped: list[FlatMember] = []
    for member in _each(lambda path: _judge(path, bias), paths):
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


def combine_flats(
    members: Sequence[FlatMember], bias: CCDData | None, progress: Progress
) -> tuple[CCDData, Section]:
    """Combine flats, bias-subtracted and brought to one level; trimmed to the image section.

    Returns
    -------
    flat : CCDData
        ADU at the mean level of the members, with variance, not yet normalised.
    section : Section
        What was kept of the raw frame.
    """
    raws = [_Member.of(member.path) for member in members]
    first = raws[0].pixels
    section = geometry.image_section(first.header, first.shape)
    level = float(np.mean([m.level for m in members]))
    structure = None if bias is None else bias.data[section.slices]
    columns = section.slices[1]

    def prepare(index: int, rows: slice) -> Image:
        inside = slice(section.y0 + rows.start, section.y0 + rows.stop)
        counts = raws[index].values(inside, columns)
        if structure is not None:
            counts -= structure[rows]
        counts -= np.float32(members[index].drift)
        counts *= np.float32(level / members[index].level)
        return counts

    mean, variance = combine_frames(len(members), section.shape, prepare, progress)
    meta = frame_io.clean_header(first.header)
    geometry.set_physical(meta, first.shape)
    geometry.shift_physical(meta, section.x0, section.y0)
    return _master(mean, variance, meta, u.adu), section
