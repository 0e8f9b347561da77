"""Where the targets are along the slit, how wide they are, and how they run along the dispersion.

Targets are looked for in the aligned mean profile. Then each is centred block by block, a
polynomial is fitted, and its shape is fitted to all blocks at once, each sample at its own distance
from the trace. The light of its neighbours is taken off first, so that close ones do not pull at
each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from scipy.signal import find_peaks

from reduction.errors import TargetNotFound
from reduction.lightprofile import Fit, LightProfile, Model, fit
from reduction.slitprofiles import Blocks, robust_polynomial, without_background

Array = NDArray[np.float64]

RELATIVE_LIMIT = 0.02
"""A peak fainter than this part of the brightest is taken for structure of the brightest."""
SAMPLE = 0.25
"""Width, rows, of the bins that the samples of a target's shape are averaged in."""
SHAPE_REACH = 5.0
"""The shape is fitted out to so many FWHM."""
CROWDED, ROUNDS = 8.0, 3
"""Targets nearer than so many FWHM are traced so often, each time knowing more of each other."""
_CLEAR = 30.0
"""Signal over noise of a bin above which the light beyond the model is believed."""


@dataclass(frozen=True, slots=True)
class Target:
    """A peak of the aligned profile: row, FWHM (rows), height, and height over the noise."""

    centre: float
    fwhm: float
    peak: float
    significance: float


@dataclass(frozen=True, slots=True)
class Trace:
    """A target followed along the dispersion.

    `polynomial` gives the row (0-based) at a column (0-based); `rms` is the scatter of the
    centroids about it, in rows, over `n_points` blocks; `light` is its electrons per
    column in every block, the middles of which are at `columns`.
    """

    target: Target
    shape: LightProfile
    polynomial: Polynomial
    rms: float
    n_points: int
    columns: Array
    light: Array

    @property
    def fwhm(self) -> float:
        """FWHM of the fitted model, rows."""
        return self.shape.fwhm


def find_targets(
    profile: Array, noise: Array, *, threshold: float, max_targets: int
) -> list[Target]:
    """Find the targets in an aligned profile, brightest first.

    A target stands `threshold` times above the noise, which is the larger of the propagated one
    and the scatter of the rows (fixed pattern, sky residuals), is wider than one hot row, and is
    separated from a brighter one by a dip.

    Raises
    ------
    TargetNotFound
        Nothing stands out; the sentence says how much the highest peak does.
    """
    steps = 1.4826 * float(np.median(np.abs(np.diff(profile)))) / np.sqrt(2)
    scatter = np.maximum(noise, max(steps, 1e-12))
    brightest = float(profile.max(initial=0.0))
    least = max(float(np.median(scatter)) * threshold, RELATIVE_LIMIT * brightest)
    peaks, facts = find_peaks(
        np.concatenate(([0.0], profile, [0.0])), prominence=least, width=1.2, rel_height=0.5
    )
    highest = float(np.max(profile / scatter, initial=0.0))
    found = []
    for row, width in zip((peaks - 1).tolist(), facts["widths"].tolist(), strict=True):
        high = profile[row] >= threshold * scatter[row]
        if high and 1 < row < profile.size - 2 and width < profile.size / 3:
            significance = float(profile[row] / scatter[row])
            found.append(Target(_vertex(profile, row), width, float(profile[row]), significance))
    if not found:
        raise TargetNotFound(
            f"no target found along the slit: the highest peak is {highest:.1f} times the noise, "
            f"{threshold:g} is needed."
        )
    return sorted(found, key=lambda t: -t.peak)[:max_targets]


def _vertex(profile: Array, row: int) -> float:
    """Return the row of a peak by a parabola through its highest three rows."""
    left, middle, right = profile[row - 1 : row + 2].tolist()
    bend = left - 2 * middle + right
    return row + (0.5 * (left - right) / bend if bend < 0 else 0.0)


