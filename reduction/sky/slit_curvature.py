"""Tilt and curvature of the slit's image, measured on the sky lines of the frame itself.

A sky line is not parallel to the columns of the detector: the slit is tilted, and the dispersion of
the grating curves its image. The displacement of each part of the slit is found by comparing its
spectrum with the mean of all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

Array = NDArray[np.float64]

GROUPS = 32
"""Parts of the slit whose spectra are compared."""
FEWEST_GROUPS = 6
SECTIONS = 5
"""Sections of the dispersion, since the curvature may change along it."""
CONTINUUM = 61
"""Columns over which the continuum is averaged; what remains are lines."""
MOST_ROWS = 8
"""Rows of a group that are averaged, evenly spaced: sky lines need no more."""
LINE_SIGMA = 8.0
"""Significance in the mean of all groups from which a column belongs to a line, sigmas."""
LINE_REACH = 5
"""Columns to either side of a line that are used with it."""
ITERATIONS = 2
OUTLIER = 6.0
LINE_ERROR = 0.03
"""Part of a line by which a group may differ from the mean, besides its noise."""
SURE = 25.0
"""Decrease of χ² from which a further term is used."""
FARTHEST = 30.0
"""Largest displacement at an end of the slit that is believed, columns."""

_TERMS = ((1, 0), (2, 0), (1, 1), (2, 1))
"""Powers of the position along the slit and along the dispersion."""


@dataclass(frozen=True, slots=True)
class Curvature:
    """Displacement of the slit's image along the dispersion.

    Parameters
    ----------
    coefficients : (4,) float
        Columns per unit of y, y², x y and x y², where x and y run from −1 to 1 over the frame.
    covariance : (4, 4) float
    shape : (int, int)
        (n_spatial, n_dispersion) of the frame.
    """

    coefficients: Array
    covariance: Array
    shape: tuple[int, int]

    def basis(self, rows: NDArray[Any], columns: NDArray[Any]) -> list[Array]:
        """Return the terms at some rows and columns, which are broadcast against each other."""
        y, x = (
            np.asarray(2 * at / max(n - 1, 1) - 1, dtype=float)
            for at, n in zip((rows, columns), self.shape, strict=True)
        )
        return [np.asarray(y**p * x**q) for p, q in _TERMS]

    def shift(self, rows: NDArray[Any], columns: NDArray[Any]) -> Array:
        """Return the displacement against the middle of the frame.

        Parameters
        ----------
        rows, columns : ndarray
            0-based, broadcast against each other.

        Returns
        -------
        ndarray of float
            Columns: the light of column x of the middle row is at x + shift.
        """
        basis = self.basis(rows, columns)
        return np.asarray(sum(c * b for c, b in zip(self.coefficients, basis, strict=True)))

    def variance_between(self, rows: Array, others: Array, columns: Array) -> Array:
        """Return the variance of the displacement of some rows against others, columns squared."""
        pairs = zip(self.basis(rows, columns), self.basis(others, columns), strict=True)
        difference = np.stack([np.broadcast_to(a - b, columns.shape) for a, b in pairs])
        return np.asarray(np.einsum("kx,kl,lx->x", difference, self.covariance, difference))


@dataclass(frozen=True, slots=True)
class _Groups:
    """Spectra of parts of the slit without continuum.

    `rows` are the middles of the parts, `lines` and `variance` (n_groups, n_dispersion) their mean
    and its variance, inf where it is not known. `chosen` are the columns near lines, `sections`
    (n_chosen, `SECTIONS`) is 1 where a column belongs to a section.
    """

    rows: Array
    lines: Array
    variance: Array
    chosen: NDArray[np.intp]
    sections: Array


def measure_curvature(
    data: NDArray[Any], variance: NDArray[Any], usable: NDArray[np.bool_], free: NDArray[np.bool_]
) -> Curvature | None:
    """Measure tilt and curvature of the slit's image on the sky lines.

    Parameters
    ----------
    data, variance : (n_spatial, n_dispersion) float
        Electron and electron squared; finite.
    usable : (n_spatial, n_dispersion) bool
        Pixels without a flag.
    free : (n_spatial,) bool
        Rows without targets.

    Returns
    -------
    Curvature or None
        None when the lines of the sky do not show a tilt, since they are too faint.
    """
    groups = _groups(data, variance, usable, free)
    if groups is None:
        return None
    shape = (data.shape[0], data.shape[1])
    blank = Curvature(np.zeros(len(_TERMS)), np.zeros((len(_TERMS),) * 2), shape)
    found = _from_neighbours(groups, blank)
    for _ in range(ITERATIONS):
        if found is None or _farthest(found) > FARTHEST:
            return None
        found = _refined(groups, found)
    return found


def _farthest(curvature: Curvature) -> float:
    """Return the largest displacement at a corner of the frame, columns."""
    rows, columns = (np.array([0.0, n - 1.0]) for n in curvature.shape)
    return float(np.abs(curvature.shift(rows[:, None], columns)).max())


def _groups(
    data: NDArray[Any], variance: NDArray[Any], usable: NDArray[np.bool_], free: NDArray[np.bool_]
) -> _Groups | None:
    """Return the mean spectra of groups of rows; None without lines, or with too few rows."""
    height = max(data.shape[0] // GROUPS, 1)
    step = -(-height // MOST_ROWS)
    kept = [
        rows
        for first in range(0, data.shape[0] - height + 1, height)
        if (rows := [r for r in range(first, first + height, step) if free[r]])
        and len(rows) > 0.7 * height / step
    ]
    if len(kept) < FEWEST_GROUPS or data.shape[1] < 4 * CONTINUUM:
        return None
    spectra, noise = np.empty((2, len(kept), data.shape[1]))
    for number, rows in enumerate(kept):
        chosen = usable[rows]
        if chosen.all():
            spectra[number] = data[rows].mean(axis=0)
            noise[number] = variance[rows].mean(axis=0) / len(rows)
            continue
        count = np.count_nonzero(chosen, axis=0)
        safe = np.maximum(count, 1)
        known = count > len(rows) / 2
        spectra[number] = np.where(
            known, np.where(chosen, data[rows], 0).sum(axis=0) / safe, np.nan
        )
        total = np.where(chosen, variance[rows], 0).sum(axis=0)
        noise[number] = np.where(known, total / safe**2, np.inf)
    unknown = np.isnan(spectra)
    if unknown.any():
        spectra = np.where(unknown, np.nanmedian(spectra[:, ::8], axis=1)[:, None], spectra)
    middles = np.array([float(np.mean(one)) for one in kept])
    # The continuum beside a line is too high by a part of it, but in all groups alike.
    lines = spectra - uniform_filter1d(spectra, CONTINUUM, axis=1)
    columns = _line_columns(lines, noise)
    if columns.size < 2 * LINE_REACH:
        return None
    edges = np.linspace(0, data.shape[1], SECTIONS + 1)
    sections = (np.searchsorted(edges, columns, "right") - 1)[:, None] == np.arange(SECTIONS)
    return _Groups(middles, lines, noise, columns, sections.astype(float))


def _line_columns(lines: Array, noise: Array) -> NDArray[np.intp]:
    """Return the columns on and beside the lines of the sky."""
    # The lines of different groups are displaced, so that their mean is blurred but not lost.
    mean = np.median(lines, axis=0)
    sigma = 1.25 * np.sqrt(np.median(noise, axis=0) / len(lines))
    bright = np.abs(mean) > LINE_SIGMA * sigma
    near = uniform_filter1d(bright.astype(np.float32), 2 * LINE_REACH + 1) > 1e-3
    margin = 2 * LINE_REACH
    near[:margin] = near[-margin:] = False
    return np.flatnonzero(near)


def _from_neighbours(groups: _Groups, blank: Curvature) -> Curvature | None:
    """Return a first curvature, from the displacement of each group against the next."""
    low, high = (part[:, groups.chosen] for part in (groups.lines[:-1], groups.lines[1:]))
    slope = np.gradient(groups.lines[:-1] + groups.lines[1:], axis=1)[:, groups.chosen] / 2
    noise = (groups.variance[:-1] + groups.variance[1:])[:, groups.chosen]
    steps, precision = _displacement(high - low, 0.5 * (low + high), slope, noise, groups.sections)
    upper, lower = (
        blank.basis(rows[:, None], _middles(blank.shape[1]))
        for rows in (groups.rows[1:], groups.rows[:-1])
    )
    basis = np.stack([(a - b).ravel() for a, b in zip(upper, lower, strict=True)])
    return _solved(basis, steps.ravel(), precision.ravel(), blank)


def _refined(groups: _Groups, known: Curvature) -> Curvature | None:
    """Return an improved curvature, from the displacement of each group against the mean."""
    rows = groups.rows[:, None]
    n = known.shape[1]
    aligned = _moved(groups.lines, known.shift(rows, np.arange(n)) + np.arange(n))
    weight = 1 / np.maximum(np.median(groups.variance, axis=1), 1e-12)
    template = np.average(aligned, axis=0, weights=weight)[None]
    at = groups.chosen - known.shift(rows, groups.chosen)
    expected, slope = _moved(template, at), _moved(np.gradient(template, axis=1), at)
    moved = groups.lines[:, groups.chosen] - expected
    rest, precision = _displacement(
        moved, expected, slope, groups.variance[:, groups.chosen], groups.sections
    )
    middle = _middles(n)
    basis = np.stack([one.ravel() for one in known.basis(rows, middle)])
    return _solved(basis, (rest + known.shift(rows, middle)).ravel(), precision.ravel(), known)


def _middles(n_columns: int) -> Array:
    """Return the middle column of every section."""
    edges = np.linspace(0, n_columns, SECTIONS + 1)
    return np.asarray(0.5 * (edges[:-1] + edges[1:]) - 0.5)


def _moved(spectra: Array, at: Array) -> Array:
    """Return spectra at some columns, by cubic interpolation (Catmull and Rom 1974)."""
    left = np.clip(np.floor(at), 1, spectra.shape[1] - 3).astype(np.intp)
    part = np.clip(at - left, 0, 1)
    row = np.arange(len(spectra))[:, None] if len(spectra) > 1 else 0
    a, b, c, d = (spectra[row, left + step] for step in (-1, 0, 1, 2))
    cubic = part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a))
    return np.asarray(b + 0.5 * part * (c - a + cubic))


def _displacement(
    moved: Array, lines: Array, slope: Array, variance: Array, sections: Array
) -> tuple[Array, Array]:
    """Return the displacement of every section that explains a difference, and its precision.

    A difference is −displacement × slope of the lines, and a part of the lines that are brighter
    or fainter.
    """
    weight = 1 / (np.maximum(variance, 1e-12) + (LINE_ERROR * lines) ** 2)
    for last in (False, True):
        aa, ab, bb = ((weight * one) @ sections for one in (slope**2, slope * lines, lines**2))
        ya, yb = (weight * moved * slope) @ sections, (weight * moved * lines) @ sections
        det = aa * bb - ab**2
        known = (det > 1e-6 * aa * bb) & (bb > 0)
        safe = np.where(known, det, 1.0)
        displacement = np.where(known, -(bb * ya - ab * yb) / safe, 0.0)
        if last:
            break
        gain = np.where(known, (aa * yb - ab * ya) / safe, 0.0)
        residual = moved + (displacement @ sections.T) * slope - (gain @ sections.T) * lines
        weight = np.where(residual**2 * weight < OUTLIER**2, weight, 0.0)
    return displacement, np.where(known, det / np.where(known, bb, 1.0), 0.0)


def _solved(basis: Array, shift: Array, precision: Array, like: Curvature) -> Curvature | None:
    """Fit the terms to displacements, further ones only where they are significant."""
    used: list[int] = []
    expected = np.zeros_like(shift)
    best: tuple[Array, Array] | None = None
    for count in (1, 2, 4):
        terms = list(range(count))
        if np.count_nonzero(precision > 0) < 3 * count:
            break
        fitted = _least_squares(basis[terms], shift, precision)
        if fitted is None:
            break
        coefficients, covariance, weight = fitted
        model = coefficients @ basis[terms]
        before, after = (np.sum(weight * (shift - one) ** 2) for one in (expected, model))
        if before - after > SURE * (count - len(used)):
            best, used, expected = (coefficients, covariance), terms, model
    if best is None:
        return None
    full, spread = np.zeros(len(_TERMS)), np.zeros((len(_TERMS),) * 2)
    full[used], spread[np.ix_(used, used)] = best
    return replace(like, coefficients=full, covariance=spread)


def _least_squares(
    basis: Array, shift: Array, precision: Array
) -> tuple[Array, Array, Array] | None:
    """Return coefficients, covariance and final weights of a fit that rejects outliers."""
    weight = precision
    for _ in range(3):
        normal = (basis * weight) @ basis.T
        if np.linalg.matrix_rank(normal) < len(basis):
            return None
        inverse = np.linalg.inv(normal)
        coefficients = inverse @ (basis @ (weight * shift))
        square = (shift - coefficients @ basis) ** 2
        points = max(int(np.count_nonzero(weight)) - len(basis), 1)
        scale = max(float(np.sum(weight * square)) / points, 1.0)
        kept = np.where(square * precision < 16 * scale, precision, 0.0)
        weight = kept
    return coefficients, np.asarray(inverse * scale), np.asarray(weight / scale)
