"""Trace targets along the dispersion and measure their profiles.

Each target is centred in every block, a polynomial is fitted to the centroids, and its profile is
fitted to all blocks at once (`reduction.extraction.slit_shape`). The light of its neighbours is
subtracted first, so that it does not shift the centroids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import pairwise

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction.errors import TargetNotFound
from reduction.extraction.light_profile import LOOSE, LightProfile, Model
from reduction.extraction.profile_alignment import robust_polynomial
from reduction.extraction.shape_change import ShapeChange, measure_change
from reduction.extraction.slit_profiles import Blocks, without_background
from reduction.extraction.slit_shape import fit_shape, light_in, spread_along
from reduction.extraction.targets import Target
from reduction.notice_codes import NoticeCode

Array = NDArray[np.float64]

CROWDED, ROUNDS = 8.0, 3
"""Targets closer than `CROWDED` FWHM are traced in `ROUNDS` iterations, each of which subtracts the
light of the others as fitted in the last."""
SHAKY = 0.2
"""Error of a target's own trace above which that of a brighter target is better, rows."""
FEWEST_LINES = 6
"""Least number of emission lines for a trace of its own; with fewer the trace of a brighter target
is used, if there is one."""
SEEING_CHANGE = 0.15
"""Standard deviation of ln(FWHM) of a faint target about the FWHM of its guide."""


