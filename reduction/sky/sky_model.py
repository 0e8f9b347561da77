"""A model of the sky beside a target that follows the tilted and curved image of the slit.

The sky is a function of the wavelength times a straight line along the slit. Every row samples it
at other wavelengths, since the slit's image is tilted, so that lines are sampled more finely than
the pixels. As in Kelson (2003, PASP 115, 688) the pixels are therefore not resampled: a B-spline of
the wavelength is fitted to them where they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from reduction.detector.strip import Strip
from reduction.sky.background import Background
from reduction.sky.slit_curvature import Curvature

Array = NDArray[np.float64]

BLUR = 0.1
"""Largest displacement between the rows of a group that are averaged, columns."""
MOST_ROWS = 8
"""Most rows of such a group."""
CLIP = 5.0
"""Deviation from the median of the group above which a pixel is left out, sigmas."""
FINE = 0.7
"""Range of displacements from which the knots may be half a column apart, columns."""
RIDGE, RIDGE_BETWEEN = 1e-3, 0.3
"""Weight of the smoothness of the spline against that of the pixels of a column: on the lines of
the sky, and between them."""
LINE_SIGMA = 4.0
"""Height of a line above the continuum, sigmas of the level of a column."""
CONTINUUM, LINE_REACH = 61, 4
"""Columns of the continuum; columns to either side that belong to a line."""
PAD = 4
PARTS = 8
"""Parts of the zones whose means show what a straight line leaves."""
LEFT_SIGMA, FEWEST_COLUMNS = 3.5, 8
"""Significance of what is left, and the number of columns on lines that it takes."""
WIDTH = 10
"""Knots that the sum of an aperture extends over."""
PROBES = 20
"""Distance of the columns whose variances are computed together."""


@dataclass(frozen=True)
class SkyModel:
    """The sky of a strip of rows.

    Parameters
    ----------
    plain : Background
        The straight lines of the columns.
    curvature : Curvature
    columns : (n_dispersion,) float
    spline : (2, n_knots) float
        Coefficients of the level and of the slope per `scale` rows, electron.
    factor : (8, 2 n_knots) float
        Banded Cholesky factor of the normal matrix.
    scale, step : float
        Rows; distance of the knots, columns.
    zone_rows : float
        Mean row of the pixels that were fitted.
    """

    plain: Background
    curvature: Curvature
    columns: Array
    spline: Array
    factor: Array
    scale: float
    step: float
    zone_rows: float
    _known: dict[tuple[int, int], Array] = field(default_factory=dict, repr=False)

    @property
    def zones(self) -> tuple[tuple[float, float], ...]:
        """Where the sky was measured, relative to the trace, rows."""
        return self.plain.zones

    def at(self, rows: NDArray[np.int64]) -> Array:
        """Return the sky of pixels.

        Parameters
        ----------
        rows : (n_rows,) int
            Rows of the frame.

        Returns
        -------
        (n_rows, n_dispersion) float
            Electron per pixel; NaN in columns without a usable pixel.
        """
        key = (int(rows[0]), rows.size)
        if key not in self._known:
            sky = np.stack([self._row(float(row))[0] for row in rows])
            sky[:, ~np.isfinite(self.plain.level)] = np.nan
            self._known[key] = sky
        return self._known[key]

    def _row(self, row: float) -> tuple[Array, Array]:
        """Return the sky of a row, and its slope along the dispersion."""
        coefficients = self.spline[0] + (row - self.plain.middle) / self.scale * self.spline[1]
        left, part = self._place(np.full(self.columns.size, row))
        values, slopes = _basis(part)
        parts = [coefficients[left + step] for step in range(4)]
        sky = sum(one * c for one, c in zip(values, parts, strict=True))
        slope = sum(one * c for one, c in zip(slopes, parts, strict=True))
        return np.asarray(sky), np.asarray(slope / self.step)

    def _place(self, rows: Array) -> tuple[NDArray[np.intp], Array]:
        place = _place(self.curvature, self.plain.middle, rows, self.columns, self.step)
        left = np.floor(place).astype(np.intp)
        return left, place - left

    def variance_of_sum(self, weights: Array, rows: NDArray[np.int64]) -> Array:
        """Return the variance of a weighted sum of the sky along the slit.

        It consists of the noise of the fitted pixels, and the error of the displacement of the
        target's rows against them.

        Parameters
        ----------
        weights : (n_rows, n_dispersion) float
        rows : (n_rows,) int
            Rows of the frame.

        Returns
        -------
        (n_dispersion,) float
            Electron squared; inf in columns without a usable pixel.
        """
        ends = self.curvature.shift(rows[[0, -1], None], self.columns)
        n_parts = max(int(np.ceil(np.max(np.abs(ends[1] - ends[0])) / (2 * BLUR))), 1)
        slope = np.zeros(self.columns.size)
        functional = _Functional(self.columns.size)
        for part in np.array_split(np.arange(rows.size), min(n_parts, rows.size)):
            total = weights[part].sum(axis=0)
            safe = np.where(np.abs(total) > 1e-12, total, 1.0)
            row = np.where(np.abs(total) > 1e-12, rows[part] @ weights[part] / safe, rows[part[0]])
            row = np.clip(row, rows[part[0]], rows[part[-1]])
            functional.add(*self._place(row), total, (row - self.plain.middle) / self.scale)
            slope += total * self._row(float(np.mean(rows[part])))[1]
        middle, zone = (
            np.full(self.columns.size, row) for row in (float(np.mean(rows)), self.zone_rows)
        )
        moved = self.curvature.variance_between(middle, zone, self.columns)
        variance = functional.variance(self.factor) + slope**2 * moved
        return np.where(np.isfinite(self.plain.level), variance, np.inf)


class _Functional:
    """A weighted sum of the model in every column, as a function of its coefficients."""

    def __init__(self, n_columns: int) -> None:
        self.first = np.zeros(0, dtype=np.intp)
        self.weights = np.zeros((n_columns, WIDTH, 2))

    def add(self, left: NDArray[np.intp], part: Array, weight: Array, height: Array) -> None:
        """Add a position with a weight to the sum of every column."""
        if not self.first.size:
            self.first = left - (WIDTH - 4) // 2
        column = np.arange(left.size)
        for step, one in enumerate(_basis(part)[0]):
            place = np.clip(left + step - self.first, 0, WIDTH - 1)
            self.weights[column, place, 0] += weight * one
            self.weights[column, place, 1] += weight * height * one

    def variance(self, factor: Array) -> Array:
        """Return the variance of the sum of every column.

        The inverse of the normal matrix decreases within a few knots, so that columns far from each
        other are solved for in one right-hand side.
        """
        n_columns, n = self.first.size, factor.shape[1] // 2
        column = np.arange(n_columns)
        knots = np.clip(self.first[:, None] + np.arange(WIDTH), 0, n - 1)
        right = np.zeros((n, 2, PROBES))
        for step in range(WIDTH):
            for p in (0, 1):
                np.add.at(right[:, p], (knots[:, step], column % PROBES), self.weights[:, step, p])
        solved = cho_solve_banded((factor, True), right.reshape(2 * n, -1), check_finite=False)
        solved = solved.reshape(n, 2, PROBES)
        seen = solved[knots, :, (column % PROBES)[:, None]]
        return np.asarray(np.maximum(np.einsum("xkp,xkp->x", self.weights, seen), 0))


def _place(
    curvature: Curvature,
    reference: float,
    rows: NDArray[Any],
    columns: Array,
    step: float,
) -> Array:
    """Return the coordinate of pixels along the dispersion, in knots from the first one."""
    displaced = curvature.shift(rows, columns) - curvature.shift(np.array(reference), columns)
    return np.asarray(np.clip((columns - displaced) / step + PAD, 1, columns.size / step + PAD + 1))


def _basis(part: Array) -> tuple[list[Array], list[Array]]:
    """Return the four cubic B-splines at a position between two knots, and their slopes."""
    rest = 1 - part
    square, rest2 = part**2, rest**2
    values = [
        rest2 * rest / 6,
        (3 * square * part - 6 * square + 4) / 6,
        (3 * rest2 * rest - 6 * rest2 + 4) / 6,
        square * part / 6,
    ]
    slopes = [-rest2 / 2, (3 * square - 4 * part) / 2, (4 * rest - 3 * rest2) / 2, square / 2]
    return values, slopes


def is_needed(strip: Strip, chosen: NDArray[np.bool_], plain: Background) -> bool:
    """Return whether the straight lines of the columns leave something of the sky's lines.

    Parameters
    ----------
    strip : Strip
        Without the light of the targets.
    chosen : (n_rows, n_dispersion) bool
        The pixels that were fitted.
    plain : Background

    Returns
    -------
    bool
        Whether parts of the zones deviate significantly in several columns on lines.
    """
    columns = np.flatnonzero(on_lines(plain) & np.isfinite(plain.level))
    if columns.size < FEWEST_COLUMNS:
        return False
    keep = chosen[:, columns]
    lever = (strip.rows - plain.middle)[:, None]
    expected = plain.level[columns] + plain.slope[columns] * lever
    residual = np.where(keep, strip.data[:, columns] - expected, 0.0)
    variance = np.where(keep, strip.variance[:, columns], 0.0)
    rows = np.flatnonzero(chosen.any(axis=1))
    deviates = np.zeros(columns.size, dtype=bool)
    for part in np.array_split(rows, PARTS):
        total, noise = residual[part].sum(axis=0), variance[part].sum(axis=0)
        deviates |= np.abs(total) > LEFT_SIGMA * np.sqrt(np.maximum(noise, 1e-12))
    return bool(np.count_nonzero(deviates) >= FEWEST_COLUMNS)


def fit_sky(
    strip: Strip, chosen: NDArray[np.bool_], plain: Background, curvature: Curvature
) -> SkyModel | None:
    """Fit the sky to the pixels of the background zones.

    Parameters
    ----------
    strip : Strip
        Without the light of the targets.
    chosen : (n_rows, n_dispersion) bool
        The pixels to use.
    plain : Background
        The straight lines that were fitted to the columns.
    curvature : Curvature

    Returns
    -------
    SkyModel or None
        None when there are too few pixels.
    """
    columns = np.arange(strip.data.shape[1], dtype=float)
    lines = np.flatnonzero(chosen.any(axis=1))
    if lines.size < 4:
        return None
    ends = strip.rows[lines[[0, -1]], None]
    span = float(np.max(np.abs(np.diff(curvature.shift(ends, columns), axis=0))))
    per_row = max(span / max(float(np.ptp(ends)), 1.0), 1e-6)
    height = int(np.clip(BLUR / per_row, 1, MOST_ROWS))
    samples = _samples(strip, chosen, lines, height)
    if samples is None:
        return None
    mean, weight, rows = samples
    step = 0.5 if span > FINE else 1.0
    scale = max(float(np.ptp(ends)) / 2, 1.0)
    place = _place(curvature, plain.middle, rows, columns, step)
    ridge = np.where(on_lines(plain), RIDGE, RIDGE_BETWEEN) * np.median(weight.sum(axis=0))
    fitted = _fitted(mean, weight, (rows - plain.middle) / scale, place, step, ridge)
    if fitted is None:
        return None
    zone_rows = float(np.average(np.mean(rows, axis=1), weights=weight.sum(axis=1)))
    return SkyModel(plain, curvature, columns, *fitted, scale, step, zone_rows)


def on_lines(plain: Background) -> NDArray[np.bool_]:
    """Return the columns on the lines of the sky, (n_dispersion,) bool."""
    level = np.nan_to_num(plain.level)
    height = level - uniform_filter1d(level, CONTINUUM)
    sigma = np.sqrt(np.where(np.isfinite(plain.covariance[0]), plain.covariance[0], 0))
    bright = np.abs(height) > LINE_SIGMA * np.maximum(sigma, 1e-12)
    return np.asarray(maximum_filter1d(bright, 2 * LINE_REACH + 1))


def _samples(
    strip: Strip, chosen: NDArray[np.bool_], lines: NDArray[np.intp], height: int
) -> tuple[Array, Array, Array] | None:
    """Return mean, weight and mean row of groups of neighbouring rows, (n_groups, n_dispersion)."""
    total: Array = np.where(chosen, strip.variance, 0).sum(axis=0)
    count = np.count_nonzero(chosen, axis=0)
    variance = np.maximum(total / np.maximum(count, 1), 1e-6)
    means, weights, places = [], [], []
    breaks = np.flatnonzero(np.diff(lines) > 1) + 1
    for run in np.split(lines, breaks):
        for first in range(0, run.size, height):
            rows = run[first : first + height]
            keep = chosen[rows]
            data = np.where(keep, strip.data[rows], np.nan).astype(float)
            if rows.size > 2:
                middle = _middle(data)
                keep = keep & (
                    np.abs(data - middle) < CLIP * np.sqrt(variance) + 0.1 * np.abs(middle)
                )
            number = np.count_nonzero(keep, axis=0)
            safe = np.maximum(number, 1)
            means.append(np.where(keep, data, 0).sum(axis=0) / safe)
            weights.append(number / variance)
            at = strip.rows[rows][:, None]
            places.append(np.where(number > 0, (keep * at).sum(axis=0) / safe, at.mean()))
    weight = np.array(weights)
    return (np.array(means), weight, np.array(places)) if weight.any() else None


def _middle(data: Array) -> Array:
    """Return the median of every column, the lower middle one; 0 without a value."""
    ordered = np.sort(data, axis=0)
    count = np.count_nonzero(np.isfinite(data), axis=0)
    middle = ordered[np.maximum(count - 1, 0) // 2, np.arange(data.shape[1])]
    return np.asarray(np.where(count > 0, middle, 0.0))


def _fitted(  # noqa: PLR0917 (samples and their coordinates)
    mean: Array, weight: Array, height: Array, place: Array, step: float, ridge: Array
) -> tuple[Array, Array] | None:
    """Fit level and slope of the spline; return its coefficients and the factor of the matrix."""
    n = int(np.ceil(mean.shape[1] / step)) + 2 * PAD + 2
    left = np.floor(place).astype(np.intp)
    basis, _ = _basis(place - left)
    index = left.ravel()
    normal = np.zeros((8, 2 * n))  # lower bands; coefficients of a knot are next to each other
    right = np.zeros(2 * n)
    powers = [weight, weight * height, weight * height**2]

    def total(values: Array, shift: int) -> Array:
        return np.asarray(np.bincount(index + shift, values.ravel(), n), dtype=float)

    for i, one in enumerate(basis):
        for p in (0, 1):
            right[p::2] += total(powers[p] * mean * one, i)
        for j in range(i, 4):
            both = one * basis[j]
            sums = [total(power * both, i) for power in powers]
            for p in (0, 1):
                for q in (0, 1):
                    band = 2 * (j - i) + q - p
                    if band >= 0:
                        normal[band, p::2] += sums[p + q]
    knots = np.clip((np.arange(n) - PAD) * step, 0, mean.shape[1] - 1).astype(int)
    _smooth(normal, ridge[knots] * step)
    try:
        factor = cholesky_banded(normal, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return None
    solved = cho_solve_banded((factor, True), right, check_finite=False)
    if not np.isfinite(solved).all():
        return None
    return np.asarray(solved.reshape(n, 2).T), factor


def _smooth(normal: Array, amount: Array) -> None:
    """Add the weight of small second differences of the coefficients."""
    n = normal.shape[1] // 2
    amount = np.maximum(amount, 1e-12)
    for p in (0, 1):
        for a, one in enumerate((1.0, -2.0, 1.0)):
            for b, other in enumerate((1.0, -2.0, 1.0)):
                if b >= a:
                    place = slice(p + 2 * a, p + 2 * (n - 2 + a), 2)
                    normal[2 * (b - a), place] += amount[1:-1] * one * other
    normal[0] += 1e-6 * np.repeat(amount, 2)
