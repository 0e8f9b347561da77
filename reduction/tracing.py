"""Where the targets are along the slit, how wide they are, and how they run along the dispersion.

A trace can bend by more than its width, so the columns are taken in blocks, the blocks' profiles
are aligned by cross-correlation (all targets share the bend), and targets are looked for in the
aligned profile. Then each target is centred block by block and a polynomial is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from scipy.optimize import curve_fit
from scipy.signal import find_peaks

from reduction.errors import TargetNotFound

Model = Literal["moffat", "gaussian"]
Array = NDArray[np.float64]

BLOCK_COLUMNS = 64
MAX_STEP = 4
"""Rows that a trace may move from one block to the next."""
RELATIVE_LIMIT = 0.02
"""A peak fainter than this part of the brightest is taken for structure of the brightest."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A target's spatial profile, fitted: centre in rows of the aligned profile, FWHM in rows."""

    centre: float
    fwhm: float
    peak: float
    significance: float
    beta: float | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A target followed along the dispersion.

    `polynomial` gives the row (0-based) at a column (0-based); `rms` is the scatter of the
    centroids about it, in rows, over `n_points` blocks.
    """

    profile: Profile
    polynomial: Polynomial
    rms: float
    n_points: int


@dataclass(frozen=True, slots=True)
class Blocks:
    """Profiles along the slit: one line of (n_blocks, n_spatial) per block of columns."""

    columns: Array
    profiles: Array
    noise: Array


def make_blocks(data: NDArray[Any], variance: NDArray[Any], bad: NDArray[np.bool_]) -> Blocks:
    """Take the sky out of every column and average blocks of columns.

    Parameters
    ----------
    data, variance : (n_spatial, n_dispersion) float
    bad : (n_spatial, n_dispersion) bool
        Left out.

    Returns
    -------
    Blocks
        `noise` is the standard error of each value; inf where a block has no usable pixel.
    """
    n_rows, n_columns = data.shape
    n_blocks = max(n_columns // BLOCK_COLUMNS, 4)
    width = n_columns // n_blocks
    good = ~bad[:, : n_blocks * width]
    cut = data[:, : n_blocks * width]
    sky = np.median(cut, axis=0)
    weight = good.reshape(n_rows, n_blocks, width)
    flux = np.where(good, cut - sky, 0).reshape(n_rows, n_blocks, width)
    noise2 = np.where(good, variance[:, : n_blocks * width], 0).reshape(n_rows, n_blocks, width)
    n_good = weight.sum(axis=2)
    seen = n_good > 0
    n_safe = np.maximum(n_good, 1)
    # The median of a block shrugs off what the cosmic-ray search has missed.
    profile = np.where(seen, np.median(flux, axis=2), 0.0)
    noise = np.where(seen, 1.2533 * np.sqrt(noise2.sum(axis=2)) / n_safe, np.inf)
    columns = (np.arange(n_blocks) + 0.5) * width - 0.5
    return Blocks(columns, profile.T.astype(float), noise.T.astype(float))


def _background_removed(profile: Array) -> Array:
    """Return a profile less a straight line through its fainter rows (slit illumination, sky)."""
    x = np.linspace(-1, 1, profile.size)
    keep = np.isfinite(profile)
    line: Array = np.zeros_like(profile)
    for _ in range(8):
        line = np.asarray(Polynomial.fit(x[keep], profile[keep], 1)(x), dtype=float)
        rest = profile - line
        sigma = 1.4826 * float(np.median(np.abs(rest[keep])))
        new = np.abs(rest) <= 2.5 * max(sigma, 1e-12)
        if new.sum() < max(profile.size // 4, 5) or np.array_equal(new, keep):
            break
        keep = new
    removed: Array = profile - line
    return removed


def _shift(profile: Array, reference: Array, guess: float) -> float | None:
    """Return how far `profile` is above `reference` in rows, near `guess`; None if unclear."""
    lags = np.arange(round(guess) - MAX_STEP, round(guess) + MAX_STEP + 1)
    n = profile.size
    scores = []
    for lag in lags.tolist():
        lo, hi = max(0, lag), min(n, n + lag)
        a, b = profile[lo:hi], reference[lo - lag : hi - lag]
        norm = np.sqrt((a * a).sum() * (b * b).sum())
        scores.append((a * b).sum() / norm if norm > 0 else 0.0)
    best = int(np.argmax(scores))
    if scores[best] < 0.4 or best in {0, len(lags) - 1}:
        return None
    left, mid, right = scores[best - 1 : best + 2]
    bend = left - 2 * mid + right
    return float(lags[best] + (0.5 * (left - right) / bend if bend < 0 else 0.0))


def common_bend(blocks: Blocks) -> Polynomial:
    """Return how far the scene moves along the slit, in rows, against the strongest block.

    Parameters
    ----------
    blocks : Blocks

    Returns
    -------
    Polynomial
        Of the column; degree at most 2; zero where nothing is bright enough to tell.
    """
    profiles = np.array([_background_removed(p) for p in blocks.profiles])
    strength = np.sum(np.maximum(profiles, 0) ** 2, axis=1) / np.median(blocks.noise**2, axis=1)
    first = int(np.argmax(np.nan_to_num(strength)))
    shifts = np.full(len(profiles), np.nan)
    shifts[first] = 0.0
    for direction in (1, -1):
        guess, slope = 0.0, 0.0
        index = first + direction
        while 0 <= index < len(profiles):
            found = _shift(profiles[index], profiles[first], guess + slope)
            if found is not None:
                slope = 0.5 * slope + 0.5 * (found - guess)
                shifts[index] = guess = found
            else:
                guess += slope
            index += direction
    return robust_polynomial(blocks.columns, shifts, np.ones_like(shifts), 2)[0]


def robust_polynomial(
    x: Array, y: Array, weight: Array, degree: int
) -> tuple[Polynomial, float, int]:
    """Fit a polynomial, leaving out what is beyond 3 σ (MAD) or 0.1 rows, whichever is more.

    Returns
    -------
    polynomial : Polynomial
        In the variable itself (domain mapped back); its degree is lowered for few points.
    rms : float
        Scatter of the points kept.
    n_points : int
    """
    keep = np.isfinite(y) & np.isfinite(weight) & (weight > 0)
    if not keep.any():
        return Polynomial([0.0]), float("nan"), 0
    fitted = Polynomial([float(np.median(y[keep]))])
    for _ in range(6):
        usable = min(degree, max(int(keep.sum()) // 3, 0))
        fitted = Polynomial.fit(x[keep], y[keep], usable, w=weight[keep]).convert()
        rest = np.abs(y - fitted(x))
        sigma = 1.4826 * float(np.median(rest[keep]))
        new = np.isfinite(y) & (weight > 0) & (rest <= max(3 * sigma, 0.1))
        if new.sum() < 3 or np.array_equal(new, keep):
            break
        keep = new
    rest = (y - fitted(x))[keep]
    return fitted, float(np.sqrt(np.mean(rest**2))), int(keep.sum())


def aligned_profile(blocks: Blocks, bend: Polynomial) -> tuple[Array, Array]:
    """Return the mean profile with the bend taken out, background removed, and its noise.

    Rows that only some blocks reach keep the mean of those.
    """
    rows = np.arange(blocks.profiles.shape[1], dtype=float)
    moved = np.array(
        [
            np.interp(rows + bend(x), rows, p, left=np.nan, right=np.nan)
            for x, p in zip(blocks.columns, blocks.profiles, strict=True)
        ]
    )
    n = np.maximum(np.isfinite(moved).sum(axis=0), 1)
    profile = np.nan_to_num(np.nansum(moved, axis=0) / n)
    finite = np.where(np.isfinite(blocks.noise), blocks.noise, 0)
    noise = np.sqrt((finite**2).sum(axis=0)) / np.maximum(np.isfinite(blocks.noise).sum(axis=0), 1)
    return _background_removed(profile), noise


def moffat(  # noqa: PLR0917 (curve_fit passes parameters by position)
    y: Array, peak: float, centre: float, fwhm: float, beta: float, level: float
) -> Array:
    """Moffat profile of a given FWHM on a constant level."""
    alpha = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    value: Array = peak * (1 + ((y - centre) / alpha) ** 2) ** (-beta) + level
    return value


def gaussian(y: Array, peak: float, centre: float, fwhm: float, level: float) -> Array:
    """Gaussian profile of a given FWHM on a constant level."""
    value: Array = peak * np.exp(-4 * np.log(2) * ((y - centre) / fwhm) ** 2) + level
    return value


def _fit(profile: Array, row: int, width: float, model: Model, significance: float) -> Profile:
    half = int(np.ceil(max(3 * width, 6)))
    rows = np.arange(max(row - half, 0), min(row + half + 1, profile.size), dtype=float)
    values = profile[rows.astype(int)]
    peak = float(profile[row])
    start = [peak, float(row), width]
    low, high = [0.0, row - max(width, 2.0), 0.7], [5 * peak, row + max(width, 2.0), 6 * width + 4]
    try:
        if model == "moffat":
            found, _ = curve_fit(
                moffat, rows, values, [*start, 3.0, 0.0],
                bounds=([*low, 1.2, -peak], [*high, 10.0, peak]), max_nfev=400,
            )  # fmt: skip
            peak, centre, fwhm, beta, _ = (float(value) for value in found)
            return Profile(centre, fwhm, peak, significance, beta)
        found, _ = curve_fit(
            gaussian, rows, values, [*start, 0.0],
            bounds=([*low, -peak], [*high, peak]), max_nfev=400,
        )  # fmt: skip
        peak, centre, fwhm, _ = (float(value) for value in found)
        return Profile(centre, fwhm, peak, significance, None)
    except (RuntimeError, ValueError):
        return Profile(float(row), width, peak, significance, None)


def find_targets(
    profile: Array, noise: Array, *, threshold: float, max_targets: int, model: Model
) -> list[Profile]:
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
    rows = peaks - 1
    highest = float(np.max(profile / scatter, initial=0.0))
    found = []
    for row, width in zip(rows, facts["widths"], strict=True):
        if profile[row] >= threshold * scatter[row] and 1 < row < profile.size - 2:
            significance = float(profile[row] / scatter[row])
            found.append(_fit(profile, int(row), float(width), model, significance))
    found = [t for t in found if t.fwhm < profile.size / 3]
    if not found:
        raise TargetNotFound(
            f"no target found along the slit: the highest peak is {highest:.1f} times the noise, "
            f"{threshold:g} is needed."
        )
    return sorted(found, key=lambda t: -t.peak)[:max_targets]


def trace_target(blocks: Blocks, bend: Polynomial, target: Profile, degree: int) -> Trace:
    """Centre a target in every block and fit a polynomial.

    The centroid is weighted by a Gaussian of the target's width about its expected place, moved
    until it rests, so that neighbours and the sky pull little.

    Raises
    ------
    TargetNotFound
        It can be centred in too few blocks.
    """
    rows = np.arange(blocks.profiles.shape[1], dtype=float)
    sigma = max(target.fwhm / 2.3548, 0.6)
    centres = np.full(blocks.columns.size, np.nan)
    weights = np.zeros(blocks.columns.size)
    for index, (x, profile) in enumerate(zip(blocks.columns, blocks.profiles, strict=True)):
        expected = target.centre + float(bend(x))
        flat = _background_removed(profile)
        position = expected
        for _ in range(12):
            window = np.exp(-0.5 * ((rows - position) / sigma) ** 2)
            total = float((window * flat).sum())
            if total <= 0:
                break
            # Data and window are equally wide, so the centroid of their product moves half way.
            move = 2 * (float((window * flat * rows).sum()) / total - position)
            position += float(np.clip(move, -1.0, 1.0))
            if abs(move) < 1e-3:
                break
        noise = np.where(np.isfinite(blocks.noise[index]), blocks.noise[index], 1e9)
        window = np.exp(-0.5 * ((rows - position) / sigma) ** 2)
        signal = float((window * flat).sum()) / float(np.sqrt(((window * noise) ** 2).sum()))
        if signal > 5 and abs(position - expected) < max(1.5 * target.fwhm, 3.0):
            centres[index] = position
            weights[index] = min(signal, 100.0)  # beyond it the pixels' pattern sets the limit
    polynomial, rms, n_points = robust_polynomial(blocks.columns, centres, weights, degree)
    if n_points < 3:
        raise TargetNotFound(
            f"the target at row {target.centre:.0f} can't be traced: it is seen in only {n_points} "
            f"of {blocks.columns.size} sections."
        )
    return Trace(target, polynomial, rms, n_points)