class TraceSource(Enum):
    """What the trace of a target was measured on."""

    TARGET = auto()
    BRIGHTEST_TARGET = auto()
    OTHER_FRAME = auto()


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace and the profile of a target.

    `polynomial` gives the row (0-based) at a column (0-based); `rms` is the scatter of the
    centroids about it, in rows, over `n_points` blocks; `light` is its electrons per
    column in every block, and `columns` are the middles of the blocks. `error` is the approximate
    error of the trace at its ends, rows. `spread` is the width of the profile relative to the mean
    as a function of the column; None if it is constant. `change` is what else changes of the
    profile along the dispersion. `source` is what the trace was measured
    on, `guide` its name, "" when it is the target itself.
    """

    target: Target
    shape: LightProfile
    polynomial: Polynomial
    rms: float
    n_points: int
    columns: Array
    light: Array
    error: float = 0.0
    spread: Polynomial | None = None
    source: TraceSource = TraceSource.TARGET
    guide: str = ""
    change: ShapeChange | None = None

    @property
    def fwhm(self) -> float:
        """Mean FWHM of the fitted model, rows."""
        return self.shape.fwhm

    @property
    def needs_guide(self) -> bool:
        """Whether the trace of a brighter target would be more accurate."""
        return self.n_points < FEWEST_LINES if self.target.lines else self.error > SHAKY

    def wider(self, columns: Array) -> Array | float:
        """Return the width of the profile relative to the mean.

        Parameters
        ----------
        columns : ndarray of float
            0-based, any shape.

        Returns
        -------
        ndarray of float or float
            Of the shape of `columns`; the number 1 if the width is constant.
        """
        return 1.0 if self.spread is None else np.asarray(self.spread(columns))

    def pixels(self, rows: Array, columns: Array) -> Array:
        """Return the profile in pixels.

        Parameters
        ----------
        rows, columns : ndarray of float
            0-based, broadcast against each other.

        Returns
        -------
        ndarray of float
            Fraction of the light of a column in each pixel.
        """
        offset = np.asarray(rows - self.polynomial(columns))
        profile = self.shape.pixels(offset, self.wider(columns))
        if self.change is not None:
            profile += self.change.pixels(offset, columns)
        return profile


@dataclass(frozen=True, slots=True)
class Guide:
    """The trace of a brighter target, for faint ones: `bend` is its shape, `name` its source.

    `bend` is the row as a function of the column, relative to the middle column. `fwhm` is the
    width of the brighter target, `rms` the scatter of its centroids, rows.
    """

    bend: Polynomial
    fwhm: float
    rms: float
    source: TraceSource
    name: str


def follow(
    blocks: Blocks,
    bend: Polynomial,
    targets: Sequence[Target],
    degree: int,
    *,
    model: Model,
    guide: Guide | None = None,
) -> tuple[list[Trace], list[TargetNotFound]]:
    """Trace targets and fit their profiles, each without the light of the others.

    Parameters
    ----------
    blocks : Blocks
    bend : Polynomial
        Shift of the scene relative to the aligned profile, rows.
    targets : sequence of Target
        Brightest first.
    degree : int
        Of the traces.
    model : {"moffat", "gaussian"}
    guide : Guide, optional
        Trace for the targets that are too faint for their own.

    Returns
    -------
    traces : list of Trace
    failures : list of TargetNotFound
        One for each target that can't be traced.
    """
    means = without_background(blocks.means)
    traces: dict[int, Trace] = {}
    failures: dict[int, TargetNotFound] = {}
    rounds = ROUNDS if _crowded(targets) else 1
    for _ in range(rounds):
        for number, target in enumerate(targets):
            others = [t for n, t in traces.items() if n != number and rounds > 1]
            isolated = means - _light_of(others, blocks, means.shape[1]) if others else means
            known = {id(trace.target) for trace in others}
            limits = _limits(target, [t for t in targets if id(t) not in known])
            try:
                traces[number] = _trace(
                    blocks,
                    isolated,
                    bend,
                    target,
                    degree,
                    limits,
                    _limits(target, targets),
                    model=model,
                    guide=guide,
                )
                failures.pop(number, None)
            except TargetNotFound as error:
                failures[number] = error
                traces.pop(number, None)
    return [traces[n] for n in sorted(traces)], list(failures.values())


def _crowded(targets: Sequence[Target]) -> bool:
    """Return whether any two targets are so close that their wings overlap."""
    by_row = sorted(targets, key=lambda t: t.centre)
    return any(
        high.centre - low.centre < CROWDED * max(low.fwhm, high.fwhm)
        for low, high in pairwise(by_row)
    )


def _limits(target: Target, others: Sequence[Target]) -> tuple[float, float]:
    """Return the range of rows nearest to a target, below and above it, rows."""
    gaps = np.array([other.centre - target.centre for other in others if other is not target])
    below, above = gaps[gaps < 0], gaps[gaps > 0]
    return float(below.max(initial=-np.inf)) / 2, float(above.min(initial=np.inf)) / 2


def _light_of(traces: Sequence[Trace], blocks: Blocks, n_rows: int) -> Array:
    """Return the profiles of some targets in every block, (n_blocks, n_spatial)."""
    total: Array = np.zeros((blocks.columns.size, n_rows))
    rows, columns = np.arange(n_rows, dtype=float), blocks.columns[:, None]
    for trace in traces:
        total += trace.light[:, None] * trace.pixels(rows, columns)
    return total


def _trace(  # noqa: PLR0917 (data, target and options)
    blocks: Blocks,
    means: Array,
    bend: Polynomial,
    target: Target,
    degree: int,
    limits: tuple[float, float],
    apart: tuple[float, float],
    *,
    model: Model,
    guide: Guide | None,
) -> Trace:
    """Centre a target in the blocks, in longer ones if it is faint, and fit its profile."""
    visible = replace(blocks, means=means)
    if target.lines:
        visible = visible.only(np.array(target.lines))
    polynomial, rms, n_points, error = _centre_line(visible, target, bend, degree)
    least = (2 if guide is None else FEWEST_LINES) if target.lines else 3
    uncertain = error > SHAKY and guide is not None and not target.lines
    borrowed = n_points < least or uncertain
    if borrowed and guide is None:
        raise TargetNotFound(
            NoticeCode.TARGET_NOT_TRACED,
            row=target.centre,
            sections=n_points,
            total=len(visible.columns),
        )
    width, prior, source, name = target.fwhm, LOOSE, TraceSource.TARGET, ""
    if borrowed and guide is not None:
        polynomial, rms = guide.bend + target.centre, guide.rms
        source, name = guide.source, guide.name
        if not target.lines:
            width, prior = guide.fwhm, SEEING_CHANGE
    shape, spread = LightProfile(width, None), None
    for last in (False, True):
        offsets, light = light_in(visible, visible.means, polynomial, shape, spread)
        if borrowed and not target.lines:
            light[:] = max(float(light.mean()), 1e-12)  # too faint to measure in single blocks
        fitted = fit_shape(
            visible,
            visible.means,
            offsets,
            light,
            width if borrowed else shape.fwhm,
            limits,
            model=model,
            spread=spread,
            hold=prior,
            apart=apart,
        )
        if fitted is None:
            break
        shape, moved = fitted
        polynomial += moved
        if not last and not borrowed and not target.lines:
            spread = spread_along(visible, visible.means, offsets - moved, shape)
    _, light = light_in(blocks, means, polynomial, shape, spread)
    change = None
    if not borrowed and not target.lines:
        change = measure_change(blocks, means, polynomial, light, shape, spread, apart)
    return Trace(
        target,
        shape,
        polynomial,
        rms,
        n_points,
        blocks.columns,
        light,
        error,
        spread,
        source,
        name,
        change,
    )


def _centre_line(
    blocks: Blocks, target: Target, bend: Polynomial, degree: int
) -> tuple[Polynomial, float, int, float]:
    """Return the polynomial through a target's centroids, its rms, their number, and its error."""
    for number in (1,) if target.lines else (1, 2, 4, 8):
        joined = blocks.merged(number)
        expected = target.centre + bend(joined.columns)
        centres, weights = _centroids(joined.means, joined.noise, expected, target.fwhm)
        polynomial, rms, n_points = robust_polynomial(joined.columns, centres, weights, degree)
        if n_points >= max(0.7 * len(centres), 3):
            break
    snr = float(np.sqrt(np.sum(weights**2)))
    # The error of a centroid is the sigma of the profile over the signal to noise; at the ends the
    # error of a polynomial is about twice its mean.
    error = 2 * target.fwhm / 2.3548 / snr if snr > 0 else np.inf
    return polynomial, rms, n_points, error


