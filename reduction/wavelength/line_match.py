"""Match the lines of an arc to laboratory lines and fit the correction to the grating equation.

Everything is in unbinned raw detector columns ("pixels"). A *model pixel* is where the grating
equation alone would put a line; the correction leads from where a line is seen to there. It is a
low-order Chebyshev series with a prior on the size of each term, so that the solution stays
physical where a lamp has no lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.lines.lamps import grooves_per_mm
from reduction.wavelength.alignment import Alignment, compress
from reduction.wavelength.grating import predicted_wavelength

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

CENTROID_PX = 0.1
"""Uncertainty of the centre of a bright line, from blends that are in no list, pixels."""
CORRECTION_MEAN_PX = (0.0, 0.0, 0.0, 0.15, 0.0, 0.0, 0.0)
CORRECTION_PRIOR_PX = (60.0, 8.0, 0.35, 0.15, 0.08, 0.05, 0.05)
BOW_PX = {400: -0.3, 600: -0.3, 930: 0.2, 1200: 0.1}
"""Mean and scatter of the correction's Chebyshev terms over the published lamps, pixels, and the
mean of the second term by grating: what is assumed where a lamp has no lines."""
FLAT_WEIGHT = 0.3
"""Weight of a saturated line relative to a clean one: only its flanks define its centre."""
MARGIN_PX = 400.0
"""How far outside the detector laboratory lines are kept, so that a large shift finds them."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What decides the wavelengths: grating name, camera and grating angle in degrees."""

    grating: str
    cam_targ: float
    grt_targ: float


