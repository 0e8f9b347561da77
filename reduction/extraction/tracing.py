"""How the targets run along the dispersion, and how wide they are.

Each is centred block by block, a polynomial is fitted, and its shape is fitted to all blocks at
once (`reduction.extraction.slit_shape`). The light of its neighbours is taken off first, so that
close ones do not pull at each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction.errors import TargetNotFound
from reduction.extraction.light_profile import LOOSE, LightProfile, Model
from reduction.extraction.slit_profiles import Blocks, robust_polynomial, without_background
from reduction.extraction.slit_shape import fit_shape, light_in, spread_along
from reduction.extraction.targets import Target
from reduction.notice_codes import NoticeCode

Array = NDArray[np.float64]

CROWDED, ROUNDS = 8.0, 3
"""Targets nearer than so many FWHM are traced so often, each time knowing more of each other."""
SHAKY = 0.2
"""Rows of error from which on a target's own trace is worse than that of a brighter one."""
SAME_FRAME = "brightest target of the frame"
"""Name of a guide that is in the frame itself."""
FEWEST_LINES = 6
"""Emission lines that a trace of degree 2 is fitted to; with fewer one goes by a brighter target's,
where there is one."""
SEEING_CHANGE = 0.15
"""By how much, in ln, a faint target's FWHM differs from that of what its trace is taken from."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A target followed along the dispersion.

    `polynomial` gives the row (0-based) at a column (0-based); `rms` is the scatter of the
    centroids about it, in rows, over `n_points` blocks; `light` is its electrons per
    column in every block, the middles of which are at `columns`. `error` is about
    what noise makes of the trace, at the ends, rows. `spread` is how much wider the
    profile is at a column than typically; None is nowhere. `guide` names what the trace was taken
    from when the target is too faint for its own.
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
    guide: str = ""

    @property
    def fwhm(self) -> float:
        """FWHM of the fitted model, rows, typical of the columns."""
        return self.shape.fwhm

    @property
    def needs_guide(self) -> bool:
        """Tell whether a brighter target's trace would be better than this."""
        return self.n_points < FEWEST_LINES if self.target.lines else self.error > SHAKY

    def wider(self, columns: Array) -> Array | float:
        """Return by how much the profile is wider at columns than typically."""
        return 1.0 if self.spread is None else np.asarray(self.spread(columns))


@dataclass(frozen=True, slots=True)
class Guide:
    """A trace to go by: `bend` is its rows against any one of them, `name` what has it.

    `fwhm` is the width of what it was measured on, `rms` its scatter, rows.
    """

    bend: Polynomial
    fwhm: float
    rms: float
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
    """Trace targets and fit their shapes, each with the light of the others taken off.

    Parameters
    ----------
    blocks : Blocks
    bend : Polynomial
        Of the scene against the aligned profile.
    targets : sequence of Target
        Brightest first.
    degree : int
        Of the traces.
    model : {"moffat", "gaussian"}
    guide : Guide, optional
        For the targets that are too faint for a trace of their own.

    Returns
    -------
    traces : list of Trace
    failures : list of TargetNotFound
        About the targets that can't be traced.
    """
    means = without_background(blocks.means)
    traces: dict[int, Trace] = {}
    failures: dict[int, TargetNotFound] = {}
    rounds = ROUNDS if _crowded(targets) else 1
    for _ in range(rounds):
        for number, target in enumerate(targets):
            others = [t for n, t in traces.items() if n != number and rounds > 1]
            cleared = means - _light_of(others, blocks, means.shape[1]) if others else means
            known = {id(trace.target) for trace in others}
            limits = _limits(target, [t for t in targets if id(t) not in known])
            try:
                traces[number] = _trace(
                    blocks, cleared, bend, target, degree, limits, model=model, guide=guide
                )
                failures.pop(number, None)
            except TargetNotFound as error:
                failures[number] = error
                traces.pop(number, None)
    return [traces[n] for n in sorted(traces)], list(failures.values())


def _crowded(targets: Sequence[Target]) -> bool:
    """Tell whether any two targets are so near each other that their wings matter."""
    places = sorted(targets, key=lambda t: t.centre)
    return any(
        high.centre - low.centre < CROWDED * max(low.fwhm, high.fwhm)
        for low, high in pairwise(places)
    )


def _limits(target: Target, others: Sequence[Target]) -> tuple[float, float]:
    """Return how far down and up the rows are the target's rather than another's, rows."""
    gaps = np.array([other.centre - target.centre for other in others if other is not target])
    below, above = gaps[gaps < 0], gaps[gaps > 0]
    return float(below.max(initial=-np.inf)) / 2, float(above.min(initial=np.inf)) / 2


