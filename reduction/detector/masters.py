"""Combine bias or flat frames into a master, in bounded memory, with the variance of the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.detector import geometry, overscan
from reduction.detector.combine import combine
from reduction.detector.geometry import Section
from reduction.detector.master_members import FlatMember, Member, in_threads
from reduction.fits import shared_cards
from reduction.fits.derivation.completion import NONE_DECIDED, NOTHING, Given
from reduction.fits.frame_io import image_frame
from reduction.frames import PixelFlag

CHUNK_BYTES = 96 * 1024 * 1024
"""Memory for the pixels of all frames that are combined at once, bytes."""

Progress = Callable[[float], None]
Image = NDArray[np.float32]


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
        Called with the index of a frame and a slice of rows; returns the values to combine,
        (n_rows, n_columns) float32, NaN where there is none.
    progress : callable
        Called with the fraction done.

    Returns
    -------
    mean, variance : `shape` float32
        See `reduction.detector.combine.combine`.
    """
    mean, variance = np.empty(shape, np.float32), np.empty(shape, np.float32)
    chunks = list(_row_chunks(shape, n_frames))
    for number, rows in enumerate(chunks):
        stack = np.empty((n_frames, rows.stop - rows.start, shape[1]), np.float32)

        def load(index: int, rows: slice = rows, stack: Image = stack) -> None:
            stack[index] = prepare(index, rows)

        for done, _ in enumerate(in_threads(load, range(n_frames)), start=1):
            progress((number + done / (n_frames + 2)) / len(chunks))
        mean[rows], variance[rows] = combine(stack)
    progress(1.0)
    return mean, variance


_WHOLE = slice(None)


def master_bias(
    paths: Sequence[Path], progress: Progress, decided: Mapping[Path, Given] = NONE_DECIDED
) -> tuple[CCDData, NDArray[np.float64]]:
    """Combine bias frames to a master of the full raw geometry (pre- and overscan included).

    Every frame is first shifted to the mean overscan level, since the level drifts by about an ADU.

    Parameters
    ----------
    paths : sequence of Path
        Raw frames of one read-out.
    progress : callable
        Called with the fraction done.
    decided : mapping
        Cards of the frames that a person decided.

    Returns
    -------
    master : CCDData
        (ny, nx), ADU, with the variance of the mean; a pixel without a value is 0, flagged BAD.
    levels : (n_frames,) float64
        Levels of the overscan, ADU; those of the frames where there is none.
    """
    members = [Member.of(path, decided.get(path, NOTHING)) for path in paths]
    levels, drifts = _levels(list(in_threads(Member.overscan, members)))

    def prepare(index: int, rows: slice) -> Image:
        counts = members[index].values(rows, _WHOLE)
        counts -= drifts[index]
        return counts

    first = members[0]
    mean, variance = combine_frames(len(members), first.pixels.shape, prepare, progress)
    known = np.nan_to_num(levels, nan=float(np.nanmedian(mean[::4, ::4])))
    geometry.set_physical(first.header, first.pixels.shape)
    return _master(mean, variance, shared_cards.shared(first.header), u.adu), known


def _levels(counts: Sequence[Image | None]) -> tuple[NDArray[np.float64], Image]:
    """Return the overscan levels of the members, and how far each is above their mean, ADU.

    Parameters
    ----------
    counts : sequence of (n_rows, n) float32, or None
        Counts of the overscan.

    Returns
    -------
    levels : (n_frames,) float64
        NaN without overscan.
    drifts : (n_frames,) float32
        0 without overscan.
    """
    known = [one for one in counts if one is not None]
    levels = np.full(len(counts), np.nan)
    drifts = np.zeros(len(counts))
    if len(known) == len(counts):
        reference = np.median(known, axis=0)
        for index, one in enumerate(known):
            level, drift = overscan.level(one), overscan.drift(one, reference)
            levels[index] = np.nan if level is None else level
            drifts[index] = drift or 0.0
        drifts -= drifts.mean()
    return levels, drifts.astype(np.float32)


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


def combine_flats(
    members: Sequence[FlatMember], bias: CCDData | None, progress: Progress
) -> tuple[CCDData, Section]:
    """Combine flats, bias-subtracted and scaled to the same level, trimmed to the image section.

    Parameters
    ----------
    members : sequence of FlatMember
        From `reduction.detector.member_selection.judge_flats`.
    bias : CCDData or None
        Master bias on the pixels of the raw flats, (ny, nx), ADU, untrimmed; NaN where it does not
        cover them.
    progress : callable
        Called with the fraction done.

    Returns
    -------
    flat : CCDData
        Of the shape of the section, ADU at the mean level of the members, with variance, not
        normalised.
    section : Section
        The section of the raw frame.
    """
    raws = [Member.of(member.path, member.given) for member in members]
    shape, meta = raws[0].pixels.shape, raws[0].header
    section = geometry.image_section(meta, shape)
    if bias is not None:
        section = section.within(_known_part(bias.data))
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
    geometry.set_physical(meta, shape)
    geometry.shift_physical(meta, section.x0, section.y0)
    return _master(mean, variance, shared_cards.shared(meta), u.adu), section


def _known_part(bias: Image) -> Section:
    """Return the section of the rows and columns in which a bias has a value."""
    known = np.isfinite(bias)
    ends = []
    for axis in (0, 1):
        places = np.flatnonzero(known.any(axis=axis))
        ends.append((int(places[0]), int(places[-1]) + 1) if places.size else (0, 0))
    return Section(*ends[0], *ends[1])