@dataclass(frozen=True, eq=False)
class Problem:
    """The arc's lines and the laboratory lines of its lamp.

    Parameters
    ----------
    pixel, height : (n,) float64
        Centres of the arc's lines, and their heights in units of the noise.
    clean : (n,) bool
        Lines good enough to measure.
    flat : (n,) bool
        Saturated lines, which get a small weight.
    fwhm : float
        Width of a line, pixels.
    extent : (float, float)
        First and last column of the arc.
    setup : Setup
        Grating and angles.
    laboratory, strength : (m,) float64
        Laboratory lines, air Å ascending, and their relative strengths.
    single : (m,) bool
        Those whose place in the arc can be told: they stand alone at its resolution, or are the
        common centre of a blend that published lamps show.
    """

    pixel: Floats
    height: Floats
    clean: Bools
    flat: Bools
    fwhm: float
    extent: tuple[float, float]
    setup: Setup
    laboratory: Floats
    strength: Floats
    single: Bools

    @property
    def weight(self) -> Floats:
        """Weight of each centre, (n,): lower for faint (noisy) and for saturated lines."""
        smoothed = np.maximum(self.height, 1.0) * np.sqrt(1.5 * self.fwhm)
        error = self.fwhm / 2.3548 / smoothed
        faint = CENTROID_PX**2 / (CENTROID_PX**2 + error**2)
        return np.asarray(faint * np.where(self.flat, FLAT_WEIGHT, 1.0))

    @property
    def centre(self) -> float:
        """Middle column of the arc."""
        return 0.5 * (self.extent[0] + self.extent[1])

    def scaled(self, pixel: Floats) -> Floats:
        """Map the arc's columns onto -1 to 1."""
        return (pixel - self.centre) / (0.5 * (self.extent[1] - self.extent[0]))

    def predicted(self, pixel: Floats) -> Floats:
        """Wavelength of model pixels, air Å."""
        return predicted_wavelength(
            pixel, self.setup.grating, self.setup.cam_targ, self.setup.grt_targ
        )

    def model_pixel(self, wavelength: Floats) -> Floats:
        """Where the grating equation puts wavelengths; NaN outside the detector's surroundings."""
        grid = np.arange(self.extent[0] - MARGIN_PX, self.extent[1] + MARGIN_PX + 16, 8.0)
        return np.asarray(
            np.interp(wavelength, self.predicted(grid), grid, left=np.nan, right=np.nan)
        )


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
        Summed (compressed) height of the clean lines that a laboratory line explains.
    """

    correction: np.polynomial.Chebyshev
    covariance: Floats
    line: Indices
    laboratory: Indices
    used: Bools
    score: float

    def model(self, problem: Problem, pixel: Floats) -> Floats:
        """Return the model pixels of columns."""
        return np.asarray(pixel + self.correction(problem.scaled(pixel)), dtype=float)

    def uncertainty(self, problem: Problem, pixel: Floats) -> Floats:
        """One-sigma uncertainty of the scale at columns, pixels."""
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
    there = nearest(expected, model)
    mutual = nearest(model, expected)[there] == np.arange(model.size)
    observed = np.flatnonzero(mutual & (np.abs(model - expected[there]) < tolerance))
    return observed, there[observed]


def expected_terms(grating: str) -> Floats:
    """Return the means of the terms of the correction for a grating.

    Returns
    -------
    (7,) float
        Chebyshev terms, pixels: the mean over the published lamps.
    """
    mean = np.array(CORRECTION_MEAN_PX)
    mean[2] = BOW_PX.get(int(grooves_per_mm(grating)), 0.0)
    return mean


def robust_correction(
    scaled: Floats, miss: Floats, worth: Floats, order: int, expected: Floats
) -> tuple[Floats, Floats, Bools]:
    """Fit the correction's terms, each with its prior, by reweighted least squares (Tukey).

    Parameters
    ----------
    scaled, miss, worth : (n,) float
        Place of each line, its model pixel less its pixel, and its weight, at most 1.
    order : int
        Of the correction.
    expected : (m,) float
        Means of the terms, pixels.

    Returns
    -------
    terms, covariance, used
        Chebyshev terms (pixels), their covariance, and which points lie within three robust sigma.
    """
    basis = np.polynomial.chebyshev.chebvander(scaled, order)
    mean = expected[: order + 1]
    inverse = np.diag(np.array(CORRECTION_PRIOR_PX[: order + 1]) ** -2.0)
    weight, noise = worth.copy(), CENTROID_PX
    # Shift and stretch make the rest of a few lines smaller than their errors.
    freed = np.sqrt(scaled.size / max(scaled.size - 2, 1))
    for _ in range(10):
        prior = noise**2 * inverse
        normal = basis.T @ (weight[:, None] * basis) + prior
        terms = np.linalg.solve(normal, basis.T @ (weight * miss) + prior @ mean)
        rest = miss - basis @ terms
        scale = max(1.4826 * freed * float(np.median(np.abs(rest))), 0.06)
        weight = worth * np.clip(1 - (rest / (4.7 * scale)) ** 2, 0, None) ** 2
        noise = max(CENTROID_PX, scale)
    covariance = np.asarray(np.linalg.inv(normal) * noise**2, dtype=float)
    return np.asarray(terms, dtype=float), covariance, np.abs(rest) < 3 * scale


def measurable(problem: Problem) -> tuple[Indices, Floats, Indices]:
    """Return the laboratory lines near the detector.

    Returns
    -------
    index : (n,) int
        Indices into the laboratory lines of the problem.
    pixel : (n,) float
        Their model pixels.
    single : (n_single,) int
        Indices into `pixel` of the lines that are not blended.
    """
    pixel = problem.model_pixel(problem.laboratory)
    index = np.flatnonzero(np.isfinite(pixel))
    return index, pixel[index], np.flatnonzero(problem.single[index])


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
    worth = problem.weight
    sound = np.flatnonzero(problem.clean | problem.flat)
    half = 0.5 * (problem.extent[1] - problem.extent[0])
    terms = np.array([-start.shift, start.stretch * half])
    fwhm, usual = problem.fwhm, expected_terms(problem.setup.grating)
    stages = (
        (1, 2.0 + 0.8 * fwhm),
        (2, 1.0 + 0.5 * fwhm),
        (order, max(0.6 * fwhm, 0.8)),
        (order, max(0.4 * fwhm, 0.8)),
        (order, max(0.2 * fwhm, 0.8)),
    )
    for degree, tolerance in stages:
        model = problem.pixel + np.polynomial.chebyshev.chebval(scaled, terms)
        seen, there = mutual_pairs(model[sound], expected[single], tolerance)
        if seen.size < 3:
            return None
        line, laboratory = sound[seen], single[there]
        miss = expected[laboratory] - problem.pixel[line]
        terms, covariance, used = robust_correction(
            scaled[line], miss, worth[line], min(degree, order), usual
        )
    model = problem.pixel + np.polynomial.chebyshev.chebval(scaled, terms)
    score = explained(problem, model, expected, problem.clean)
    correction = np.polynomial.Chebyshev(terms)
    return Fit(correction, covariance, line, index[laboratory], used, score)


def explained(problem: Problem, model: Floats, expected: Floats, among: Bools) -> float:
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
    miss = np.abs(expected[nearest(expected, model[among])] - model[among])
    close = miss < max(0.35 * problem.fwhm, 0.7)
    return float(compress(problem.height)[among][close].sum())