def _centroids(profiles: Array, noise: Array, expected: Array, fwhm: float) -> tuple[Array, Array]:
    """Return the row of a target in every block, NaN where it is not detected, and weights.

    The centroid is weighted by a Gaussian of the target's width, which is iteratively moved to the
    centroid, so that neighbours and the sky have little effect.
    """
    sigma = max(fwhm / 2.3548, 0.6)
    half = int(np.ceil(4 * sigma)) + 1
    near = np.arange(-half, half + 1)
    block = np.arange(len(profiles))[:, None]
    n = profiles.shape[1]
    noise = np.where(np.isfinite(noise), noise, 1e9)
    position = expected.copy()
    for _ in range(12):
        rows = np.round(position).astype(int)[:, None] + near
        inside = (rows >= 0) & (rows < n)
        clipped = np.clip(rows, 0, n - 1)
        window = inside * np.exp(-0.5 * ((rows - position[:, None]) / sigma) ** 2)
        visible = window * profiles[block, clipped]
        total = visible.sum(axis=1)
        positive = total > 0
        # Data and window have equal widths, so the centroid of their product moves half way.
        middle = (visible * rows).sum(axis=1) / np.where(positive, total, 1.0)
        move = np.where(positive, np.clip(2 * (middle - position), -1, 1), 0.0)
        position = np.clip(position + move, -1e4, 1e6)
        if np.max(np.abs(move), initial=0.0) < 1e-3:
            break
    signal = total / np.sqrt(((window * noise[block, clipped]) ** 2).sum(axis=1) + 1e-30)
    clear = (signal > 5) & (np.abs(position - expected) < max(1.5 * fwhm, 3.0))
    # Above 100 the response of the pixels limits the accuracy.
    return np.where(clear, position, np.nan), np.where(clear, np.minimum(signal, 100.0), 0.0)