def _light_of(traces: Sequence[Trace], blocks: Blocks, n_rows: int) -> Array:
    """Return the profiles of some targets in every block, (n_blocks, n_spatial)."""
    total: Array = np.zeros((blocks.columns.size, n_rows))
    rows = np.arange(n_rows)
    for trace in traces:
        wider = trace.wider(blocks.columns)
        total += trace.light[:, None] * trace.shape.pixels(
            rows - trace.polynomial(blocks.columns)[:, None],
            wider if isinstance(wider, float) else wider[:, None],
        )
    return total


def _trace(  # noqa: PLR0917 (what is seen and what is known)
    blocks: Blocks,
    means: Array,
    bend: Polynomial,
    target: Target,
    degree: int,
    limits: tuple[float, float],
    *,
    model: Model,
    guide: Guide | None,
) -> Trace:
    """Centre a target in the blocks, in fewer and longer ones if it is faint; fit its shape."""
    seen = replace(blocks, means=means)
    if target.lines:
        seen = seen.only(np.array(target.lines))
    polynomial, rms, n_points, error = _centre_line(seen, target, bend, degree)
    least = (2 if guide is None else FEWEST_LINES) if target.lines else 3
    shaky = error > SHAKY and guide is not None and not target.lines
    borrowed = n_points < least or shaky
    if borrowed and guide is None:
        raise TargetNotFound(
            NoticeCode.TARGET_NOT_TRACED,
            row=target.centre,
            sections=n_points,
            total=len(seen.columns),
        )
    width, hold, name = target.fwhm, LOOSE, ""
    if borrowed and guide is not None:
        polynomial, rms, name = guide.bend + target.centre, guide.rms, guide.name
        if not target.lines:
            width, hold = guide.fwhm, SEEING_CHANGE
    shape, spread = LightProfile(width, None), None
    for last in (False, True):
        offsets, light = light_in(seen, seen.means, polynomial, shape, spread)
        if borrowed and not target.lines:
            light[:] = max(float(light.mean()), 1e-12)  # single blocks show too little of it
        fitted = fit_shape(
            seen,
            seen.means,
            offsets,
            light,
            width if borrowed else shape.fwhm,
            limits,
            model=model,
            spread=spread,
            hold=hold,
        )
        if fitted is None:
            break
        shape, moved = fitted
        polynomial += moved
        if not last and not borrowed and not target.lines:
            spread = spread_along(seen, seen.means, offsets - moved, shape)
    _, light = light_in(blocks, means, polynomial, shape, spread)
    return Trace(
        target, shape, polynomial, rms, n_points, blocks.columns, light, error, spread, name
    )


def _centre_line(
    blocks: Blocks, target: Target, bend: Polynomial, degree: int
) -> tuple[Polynomial, float, int, float]:
    """Return the polynomial through a target's centres, its rms, their number, and its error."""
    for number in (1,) if target.lines else (1, 2, 4, 8):
        joined = blocks.merged(number)
        expected = target.centre + bend(joined.columns)
        centres, weights = _centroids(joined.means, joined.noise, expected, target.fwhm)
        polynomial, rms, n_points = robust_polynomial(joined.columns, centres, weights, degree)
        if n_points >= max(0.7 * len(centres), 3):
            break
    sure = float(np.sqrt(np.sum(weights**2)))
    # A centroid is good to the profile's sigma over its signal to noise; at the ends the error of
    # a polynomial is about twice its mean.
    error = 2 * target.fwhm / 2.3548 / sure if sure > 0 else np.inf
    return polynomial, rms, n_points, error


def _centroids(profiles: Array, noise: Array, expected: Array, fwhm: float) -> tuple[Array, Array]:
    """Return the row of a target in every block, NaN where it is not seen, and weights.

    The centroid is weighted by a Gaussian of the target's width about its expected place, moved
    until it rests, so that neighbours and the sky pull little.
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
        there = (rows >= 0) & (rows < n)
        held = np.clip(rows, 0, n - 1)
        window = there * np.exp(-0.5 * ((rows - position[:, None]) / sigma) ** 2)
        seen = window * profiles[block, held]
        total = seen.sum(axis=1)
        lit = total > 0
        # Data and window are equally wide, so the centroid of their product moves half way.
        middle = (seen * rows).sum(axis=1) / np.where(lit, total, 1.0)
        move = np.where(lit, np.clip(2 * (middle - position), -1, 1), 0.0)
        position = np.clip(position + move, -1e4, 1e6)
        if np.max(np.abs(move), initial=0.0) < 1e-3:
            break
    signal = total / np.sqrt(((window * noise[block, held]) ** 2).sum(axis=1) + 1e-30)
    clear = (signal > 5) & (np.abs(position - expected) < max(1.5 * fwhm, 3.0))
    # Beyond 100 the pattern of the pixels sets the limit.
    return np.where(clear, position, np.nan), np.where(clear, np.minimum(signal, 100.0), 0.0)
