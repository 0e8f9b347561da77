"""Which rows of the slit hold a target: peaks of the mean profile, and of emission lines alone.

A target without continuum (a planetary nebula, an H II region) vanishes in the mean over all
columns. It is looked for in the cells of a few columns each: a row that stands out in several far
apart, more than what cosmic rays leave does by chance, is a target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from scipy.signal import find_peaks
from scipy.stats import poisson

from reduction.errors import TargetNotFound
from reduction.extraction.slit_profiles import (
    CELLS,
    Blocks,
    Image,
    aligned_profile,
    without_background,
)
from reduction.notice_codes import NoticeCode

Array = NDArray[np.float64]
Indices = NDArray[np.integer[Any]]

RELATIVE_LIMIT = 0.02
"""A peak fainter than this part of the brightest is taken for structure of the brightest."""
SKY_LIMIT = 0.01
"""Part of the sky that the slit's own structure may leave in a cell, one sigma."""
APART = 3
"""Cells between two emission lines of one target."""
DRIFT = 0.002
"""Rows per column that a target may move from one line to another, when nothing tells its trace."""
NEAR = 1.5
"""Rows that its lines may lie apart otherwise."""
LINE_SIGMA = 8.0
"""A line stands at least so many sigmas above noise and sky."""
STEADY = 0.25
"""Height of a target in the typical block, over that in their mean, that a continuum reaches."""
CHANCE = 0.02
"""Largest probability that what is left of cosmic rays lies at one row by chance."""
BESIDE = 3.0
"""FWHM beside a known target within which an emission line is that target's."""
MOST = 20
"""Targets looked for before the brightest are chosen."""


@dataclass(frozen=True, slots=True)
class Target:
    """A peak along the slit: row, FWHM (rows), mean height over all columns, height over the noise.

    `lines` are the blocks that hold its emission lines when it shows nothing else, else empty.
    """

    centre: float
    fwhm: float
    peak: float
    significance: float
    lines: tuple[int, ...] = ()


def targets_in(
    blocks: Blocks, bend: Polynomial, *, threshold: float, max_targets: int
) -> list[Target]:
    """Find the targets of a frame, those of emission lines included, brightest first.

    Parameters
    ----------
    blocks : Blocks
    bend : Polynomial
        Rows by which the scene is shifted at a column.
    threshold : float
        Sigmas.
    max_targets : int

    Raises
    ------
    TargetNotFound
        Nothing stands out; the sentence says how much the highest peak does.
    """
    profile, noise = aligned_profile(blocks, bend)
    failure: TargetNotFound | None = None
    targets: list[Target] = []
    try:
        targets = find_targets(profile, noise, threshold=threshold, max_targets=MOST)
    except TargetNotFound as error:
        failure = error
    steady = [target for target in targets if _is_steady(blocks, bend, target)]
    lines = find_emission(blocks, bend, steady, max(threshold, LINE_SIGMA))
    # A bright line makes a peak of the mean profile as well.
    targets = [
        target
        for target in targets
        if target in steady or all(abs(target.centre - line.centre) > target.fwhm for line in lines)
    ]
    targets += lines
    if failure is not None and not targets:
        raise failure
    return sorted(targets, key=lambda target: -target.peak)[:max_targets]


def _is_steady(blocks: Blocks, bend: Polynomial, target: Target) -> bool:
    """Tell whether a target is seen in all blocks alike, as a continuum is, or in a few."""
    rows = np.arange(blocks.flat.shape[1])
    heights = [
        np.interp(row, rows, profile)
        for row, profile in zip(target.centre + bend(blocks.columns), blocks.flat, strict=True)
    ]
    return float(np.median(heights)) > STEADY * float(np.mean(heights))


def find_targets(
    profile: Array, noise: Array, *, threshold: float, max_targets: int
) -> list[Target]:
    """Find the targets in an aligned profile.

    A target exceeds `threshold` times the noise, is wider than one hot row, and is separated from a
    brighter target by a dip. The noise is the larger of the propagated noise and the scatter
    between rows (fixed pattern, sky residuals).

    Parameters
    ----------
    profile, noise : (n_spatial,) float
        Mean profile along the slit, background-subtracted, and its noise.
    threshold : float
        Sigmas.
    max_targets : int

    Returns
    -------
    list of Target
        Brightest first.

    Raises
    ------
    TargetNotFound
        No peak is significant.
    """
    steps = 1.4826 * float(np.median(np.abs(np.diff(profile)))) / np.sqrt(2)
    scatter = np.maximum(noise, max(steps, 1e-12))
    brightest = float(profile.max(initial=0.0))
    least = max(float(np.median(scatter)) * threshold, RELATIVE_LIMIT * brightest)
    peaks, facts = find_peaks(
        np.concatenate(([0.0], profile, [0.0])), prominence=least, width=1.2, rel_height=0.5
    )
    highest = float(np.max(profile / scatter, initial=0.0))
    targets = []
    for row, width in zip((peaks - 1).tolist(), facts["widths"].tolist(), strict=True):
        high = profile[row] >= threshold * scatter[row]
        if high and 1 < row < profile.size - 2 and width < profile.size / 3:
            significance = float(profile[row] / scatter[row])
            targets.append(Target(_vertex(profile, row), width, float(profile[row]), significance))
    if not targets:
        raise TargetNotFound(NoticeCode.NO_TARGET, highest=highest, threshold=threshold)
    return sorted(targets, key=lambda t: -t.peak)[:max_targets]


