"""Match the lines of an arc to laboratory lines and fit the correction to the grating equation.

Positions are in unbinned raw detector columns ("pixels"). The correction converts the observed
position of a line to its model pixel (see `reduction.wavelength.line_problem`). It is a low-order
Chebyshev series with a prior on each term, so that the solution remains physical where a lamp has
no lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.lines.lamps import grooves_per_mm
from reduction.wavelength.alignment import Alignment, compress
from reduction.wavelength.line_problem import CENTROID_PX, Problem, measurable

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

CORRECTION_MEAN_PX = (0.0, 0.0, 0.0, 0.15, 0.0, 0.0, 0.0)
CORRECTION_PRIOR_PX = (60.0, 8.0, 0.35, 0.15, 0.08, 0.05, 0.05)
BOW_PX = {400: -0.3, 600: -0.3, 930: 0.2, 1200: 0.1}
"""Prior of the correction: mean and scatter of its Chebyshev terms over the published lamps, and
the mean of the second term by grating, pixels."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Matched lines and the correction: ``model pixel = pixel + correction(scaled(pixel))``.

    Parameters
    ----------
    correction : Chebyshev
        In scaled columns, value in pixels.
    covariance : (order + 1, order + 1) float64
        Of the correction's terms, pixels squared.
    line, laboratory : (n,) int
        Indices into the problem's lines and laboratory lines.
    used : (n,) bool
        False for outliers.
    score : float
        Sum of the compressed heights of the clean lines that a laboratory line identifies.
    """

    correction: np.polynomial.Chebyshev
    covariance: Floats
    line: Indices
    laboratory: Indices
    used: Bools
    score: float

    def model(self, problem: Problem, pixel: Floats) -> Floats:
        """Apply the correction to columns.

        Parameters
        ----------
        problem : Problem
        pixel : ndarray of float64
            Columns of any shape.

        Returns
        -------
        ndarray of float64
            Model pixels, of the same shape.
        """
        return np.asarray(pixel + self.correction(problem.scaled(pixel)), dtype=float)

    def uncertainty(self, problem: Problem, pixel: Floats) -> Floats:
        """Return the uncertainty of the solution.

        Parameters
        ----------
        problem : Problem
        pixel : (n,) float64
            Columns.

        Returns
        -------
        (n,) float64
            One sigma, pixels.
        """
        basis = np.polynomial.chebyshev.chebvander(
            problem.scaled(pixel), self.covariance.shape[0] - 1
        )
        return np.asarray(np.sqrt(np.einsum("ij,jk,ik->i", basis, self.covariance, basis)))


def nearest(ascending: Floats, values: Floats) -> Indices:
    """Return the index of the nearest element for every value.

    Parameters
    ----------
    ascending : (n,) float
        Two elements or more.
    values : (m,) float

    Returns
    -------
    (m,) int
        Indices into `ascending`.
    """
    right = np.clip(np.searchsorted(ascending, values), 1, ascending.size - 1)
    closer = values - ascending[right - 1] < ascending[right] - values
    return np.asarray(right - closer, dtype=np.intp)


def mutual_pairs(model: Floats, expected: Floats, tolerance: float) -> tuple[Indices, Indices]:
    """Pair observed and expected positions that are each other's nearest.

    Parameters
    ----------
    model, expected : (n,), (m,) float
        Positions, ascending, pixels.
    tolerance : float
        Largest distance of a pair, pixels.

    Returns
    -------
    observed, laboratory : (n_pairs,) int
        Indices into `model` and `expected`.
    """
    if model.size < 2 or expected.size < 2:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    nearest_line = nearest(expected, model)
    mutual = nearest(model, expected)[nearest_line] == np.arange(model.size)
    observed = np.flatnonzero(mutual & (np.abs(model - expected[nearest_line]) < tolerance))
    return observed, nearest_line[observed]


def expected_terms(grating: str) -> Floats:
    """Return the prior means of the terms of the correction for a grating.

    Parameters
    ----------
    grating : str
        Its number is the groove density per mm.

    Returns
    -------
    (7,) float
        Chebyshev terms, pixels: the mean over the published lamps.
    """
    mean = np.array(CORRECTION_MEAN_PX)
    mean[2] = BOW_PX.get(int(grooves_per_mm(grating)), 0.0)
    return mean


def robust_correction(
    scaled: Floats, difference: Floats, line_weight: Floats, order: int, expected: Floats
) -> tuple[Floats, Floats, Bools]:
    """Fit the correction's terms, each with its prior, by reweighted least squares (Tukey).

    Parameters
    ----------
    scaled, difference, line_weight : (n,) float
        Scaled column of each line, its model pixel minus its pixel, and its weight, at most 1.
    order : int
        Degree of the correction.
    expected : (m,) float
        Means of the terms, pixels.

    Returns
    -------
    terms : (order + 1,) float64
        Chebyshev terms, pixels.
    covariance : (order + 1, order + 1) float64
        Of the terms, pixels squared.
    used : (n,) bool
        Lines within three robust sigma of the correction.
    """
    basis = np.polynomial.chebyshev.chebvander(scaled, order)
    mean = expected[: order + 1]
    inverse = np.diag(np.array(CORRECTION_PRIOR_PX[: order + 1]) ** -2.0)
    weight, noise = line_weight.copy(), CENTROID_PX
    # With few lines, shift and stretch reduce the residuals below the errors.
    freedom = np.sqrt(scaled.size / max(scaled.size - 2, 1))
    for _ in range(10):
        prior = noise**2 * inverse
        normal = basis.T @ (weight[:, None] * basis) + prior
        terms = np.linalg.solve(normal, basis.T @ (weight * difference) + prior @ mean)
        residual = difference - basis @ terms
        scale = max(1.4826 * freedom * float(np.median(np.abs(residual))), 0.06)
        weight = line_weight * np.clip(1 - (residual / (4.7 * scale)) ** 2, 0, None) ** 2
        noise = max(CENTROID_PX, scale)
    covariance = np.asarray(np.linalg.inv(normal) * noise**2, dtype=float)
    return np.asarray(terms, dtype=float), covariance, np.abs(residual) < 3 * scale


def fit_lines(problem: Problem, start: Alignment, order: int) -> Fit | None:
    """Match lines and fit the correction, with decreasing tolerance and increasing degree.

    Parameters
    ----------
    problem : Problem
    start : Alignment
        Shift and stretch to start from.
    order : int
        Degree of the correction.

    Returns
    -------
    Fit or None
        None when fewer than three lines match at any stage.
    """
    index, expected, single = measurable(problem)
    scaled = problem.scaled(problem.pixel)
    line_weight = problem.weight
    usable = np.flatnonzero(problem.clean | problem.flat)
    half = 0.5 * (problem.extent[1] - problem.extent[0])
    terms = np.array([-start.shift, start.stretch * half])
    fwhm, expected_correction = problem.fwhm, expected_terms(problem.setup.grating)
    stages = (
        (1, 2.0 + 0.8 * fwhm),
        (2, 1.0 + 0.5 * fwhm),
        (order, max(0.6 * fwhm, 0.8)),
        (order, max(0.4 * fwhm, 0.8)),
        (order, max(0.2 * fwhm, 0.8)),
    )
    for degree, tolerance in stages:
        model = problem.pixel + np.polynomial.chebyshev.chebval(scaled, terms)
        observed, nearest_line = mutual_pairs(model[usable], expected[single], tolerance)
        if observed.size < 3:
            return None
        line, laboratory = usable[observed], single[nearest_line]
        difference = expected[laboratory] - problem.pixel[line]
        terms, covariance, used = robust_correction(
            scaled[line], difference, line_weight[line], min(degree, order), expected_correction
        )
    model = problem.pixel + np.polynomial.chebyshev.chebval(scaled, terms)
    score = identified_height(problem, model, expected, problem.clean)
    correction = np.polynomial.Chebyshev(terms)
    return Fit(correction, covariance, line, index[laboratory], used, score)


def identified_height(problem: Problem, model: Floats, expected: Floats, among: Bools) -> float:
    """Sum the compressed heights of the lines that a laboratory line identifies.

    Parameters
    ----------
    problem : Problem
    model : (n,) float
        Model pixels of the lines of the arc.
    expected : (m,) float
        Model pixels of the laboratory lines, ascending.
    among : (n,) bool
        The lines of the arc to count.

    Returns
    -------
    float
    """
    if expected.size < 2:
        return 0.0
    difference = np.abs(expected[nearest(expected, model[among])] - model[among])
    identified = difference < max(0.35 * problem.fwhm, 0.7)
    return float(compress(problem.height)[among][identified].sum())
