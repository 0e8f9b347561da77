"""Many bias or flat frames into one, in bounded memory, with the variance of the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, VarianceUncertainty
from numpy.typing import NDArray

from reduction import ccd, fitsio, geometry, headers
from reduction.errors import MissingCalibration, UnusableFrame
from reduction.frames import FrameDescription, PixelFlag
from reduction.geometry import Section

CHUNK_BYTES = 96 * 1024 * 1024
"""Pixels of all frames that are held at once while combining."""
CLIP_SIGMA = 3.0
_MAD_TO_SIGMA = 1.4826

Progress = Callable[[float], None]


def combine(stack: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Combine frames pixel by pixel: the mean of what lies within 3 σ of the median.

    σ is the larger of the frames' scatter (from the median absolute deviation) in a pixel and
    typically in its row, so that a pixel that happens to scatter little does not lose good values.

    Parameters
    ----------
    stack : (n_frames, n_rows, n_columns) float32
        NaN where a frame has no value.

    Returns
    -------
    mean, variance : (n_rows, n_columns) float32
        `variance` is that of the mean. A pixel without any value is (nan, inf).
    """
    known = np.isfinite(stack)
    empty = ~known.any(axis=0)
    if known.all():
        centre = np.median(stack, axis=0)
        distance = np.abs(stack - centre)
        spread = _MAD_TO_SIGMA * np.median(distance, axis=0)
    else:
        filled = np.where(empty, np.float32(0), stack)
        centre = np.nanmedian(filled, axis=0)
        distance = np.abs(filled - centre)
        spread = _MAD_TO_SIGMA * np.nanmedian(distance, axis=0)
    typical = np.median(spread, axis=1, keepdims=True)
    keep = known & (np.nan_to_num(distance) <= CLIP_SIGMA * np.maximum(spread, typical) + 1e-6)
    n = np.maximum(keep.sum(axis=0), 1)
    offset = np.where(keep, stack - centre, 0)  # about the median: small numbers keep precision
    shift = offset.sum(axis=0) / n
    scatter = np.maximum((offset**2).sum(axis=0) - n * shift**2, 0) / np.maximum(n - 1, 1)
    # The scatter of one or two values says nothing; the row's typical spread stands in for it.
    variance = np.where(n > 2, scatter, typical**2) / n
    mean = centre + shift
    mean[empty], variance[empty] = np.nan, np.inf
    return mean.astype(np.float32), variance.astype(np.float32)


