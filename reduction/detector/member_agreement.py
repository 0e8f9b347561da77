"""Whether the frames of a master agree: one that is no bias, or another flat, spoils it for all.

Every frame is compared with the median of all, in quantities that a good frame reproduces: of a
bias the level, the light above the overscan, the noise and the large-scale structure; of a flat the
shape of the illumination. What disagrees is left out as long as the others are a majority. The
limits are some ten times the scatter of real series (`docs/reduction/masters.md`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reduction.errors import UnusableFrame
from reduction.notice_codes import NoticeCode

Image = NDArray[np.float32]
Map = NDArray[np.float64]

SAMPLED_ROWS = 4
"""Noise and level are measured on every fourth row: half a million pixels are enough."""
CELLS = (8, 32)
"""Rows and columns of the map in which structure is compared."""
LEVEL_NOISES, LEVEL_ADU = 15.0, 20.0
"""Drift of the level of a bias: in units of the noise of a pixel, and in ADU."""
LIGHT_NOISES, LIGHT_ADU = 1.0, 3.0
"""Mean counts above the overscan against those of the other frames."""
DARK_ADU = 100.0
"""Counts above the overscan that no bias has, where there are no others to compare with."""
NOISE_RATIO = 1.3
STRUCTURE_NOISES = 0.5
FLAT_SHAPE = 0.05
"""Relative deviation of a part of a flat."""
DARK_FLAT, DARK_FLAT_ADU = 0.02, 20.0
"""Level below which a flat is dark: as a part of the typical level of the series, and in ADU."""
ERRORS = 8.0
"""Standard errors by which a cell of a map may deviate besides."""
LIT = 0.3
"""Part of the typical level from which a cell of a flat is compared."""
COMPARED = 3
"""Frames from which on one can be told from the others."""


class Misfit(StrEnum):
    """Why a frame is not used for a master."""

    UNREADABLE = "unreadable"
    READOUT = "read-out"
    SATURATED = "saturated"
    DARK = "no light"
    LEVEL = "level"
    LIGHT = "light"
    NOISE = "noise"
    STRUCTURE = "structure"
    SHAPE = "illumination"


@dataclass(frozen=True, slots=True)
class BiasMeasure:
    """A bias frame in numbers, ADU.

    `above_overscan` is None without overscan; `cells` is relative to the level, `errors` are the
    standard errors of its values.
    """

    level: float
    above_overscan: float | None
    noise: float
    cells: Map
    errors: Map


@dataclass(frozen=True, slots=True)
class FlatMeasure:
    """A flat frame in numbers: its level, ADU, and its map relative to that, with errors."""

    level: float
    cells: Map
    errors: Map


def measure_bias(image: Image, overscan: Image | None) -> BiasMeasure:
    """Measure the illuminated section of a bias frame.

    Parameters
    ----------
    image : (ny, nx) float32
        Counts, ADU; NaN where there is none.
    overscan : (ny, n) float32 or None
        Counts of the overscan.
    """
    noise = _noise(image)
    level, cells, counts = _clipped_map(image, noise)
    above = None if overscan is None else level - _clipped_map(overscan, noise)[0]
    errors = noise / np.sqrt(np.maximum(counts, 1))
    return BiasMeasure(level, above, noise, cells - level, errors)


def measure_flat(image: Image, gain: float | None) -> FlatMeasure:
    """Measure the illuminated section of a flat frame.

    Parameters
    ----------
    image : (ny, nx) float32
        Counts without bias, ADU; NaN where there is none.
    gain : float or None
        Electron/ADU.
    """
    cells, counts = _map(image, np.isfinite(image))
    level = float(np.nanmedian(cells)) if np.isfinite(cells).any() else np.nan
    photons = np.maximum(cells, 1.0) / (gain or 1.0)
    errors = np.sqrt(photons / np.maximum(counts, 1))
    scale = level if level > 0 else np.nan
    return FlatMeasure(level, cells / scale, errors / scale)


def misfits_of_biases(measures: Sequence[BiasMeasure]) -> dict[int, Misfit]:
    """Return the frames that are no biases like the others, by their index."""
    if len(measures) < COMPARED:
        found = dict(_lit(measures))
        return found or _pair(measures)
    noise = float(np.median([m.noise for m in measures]))
    level = float(np.median([m.level for m in measures]))
    above = [m.above_overscan for m in measures if m.above_overscan is not None]
    dark = float(np.median(above)) if above else 0.0
    reference = _median([m.cells for m in measures])
    found = {}
    for index, m in enumerate(measures):
        deviation = np.abs(m.cells - reference) - ERRORS * m.errors
        lit = None if m.above_overscan is None else abs(m.above_overscan - dark)
        if lit is not None and lit > max(LIGHT_NOISES * noise, LIGHT_ADU):
            found[index] = Misfit.LIGHT
        elif abs(m.level - level) > max(LEVEL_NOISES * noise, LEVEL_ADU):
            found[index] = Misfit.LEVEL
        elif not 1 / NOISE_RATIO <= m.noise / max(noise, 1e-6) <= NOISE_RATIO:
            found[index] = Misfit.NOISE
        elif np.nanmax(deviation, initial=0.0) > max(STRUCTURE_NOISES * noise, 1.0):
            found[index] = Misfit.STRUCTURE
    return found


def misfits_of_flats(measures: Sequence[FlatMeasure]) -> dict[int, Misfit]:
    """Return the frames that are no flats like the others, by their index."""
    levels = [m.level for m in measures if np.isfinite(m.level)]
    typical = float(np.median(levels)) if levels else 0.0
    found = {
        index: Misfit.DARK
        for index, m in enumerate(measures)
        if not m.level > max(DARK_FLAT * typical, DARK_FLAT_ADU)
    }
    lit = [(index, m) for index, m in enumerate(measures) if index not in found]
    if len(lit) < 2:
        return found
    reference = _median([m.cells for _, m in lit])
    with np.errstate(invalid="ignore"):
        compared = reference > LIT
    for index, m in lit:
        deviation = np.abs(m.cells[compared] / reference[compared] - 1)
        deviation -= ERRORS * m.errors[compared] / reference[compared]
        if np.nanmax(deviation, initial=0.0) > FLAT_SHAPE:
            found[index] = Misfit.SHAPE
    return found


def require_majority(misfits: Mapping[int, Misfit], total: int, role: str) -> None:
    """Check that those left are most of the frames.

    Raises
    ------
    UnusableFrame
        They are not: nobody can say which are right.
    """
    if 2 * (total - len(misfits)) <= total:
        reasons = sorted({str(misfit) for misfit in misfits.values()})
        raise UnusableFrame(
            NoticeCode.MEMBERS_DISAGREE, role=role, count=len(misfits), total=total, reasons=reasons
        )


def _lit(measures: Sequence[BiasMeasure]) -> Iterator[tuple[int, Misfit]]:
    """Yield the frames that show light, judged without others."""
    for index, m in enumerate(measures):
        if m.above_overscan is not None and abs(m.above_overscan) > DARK_ADU:
            yield index, Misfit.LIGHT


def _pair(measures: Sequence[BiasMeasure]) -> dict[int, Misfit]:
    """Return both of two frames that differ: which is right is not known."""
    if len(measures) < 2:
        return {}
    one, other = measures
    found = misfits_of_biases([one, other, other])
    return {0: found[0], 1: found[0]} if 0 in found else {}


def _median(maps: Sequence[Map]) -> Map:
    """Return the median of maps, NaN in a cell without any value."""
    stacked = np.ma.masked_invalid(np.array(maps))
    middle: Map = np.ma.median(stacked, axis=0).filled(np.nan)  # type: ignore[no-untyped-call]
    return middle


def _noise(image: Image) -> float:
    """Return the noise of a pixel from the differences of neighbours, ADU."""
    steps = np.diff(image[::SAMPLED_ROWS], axis=1)
    steps = steps[np.isfinite(steps)]
    if steps.size < 2:
        return 0.0
    low, middle, high = np.percentile(steps, [15.87, 50, 84.13])
    kept = steps[np.abs(steps - middle) <= 4 * max((high - low) / 2, 1.0)]
    return float(np.std(kept, dtype=np.float64) / np.sqrt(2))


def _clipped_map(image: Image, noise: float) -> tuple[float, Map, Map]:
    """Return mean, map and number of values of each cell, without hot pixels and cosmic rays."""
    sample = image[::SAMPLED_ROWS]
    middle = float(np.nanmedian(sample)) if np.isfinite(sample).any() else np.nan
    with np.errstate(invalid="ignore"):
        kept = np.abs(image - np.float32(middle)) <= np.float32(10 * max(noise, 1.0))
    cells, counts = _map(image, kept)
    total = float(np.sum(counts))
    return float(np.nansum(cells * counts) / total) if total else middle, cells, counts


def _map(image: Image, kept: NDArray[np.bool_]) -> tuple[Map, Map]:
    """Return the mean of the values kept in each cell, NaN without any, and their number."""
    starts = [
        np.linspace(0, length, min(cells, length), endpoint=False).astype(int)
        for length, cells in zip(image.shape, CELLS, strict=True)
    ]

    def sums(values: NDArray[Any]) -> Map:
        rows = np.add.reduceat(values, starts[1], axis=1, dtype=np.float64)
        return np.asarray(np.add.reduceat(rows, starts[0], axis=0))

    counts = sums(kept)
    totals = sums(np.where(kept, image, np.float32(0)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(counts > 0, totals / counts, np.nan), counts