def follow(
    blocks: Blocks, bend: Polynomial, targets: Sequence[Target], degree: int, model: Model
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
                traces[number] = _trace(blocks, cleared, bend, target, degree, limits, model=model)
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
        total += trace.light[:, None] * trace.shape.pixels(
            rows - trace.polynomial(blocks.columns)[:, None]
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
) -> Trace:
    """Centre a target in the blocks, in fewer and longer ones if it is faint; fit its shape."""
    width = target.fwhm
    for number in (1, 2, 4, 8):
        joined = replace(blocks, means=means).merged(number)
        expected = target.centre + bend(joined.columns)
        centres, weights = _centroids(joined.means, joined.noise, expected, width)
        polynomial, rms, n_points = robust_polynomial(joined.columns, centres, weights, degree)
        if n_points >= max(0.7 * len(centres), 3):
            break
    if n_points < 3:
        raise TargetNotFound(
            f"the target at row {target.centre:.0f} can't be traced: it is seen in only {n_points} "
            f"of {len(centres)} sections."
        )
    shape = LightProfile(width, None)
    for _ in range(2):
        offsets, light = _light(blocks, means, polynomial, shape)
        found = _fit_shape(blocks, means, offsets, light, shape.fwhm, limits, model=model)
        if found is None:
            break
        shape, moved = found
        polynomial += moved
    _, light = _light(blocks, means, polynomial, shape)
    return Trace(target, shape, polynomial, rms, n_points, blocks.columns, light)


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


def _light(
    blocks: Blocks, means: Array, polynomial: Polynomial, shape: LightProfile
) -> tuple[Array, Array]:
    """Return every row's distance from the trace in every block, and the target's light there."""
    offsets = np.arange(means.shape[1]) - polynomial(blocks.columns)[:, None]
    near = np.abs(offsets) < 1.5 * shape.fwhm + 1
    pixels = np.where(near & np.isfinite(blocks.noise), shape.pixels(offsets), 0.0)
    norm = (pixels**2).sum(axis=1)
    return offsets, np.where(norm > 0, (pixels * means).sum(axis=1) / np.maximum(norm, 1e-12), 0.0)


def _fit_shape(  # noqa: PLR0917 (samples and what is known of them)
    blocks: Blocks,
    means: Array,
    offsets: Array,
    light: Array,
    width: float,
    limits: tuple[float, float],
    *,
    model: Model,
) -> tuple[LightProfile, float] | None:
    """Fit a shape to the samples of all blocks; return it and how far the trace was off."""
    reach = max(SHAPE_REACH * width, 8.0)
    lit = (light > 0)[:, None] & np.isfinite(blocks.noise) & (np.abs(offsets) < reach)
    lit &= (offsets > limits[0]) & (offsets < limits[1])
    if not lit.any():
        return None
    block, row = np.nonzero(lit)
    place, mean, error = _binned(
        offsets[block, row] + reach, means[block, row] / light[block],
        blocks.noise[block, row] / light[block],
    )  # fmt: skip
    place -= reach
    # No model is true to better than some thousandths.
    found = fit(place, mean, np.hypot(error, 0.003 * np.max(mean)), width, model)
    if found is None:
        return None
    correction = _beyond_model(place - found.centre, mean, error, found)
    if correction is None:
        return found.shape, found.centre
    at, beyond = correction
    return replace(found.shape, correction_at=at, correction=beyond), found.centre


def _binned(place: Array, value: Array, sigma: Array) -> tuple[Array, Array, Array]:
    """Average samples in bins of `SAMPLE` rows; return the filled bins' place, mean and error."""
    bins = np.floor(place / SAMPLE).astype(int)
    kept = np.ones(place.size, dtype=bool)
    for _ in range(2):
        weight = np.where(kept, 1 / np.maximum(sigma, 1e-12) ** 2, 0.0)
        total = np.bincount(bins, weight)
        safe = np.where(total > 0, total, 1.0)
        mean = np.bincount(bins, weight * value) / safe
        middle = np.bincount(bins, weight * place) / safe
        # What cosmic rays or a sky line left in a block stands out from the others' mean.
        kept = np.abs(value - mean[bins]) < 5 * sigma + 0.1 * np.max(np.abs(mean))
    seen = total > 0
    return middle[seen], mean[seen], 1 / np.sqrt(total[seen])


def _beyond_model(
    offset: Array, mean: Array, error: Array, found: Fit
) -> tuple[Array, Array] | None:
    """Return what a bright target's light has beyond the fitted model, per row; None if nothing.

    The differences are smoothed over half a row and kept as far as they stand above their noise
    (Wiener), out to 2.5 FWHM: trailed and astigmatic images are not symmetric.
    """
    peak = float(np.max(mean))
    if float(np.median(error)) * _CLEAR > peak:
        return None
    rest = mean - found.level - found.light * found.shape.pixels(offset)
    kernel = np.exp(-0.5 * (np.subtract.outer(offset, offset) / 0.5) ** 2)
    kernel /= kernel.sum(axis=1)[:, None]
    smooth, spread = kernel @ rest, kernel**2 @ error**2
    believed = smooth * np.maximum(1 - 9 * spread / np.maximum(smooth**2, 1e-300), 0)
    believed = np.where(np.abs(offset) < 2.5 * found.shape.fwhm, believed, 0.0)
    if np.max(np.abs(believed)) < 0.004 * peak:
        return None
    return offset, believed / found.light