def _row_chunks(shape: tuple[int, int], n_frames: int) -> Iterator[slice]:
    ny, nx = shape
    rows = max(int(CHUNK_BYTES // (4 * nx * n_frames)), 1)
    for start in range(0, ny, rows):
        yield slice(start, min(start + rows, ny))


def combine_files(
    paths: Sequence[Path],
    shape: tuple[int, int],
    prepare: Callable[[CCDData, int], NDArray[np.float32]],
    progress: Progress,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Combine frames from disk, holding `CHUNK_BYTES` of pixels and one whole frame at a time.

    Parameters
    ----------
    paths : sequence of Path
        Raw frames.
    shape : (int, int)
        Shape of what `prepare` returns.
    prepare : callable
        Raw frame and its place in `paths` → the values to combine, NaN where there is none.
    progress : callable
        Told the fraction done.

    Returns
    -------
    mean, variance : `shape` float32
        See `combine`.
    """
    mean, variance = np.empty(shape, np.float32), np.empty(shape, np.float32)
    chunks = list(_row_chunks(shape, len(paths)))
    for number, rows in enumerate(chunks):
        stack = np.empty((len(paths), rows.stop - rows.start, shape[1]), np.float32)
        for index, path in enumerate(paths):
            stack[index] = prepare(fitsio.read_raw(path), index)[rows]
            progress((number + (index + 1) / (len(paths) + 1)) / len(chunks))
        mean[rows], variance[rows] = combine(stack)
    return mean, variance


def describe_members(paths: Sequence[Path], minimum: int, what: str) -> list[FrameDescription]:
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
            f"only {len(paths)} {what} frames with this setup; a master needs {max(minimum, 1)}."
        )
    described = []
    for path in paths:
        header, shape = fitsio.read_header(path)
        described.append(headers.describe(header, shape, path.name))
    first = described[0]
    for path, other in zip(paths, described, strict=True):
        for name, ours, theirs in (
            ("INSTCONF", first.camera, other.camera),
            ("CCDSUM", first.binning, other.binning),
            ("NAXIS", first.shape, other.shape),
            ("GAIN", first.gain, other.gain),
            ("RDNOISE", first.rdnoise, other.rdnoise),
        ):
            if ours != theirs:
                raise UnusableFrame(
                    f"{path.name} can't be combined with {paths[0].name}: {name} {theirs} "
                    f"instead of {ours}."
                )
    return described


def _blank(frame: CCDData) -> NDArray[np.float32]:
    """Return a frame's pixels with NaN where they are flagged."""
    values: NDArray[np.float32] = np.where(frame.mask, np.float32(np.nan), frame.data)
    return values


def master_bias(paths: Sequence[Path], progress: Progress) -> CCDData:
    """Combine bias frames into one of the full raw geometry (pre- and overscan included).

    Every frame is first brought to the mean overscan level, since the level drifts by an ADU or so.

    Returns
    -------
    CCDData
        ADU, with the variance of the mean; a pixel without any value is 0 and flagged BAD.
    """
    first = fitsio.read_raw(paths[0])
    levels = []
    for path in paths:
        known = ccd.overscan_level(fitsio.read_raw(path))
        levels.append(np.nan if known is None else known[0])
    reference = float(np.mean(levels))

    def prepare(frame: CCDData, index: int) -> NDArray[np.float32]:
        drift = levels[index] - reference
        return _blank(frame) - np.float32(drift if np.isfinite(drift) else 0)

    mean, variance = combine_files(paths, first.shape, prepare, progress)
    return _master(mean, variance, first, u.adu)


def _master(
    mean: NDArray[np.float32], variance: NDArray[np.float32], model: CCDData, unit: u.UnitBase
) -> CCDData:
    flags = np.where(np.isfinite(mean), np.uint8(0), np.uint8(PixelFlag.BAD))
    meta = model.meta.copy()
    return CCDData(
        np.where(flags == 0, mean, np.float32(0)),
        unit=unit,
        uncertainty=VarianceUncertainty(np.where(flags == 0, variance, np.float32(0))),
        mask=flags != 0,
        flags=flags,
        meta=meta,
    )


@dataclass(frozen=True, slots=True)
class FlatMember:
    """One flat frame as judged before combining: its typical level and saturated fraction."""

    path: Path
    level: float
    saturated_percent: float


def subtract_bias(frame: CCDData, bias: CCDData | None) -> NDArray[np.float32]:
    """Return a raw frame without its bias, ADU, NaN where flagged; untrimmed.

    Without a master the overscan level is taken off, and nothing where there is no overscan.
    """
    if bias is not None:
        level = ccd.bias_level(frame, bias)
        return (_blank(frame) - level).astype(np.float32, copy=False)
    known = ccd.overscan_level(frame)
    return _blank(frame) - np.float32(0 if known is None else known[0])


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
    for path in paths:
        frame = fitsio.read_raw(path)
        section = geometry.image_section(frame.meta, frame.shape).slices
        saturated = (fitsio.flags_of(frame)[section] & PixelFlag.SATURATED) != 0
        percent = 100 * float(saturated.mean())
        values = subtract_bias(frame, bias)[section]
        level = float(np.nanmedian(values[:, ::4])) if np.isfinite(values).any() else np.nan
        member = FlatMember(path, level, percent)
        (dropped if percent > threshold else used).append(member)
    if not used:
        least = min(m.saturated_percent for m in dropped)
        raise UnusableFrame(
            f"all {len(dropped)} flats are saturated: at least {least:.1f} % of their pixels, "
            f"{threshold:g} % is allowed."
        )
    for member in used:
        if not member.level > 0:
            raise UnusableFrame(f"{member.path.name} shows no light: it is not a flat.")
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
    first = fitsio.read_raw(members[0].path)
    section = geometry.image_section(first.meta, first.shape)
    level = float(np.mean([m.level for m in members]))
    paths = [m.path for m in members]

    def prepare(frame: CCDData, index: int) -> NDArray[np.float32]:
        scale = np.float32(level / members[index].level)
        values: NDArray[np.float32] = subtract_bias(frame, bias)[section.slices] * scale
        return values

    mean, variance = combine_files(paths, section.shape, prepare, progress)
    geometry.set_physical(first.meta, first.shape)
    return _master(mean, variance, ccd.cut(first, section), u.adu), section
