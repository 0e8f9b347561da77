"""A stiff, robust spline through measured points, with its error.

A cubic B-spline with evenly spaced knots and a penalty on its second derivative (Eilers & Marx
1996, Statistical Science 11, 89). The penalty is a prior: the second derivative of the response's
logarithm is a random walk of a given strength, so that the error of the fit grows where points are
masked (Wahba 1983, JRSS B 45, 133). Outliers lose their weight by Tukey's biweight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Floats = NDArray[np.float64]

KNOT_SPACING: Final = 60.0
"""Å; finer than anything that the penalty admits."""
_DEGREE: Final = 3
_ITERATIONS: Final = 12
_RIDGE: Final = 1e-12
"""Of the trace; it keeps the matrix positive where two points leave a level or slope open."""
_CUT: Final = 5.0
"""Residual without weight, robust sigmas: Tukey's biweight with 4.7 keeps 95 % efficiency."""


@dataclass(frozen=True, slots=True, eq=False)
class SmoothFit:
    """A fitted spline.

    Parameters
    ----------
    first, last : float
        Range of the points, within which it holds.
    scale : float
        Robust scatter of the residuals in units of the points' errors, at least 1 in the errors.
    weight : (n,) float64
        Robust weight of each point, 0 (rejected) to 1.
    """

    first: float
    last: float
    scale: float
    weight: Floats
    _knots: Floats
    _coefficients: Floats
    _covariance: Floats
    _influence: Floats

    def at(self, x: Floats) -> tuple[Floats, Floats]:
        """Return value and variance at x, (m,); NaN and ``inf`` outside of the range.

        The variance is that of the fit as a whole, with what the penalty admits where there are no
        points.
        """
        value, variance = np.full(x.size, np.nan), np.full(x.size, np.inf)
        inside, basis = self._design(x)
        value[inside] = basis @ self._coefficients
        variance[inside] = np.einsum("ij,ij->i", basis @ self._covariance, basis)
        return value, variance

    def propagated(self, x: Floats, variance: Floats) -> Floats:
        """Return the variance at x, (m,), that comes from a variance of the points, (n,)."""
        result = np.full(x.size, np.inf)
        inside, basis = self._design(x)
        result[inside] = (basis @ self._influence) ** 2 @ variance
        return result

    def _design(self, x: Floats) -> tuple[NDArray[np.bool_], Floats]:
        """Return which x lie within the range, and the splines there."""
        inside = (x >= self.first) & (x <= self.last)
        return inside, _splines(x[inside], self._knots)


def fit(
    x: Floats,
    y: Floats,
    sigma: Floats,
    strength: Callable[[Floats], Floats],
    limits: tuple[float, float] | None = None,
) -> SmoothFit:
    """Fit a smooth curve.

    Parameters
    ----------
    x : (n,) float64
        Increasing, Å.
    y : (n,) float64
    sigma : (n,) float64
        One-sigma errors of `y`.
    strength : callable
        Returns for wavelengths, (m,) Å, the usual size of the second derivative over a range of
        1000 Å, per (1000 Å)²: the smaller, the stiffer.
    limits : (float, float), optional
        Range within which the fit holds; by default that of the points.

    Returns
    -------
    SmoothFit
    """
    unit = 1000.0
    first, last = limits or (float(x[0]), float(x[-1]))
    u = (x - first) / unit
    knots, penalty = _basis(
        (last - first) / unit, KNOT_SPACING / unit, lambda v: strength(first + unit * v)
    )
    basis = _splines(u, knots)
    weight, scale = np.ones(x.size), 1.0
    for _ in range(_ITERATIONS):
        precision = weight / (sigma * scale) ** 2
        normal = basis.T @ (basis * precision[:, None]) + penalty
        factor = cho_factor(normal + _RIDGE * np.trace(normal) * np.eye(normal.shape[0]))
        coefficients = cho_solve(factor, basis.T @ (precision * y))
        residual = (y - basis @ coefficients) / sigma
        scale = max(1.0, 1.4826 * float(np.median(np.abs(residual))))
        previous, weight = weight, _biweight(residual / (scale * _CUT))
        if np.max(np.abs(weight - previous)) < 1e-3:
            break
    covariance = cho_solve(factor, np.eye(normal.shape[0]))
    influence = covariance @ (basis.T * precision)
    return SmoothFit(
        first, last, scale, weight, first + knots * unit, coefficients, covariance, influence
    )


def _splines(x: Floats, knots: Floats) -> Floats:
    """Return the B-splines of some knots at x, (m, n)."""
    from scipy.interpolate import BSpline  # noqa: PLC0415 - as in `targets`, for the start

    return np.asarray(BSpline.design_matrix(x, knots, _DEGREE).toarray(), dtype=float)


def _biweight(residual: Floats) -> Floats:
    return np.asarray(np.where(np.abs(residual) < 1, (1 - residual**2) ** 2, 0.0), dtype=float)


def _basis(
    length: float, spacing: float, strength: Callable[[Floats], Floats]
) -> tuple[Floats, Floats]:
    """Return knots of cubic B-splines over (0, length), and the integral of (f''/strength)²."""
    from scipy.interpolate import BSpline  # noqa: PLC0415 - as in `targets`, for the start

    pieces = max(int(np.ceil(length / spacing)), 4)
    inner = np.linspace(0.0, length, pieces + 1)
    knots = np.concatenate([[0.0] * _DEGREE, inner, [length] * _DEGREE])
    n = knots.size - _DEGREE - 1
    # f'' is linear between knots, so three-point Gauss quadrature is exact.
    node, share = np.polynomial.legendre.leggauss(3)
    half = 0.5 * np.diff(inner)
    at = (0.5 * (inner[1:] + inner[:-1])[:, None] + half[:, None] * node).ravel()
    second = BSpline(knots, np.eye(n), _DEGREE).derivative(2)(at)
    weights = (half[:, None] * share).ravel() / strength(at) ** 2
    return knots, np.asarray(second.T @ (second * weights[:, None]), dtype=float)
