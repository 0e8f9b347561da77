"""Detect targets along the slit: peaks of the mean profile, and emission lines without continuum.

A target without continuum (a planetary nebula, an H II region) is lost in the mean over all
columns. It is searched for in cells of a few columns: a row is a target if it is bright in several
separate cells, more often than residuals of cosmic rays would be by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from scipy.special import pdtrc

from reduction.errors import TargetNotFound
from reduction.extraction.profile_alignment import aligned_profile
from reduction.extraction.slit_profiles import (
    CELLS,
    Blocks,
    Image,
    without_background,
)
from reduction.notice_codes import NoticeCode

Array = NDArray[np.float64]
Indices = NDArray[np.integer[Any]]

RELATIVE_LIMIT = 0.02
"""A peak fainter than this fraction of the brightest is regarded as structure of the latter."""
SKY_LIMIT = 0.01
"""Residual of the sky in a cell from the structure of the slit, fraction of the sky, one sigma."""
APART = 3
"""Least distance of two emission lines of a target, cells."""
DRIFT = 0.002
"""Largest slope of a target between two lines when the trace is unknown, rows per column."""
NEAR = 1.5
"""Largest distance of the lines of a target along the slit, apart from `DRIFT`, rows."""
LINE_SIGMA = 8.0
"""Least significance of an emission line above noise and sky, sigmas."""
STEADY = 0.25
"""Least ratio of the median to the mean height over the blocks of a target with continuum."""
CHANCE = 0.02
"""Largest probability that residuals of cosmic rays coincide in a row by chance."""
BESIDE = 3.0
"""Distance from a known target within which an emission line belongs to it, FWHM."""
FILLED = 0.25
"""Fraction of the rows that deviate from a straight line when a source fills the slit."""
MOST = 20
"""Most targets that are detected before the brightest are selected."""


@dataclass(frozen=True, slots=True)
class Target:
    """A peak along the slit: row, FWHM (rows), mean height over all columns, height over the noise.

    `lines` are the blocks of its emission lines if it has no continuum, else empty.
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

    Returns
    -------
    list of Target

    Raises
    ------
    TargetNotFound
        There is no significant peak; the notice gives the significance of the highest.
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
    """Return whether a target is equally bright in all blocks, as a continuum, or in a few."""
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
    from scipy.signal import find_peaks  # noqa: PLC0415 - see `_bright_cells`

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
        filled = float(np.mean(np.abs(profile) > threshold * scatter))
        if filled > FILLED:
            raise TargetNotFound(NoticeCode.SLIT_FILLED, fraction=round(filled, 3))
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
    """Find the targets with emission lines but no continuum.

    Parameters
    ----------
    blocks : Blocks
    bend : Polynomial
        Rows by which the scene is shifted at a column.
    known : sequence of Target
        Targets with a continuum; emission lines at their rows belong to them.
    threshold : float
        Least significance above noise and sky residuals in each of two cells, sigmas.

    Returns
    -------
    list of Target
        Possibly empty.
    """
    light, row, cell, height = _bright_cells(blocks, threshold)
    column = blocks.cells.columns[cell]
    position = row - bend(column)
    free = np.ones(row.size, dtype=bool)
    for target in known:
        free &= np.abs(position - target.centre) > BESIDE * target.fwhm
    drift = 0.0 if known else DRIFT  # the bend is known from a target with continuum
    targets = []
    for first in np.argsort(-height):
        if not free[first]:
            continue
        far = NEAR + drift * np.abs(column - column[first])
        same = np.flatnonzero(free & (np.abs(position - position[first]) <= far))
        free[same] = False
        n_lines = 1 + int(np.count_nonzero(np.diff(np.sort(cell[same])) >= APART))
        reach = 2 * float(np.max(far)) + 1
        others = (row.size - same.size + 0.5) * reach / light.shape[0]
        if n_lines > 1 and row.size * pdtrc(n_lines - 2, others) < CHANCE:
            targets.append(_from_lines(light, position[same], row[same], cell[same], height[same]))
    return targets


def _bright_cells(blocks: Blocks, threshold: float) -> tuple[Image, Indices, Indices, Array]:
    """Return the light of the cells without continuum; row, cell and height of emission lines."""
    # Half a second to import, which programs that only read settings do not need at their start;
    # workers have it before their first job (`jobs.processes.worker.SCIENCE`).
    from scipy.signal import find_peaks  # noqa: PLC0415

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
    # Remove the slope of the sky along the slit.
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
    # A single bright row is a hot pixel or the residual of a cosmic ray.
    sides = np.maximum(light[row - 1, cell], light[row + 1, cell])
    kept = np.flatnonzero(sides > 0.25 * light[row, cell])
    kept = kept[np.argsort(-over[kept])]
    beside = np.abs(np.subtract.outer(row[kept], row[kept])) <= 2
    beside &= np.abs(np.subtract.outer(cell[kept], cell[kept])) <= 1
    kept = kept[~np.tril(beside, -1).any(axis=1)]  # the fainter half of a line between two cells
    return light, row[kept], cell[kept], over[kept]


def _from_lines(
    light: Image, position: Array, row: Indices, cell: Indices, height: Array
) -> Target:
    """Return the target of some lines; `position` is the row of each, corrected for the bend."""
    brightest = int(np.argmax(height))
    profile = np.sum(
        [np.roll(light[:, c], row[brightest] - r) for r, c in zip(row, cell, strict=True)], axis=0
    )
    half = profile > 0.5 * profile[row[brightest]]
    below = int(np.argmin(half[row[brightest] :: -1])) or 1
    above = int(np.argmin(half[row[brightest] :])) or 1
    weight = height**2
    return Target(
        float(np.sum(weight * position) / np.sum(weight)),
        float(max(below + above - 1, 1.5)),
        float(profile[row[brightest]]) / light.shape[1],
        float(np.sqrt(np.sum(weight))),
        tuple(np.unique(cell // CELLS).tolist()),
    )
