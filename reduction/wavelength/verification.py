"""Verify a wavelength solution, so that no wrong solution is accepted.

The limits were determined with the 80 published lamps: each with its own line list (all correct
solutions pass), with the list of every other lamp, at wrong grating angles, and with its lines at
random positions (no solution passes that is wrong by half a line width).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from reduction.lines.line_list import is_hollow_cathode
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.wavelength.alignment import Pattern, compress, resemblance
from reduction.wavelength.lamp_templates import expected_patterns, published_patterns
from reduction.wavelength.line_match import Fit, identified_height, nearest
from reduction.wavelength.line_problem import Problem, measurable

Floats = NDArray[np.float64]

N_BRIGHTEST = 15
"""Number of the arc's brightest lines of which listed lines must identify most of the light."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Requirements on a solution.

    Parameters
    ----------
    minimum_lines : int
        Least number of laboratory lines used; 1.7 times as many for the hollow cathodes.
    maximum_rms : float
        Largest residual rms, in FWHM of a line.
    brightest_identified : float
        Least fraction of the light of the arc's 15 brightest lines that listed lines identify.
    significance : float
        Agreement over that of the displaced solution, in standard deviations of the latter.
    contrast : float
        Ratio of the agreement to the best of the displaced solutions.
    published_seen : float
        Least fraction of the brightest lines of the published lamps that the arc must show.
    uncertainty : float
        Largest one-sigma uncertainty at either end of the detector, in FWHM of a line.
    resemblance : float
        Least correlation of the line pattern with that of the lamp for a certain identification.
        With this and `distinctness` a solution is accepted although single lines agree little
        better than by chance (few lines, or lines blended by a wide slit).
    distinctness : float
        Resemblance times its ratio (at most 2) to the largest at any other displacement.
    """

    minimum_lines: int = 5
    maximum_rms: float = 0.1
    brightest_identified: float = 0.6
    significance: float = 7.0
    contrast: float = 2.2
    published_seen: float = 0.6
    uncertainty: float = 0.6
    resemblance: float = 0.65
    distinctness: float = 0.9


@dataclass(frozen=True, slots=True)
class Check:
    """Results of the checks of a solution (see `Limits`); `objection` is None if it passed.

    `span` is the fraction of the arc's columns between the first and the last used line.
    """

    n_used: int
    rms: float
    brightest_identified: float
    significance: float
    contrast: float
    published_seen: float
    uncertainty: float
    resemblance: float
    distinctness: float
    span: float
    objection: Notice | None = None

    def is_certain(self, limits: Limits) -> bool:
        """Return whether the pattern of lines is certainly that of the lamp."""
        correlation = self.resemblance >= limits.resemblance
        return correlation and self.distinctness >= limits.distinctness


def displaced_scores(problem: Problem, model: Floats, expected: Floats) -> Floats:
    """Return the agreement of a displaced solution, as an estimate of chance agreement.

    Parameters
    ----------
    problem : Problem
    model : (n,) float
        Model pixels of the lines of the arc.
    expected : (m,) float
        Model pixels of the laboratory lines, ascending.

    Returns
    -------
    (n_displacements,) float
        Summed compressed heights of the clean lines near a laboratory line, at displacements in
        both directions from two line widths to sixty pixels more.
    """
    clean = problem.clean
    height = compress(problem.height)[clean]
    near = 2 * problem.fwhm
    offset = np.arange(near, near + 60, max(problem.fwhm / 3, 1.0))
    offset = np.concatenate([-offset, offset])
    position = model[clean] + offset[:, None]
    residual = np.abs(expected[nearest(expected, position)] - position)
    return np.asarray((residual < max(0.35 * problem.fwhm, 0.7)) @ height, dtype=float)


def _published_seen(problem: Problem, fit: Fit, lamp: str, without: frozenset[str]) -> float:
    """Return the fraction of the 12 brightest lines of published lamps that the arc shows.

    1 where no published lamp overlaps.
    """
    seen = []
    model = np.sort(fit.model(problem, problem.pixel))
    ends = fit.model(problem, np.array(problem.extent))
    for wavelength, height in published_patterns(problem, lamp, without):
        pixel = problem.model_pixel(wavelength)
        inside = (pixel > ends[0] + problem.fwhm) & (pixel < ends[1] - problem.fwhm)
        bright = pixel[inside][np.argsort(height[inside])[-12:]]
        if bright.size >= 4:
            distance = np.abs(model[nearest(model, bright)] - bright)
            # Positions at the faint ends of the published lamps are accurate to a pixel.
            seen.append(float(np.mean(distance < max(problem.fwhm, 2.0))))
    return max(seen, default=1.0)


def verify(
    problem: Problem, fit: Fit, lamp: str, limits: Limits, without: frozenset[str] = frozenset()
) -> Check:
    """Check a fit against the limits.

    Parameters
    ----------
    problem : Problem
    fit : Fit
    lamp : str
        Name of the lamp.
    limits : Limits
    without : frozenset of str
        Names of published lamps to leave out.

    Returns
    -------
    Check
        With an objection if the fit does not meet the limits.
    """
    _, expected, _ = measurable(problem)
    model = fit.model(problem, problem.pixel)
    brightest = np.zeros(model.size, dtype=bool)
    brightest[np.argsort(problem.height)[-N_BRIGHTEST:]] = True
    light = float(compress(problem.height)[brightest].sum())
    chance = displaced_scores(problem, model, expected)
    pixel = problem.pixel[fit.line]
    residual = problem.model_pixel(problem.laboratory[fit.laboratory]) - model[fit.line]
    correlation, contrast = resemblance(
        Pattern(model, compress(problem.height)),
        expected_patterns(problem, lamp, without),
        extent=problem.extent,
        fwhm=problem.fwhm,
    )
    check = Check(
        n_used=int(fit.used.sum()),
        rms=float(np.sqrt(np.mean(residual[fit.used] ** 2)) / problem.fwhm),
        brightest_identified=identified_height(problem, model, expected, brightest) / light,
        significance=float((fit.score - chance.mean()) / (chance.std() + 0.3)),
        contrast=float(fit.score / (chance.max() + 0.5)),
        published_seen=_published_seen(problem, fit, lamp, without),
        uncertainty=float(fit.uncertainty(problem, np.array(problem.extent)).max() / problem.fwhm),
        resemblance=correlation,
        distinctness=correlation * min(contrast, 2.0),
        span=float(np.ptp(pixel[fit.used]) / (problem.extent[1] - problem.extent[0])),
    )
    return replace(check, objection=_objection(check, limits, lamp))


def _objection(check: Check, limits: Limits, lamp: str) -> Notice | None:
    """Return a notice about the first limit that is not met, None if all are."""
    certain = check.is_certain(limits)
    # Hollow cathodes have so many lines that chance matches are common.
    factor = 1.7 if is_hollow_cathode(lamp) else 1.0
    minimum = round(factor * limits.minimum_lines)
    chance = check.significance < factor * limits.significance or check.contrast < limits.contrast
    tolerance = 0.1 if certain else 0.0
    objections = (
        (
            check.n_used < minimum,
            partial(notice, NoticeCode.TOO_FEW_LINES, found=check.n_used, needed=minimum),
        ),
        (
            check.brightest_identified < limits.brightest_identified - tolerance,
            partial(
                notice, NoticeCode.BRIGHT_LINES_UNEXPLAINED, fraction=check.brightest_identified
            ),
        ),
        (
            check.published_seen < limits.published_seen - tolerance,
            partial(notice, NoticeCode.PUBLISHED_LINES_ABSENT, fraction=check.published_seen),
        ),
        (chance and not certain, partial(notice, NoticeCode.AGREEMENT_BY_CHANCE)),
        (
            check.rms > limits.maximum_rms,
            partial(notice, NoticeCode.LINES_SCATTER, widths=check.rms),
        ),
        (
            check.uncertainty > limits.uncertainty,
            partial(notice, NoticeCode.LINES_COVER_TOO_LITTLE, fraction=check.span),
        ),
    )
    return next((objection(lamp=lamp) for failed, objection in objections if failed), None)