def _vertex(profile: Array, row: int) -> float:
    """Return the row of a peak by a parabola through its highest three rows."""
    left, middle, right = profile[row - 1 : row + 2].tolist()
    bend = left - 2 * middle + right
    return row + (0.5 * (left - right) / bend if bend < 0 else 0.0)


def find_emission(
    blocks: Blocks, bend: Polynomial, known: Sequence[Target], threshold: float
) -> list[Target]:
    """Find the targets that show emission lines where there is no continuum.

    Parameters
    ----------
    blocks : Blocks
    bend : Polynomial
        Rows by which the scene is shifted at a column.
    known : sequence of Target
        With a continuum: lines at their rows are theirs.
    threshold : float
        Sigmas that a line must stand above noise and sky residuals in each of two cells.

    Returns
    -------
    list of Target
        Possibly empty.
    """
    light, row, cell, height = _bright_cells(blocks, threshold)
    column = blocks.cells.columns[cell]
    place = row - bend(column)
    free = np.ones(row.size, dtype=bool)
    for target in known:
        free &= np.abs(place - target.centre) > BESIDE * target.fwhm
    drift = 0.0 if known else DRIFT  # a target with continuum has shown the bend
    targets = []
    for first in np.argsort(-height):
        if not free[first]:
            continue
        far = NEAR + drift * np.abs(column - column[first])
        same = np.flatnonzero(free & (np.abs(place - place[first]) <= far))
        free[same] = False
        n_lines = 1 + int(np.count_nonzero(np.diff(np.sort(cell[same])) >= APART))
        reach = 2 * float(np.max(far)) + 1
        others = (row.size - same.size + 0.5) * reach / light.shape[0]
        if n_lines > 1 and row.size * poisson.sf(n_lines - 2, others) < CHANCE:
            targets.append(_from_lines(light, place[same], row[same], cell[same], height[same]))
    return targets


def _bright_cells(blocks: Blocks, threshold: float) -> tuple[Image, Indices, Indices, Array]:
    """Return the cells' light without continuum, and where lines stand out: row, cell, height."""
    cells = blocks.cells
    continuum = np.repeat(blocks.profiles.astype(np.float32), CELLS, axis=0).T
    light = cells.light - continuum
    noise2 = cells.variance + (np.float32(SKY_LIMIT) * cells.sky) ** 2
    three = light[:-2] + light[1:-1] + light[2:]
    height = three / np.sqrt(np.maximum(noise2[:-2] + noise2[1:-1] + noise2[2:], 1e-12))
    rows: list[Indices] = []
    numbers: list[Indices] = []
    heights: list[Array] = []
    bright = np.flatnonzero(height.max(axis=0) > threshold)
    seen = three[:, bright].T.copy()
    # The sky's slope along the slit is no line.
    flat = without_background(seen) if bright.size else seen
    steep = np.where(seen > 0, flat / np.where(seen > 0, seen, 1.0), 0.0) * height[:, bright].T
    for number, over in zip(bright.tolist(), steep, strict=True):
        least = max(threshold, RELATIVE_LIMIT * float(over.max()))
        peaks, facts = find_peaks(over, height=least, prominence=least, width=1.2)
        rows.append(peaks + 1)
        numbers.append(np.full(peaks.size, number))
        heights.append(facts["peak_heights"])
    if not rows:
        empty = np.empty(0, dtype=np.intp)
        return light, empty, empty, np.empty(0)
    row, cell, over = np.concatenate(rows), np.concatenate(numbers), np.concatenate(heights)
    # One row alone is a hot pixel or what is left of a cosmic ray.
    sides = np.maximum(light[row - 1, cell], light[row + 1, cell])
    kept = np.flatnonzero(sides > 0.25 * light[row, cell])
    kept = kept[np.argsort(-over[kept])]
    beside = np.abs(np.subtract.outer(row[kept], row[kept])) <= 2
    beside &= np.abs(np.subtract.outer(cell[kept], cell[kept])) <= 1
    kept = kept[~np.tril(beside, -1).any(axis=1)]  # the fainter half of a line between two cells
    return light, row[kept], cell[kept], over[kept]


def _from_lines(light: Image, place: Array, row: Indices, cell: Indices, height: Array) -> Target:
    """Return the target of some lines, given where the trace would be without its bend."""
    brightest = int(np.argmax(height))
    profile = np.sum(
        [np.roll(light[:, c], row[brightest] - r) for r, c in zip(row, cell, strict=True)], axis=0
    )
    half = profile > 0.5 * profile[row[brightest]]
    below = int(np.argmin(half[row[brightest] :: -1])) or 1
    above = int(np.argmin(half[row[brightest] :])) or 1
    weight = height**2
    return Target(
        float(np.sum(weight * place) / np.sum(weight)),
        float(max(below + above - 1, 1.5)),
        float(profile[row[brightest]]) / light.shape[1],
        float(np.sqrt(np.sum(weight))),
        tuple(np.unique(cell // CELLS).tolist()),
    )
