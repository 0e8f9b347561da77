"""Judge a wavelength solution: better none than a wrong one.

The limits were set with the 80 published lamps: each with its own line list (all right ones
pass), with every other lamp's list, at wrong grating angles and with its lines put at random places
(none passes that is wrong by half a line width).
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
from reduction.wavelength.line_match import Fit, Problem, explained, measurable, nearest

Floats = NDArray[np.float64]

N_BRIGHTEST = 15


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of a solution.

    Parameters
    ----------
    minimum_lines : int
        Fewest laboratory lines used; 1.7 times as many for the hollow cathodes.
    maximum_rms : float
        Largest residual rms, in FWHM of a line.
    brightest_explained : float
        Smallest part of the light of the arc's 15 brightest lines that listed lines explain.
    significance : float
        Agreement over that of the same solution displaced, in standard deviations of the latter.
    contrast : float
        Agreement over the best of the displaced ones.
    published_seen : float
        Smallest part of the brightest lines of the published lamp that the arc must show.
    uncertainty : float
        Largest one-sigma uncertainty at either end of the detector, in FWHM of a line.
    resemblance : float
        Correlation of the whole line pattern with what the lamp shows from which on, if also
        `distinctness` is reached, the pattern is beyond doubt, although single lines agree little
        better than by chance (few lines, or a wide slit that blends them).
    distinctness : float
        Resemblance times its ratio (at most 2) to the largest at any other displacement.
    """

    minimum_lines: int = 5
    maximum_rms: float = 0.1
    brightest_explained: float = 0.6
    significance: float = 7.0
    contrast: float = 2.2
    published_seen: float = 0.6
    uncertainty: float = 0.6
    resemblance: float = 0.65
    distinctness: float = 0.9


@dataclass(frozen=True, slots=True)
class Check:
    """The numbers a solution was judged by (see `Limits`); `objection` is None when it passed."""

    n_used: int
    rms: float
    brightest_explained: float
    significance: float
    contrast: float
    published_seen: float
    uncertainty: float
    resemblance: float
    distinctness: float
    span: float
    objection: Notice | None = None

    def is_certain(self, limits: Limits) -> bool:
        """Tell whether the whole pattern of lines is unmistakably the lamp's."""
        alike = self.resemblance >= limits.resemblance
        return alike and self.distinctness >= limits.distinctness


def displaced_scores(problem: Problem, model: Floats, expected: Floats) -> Floats:
    """Agreement at displacements of two line widths to sixty pixels: what chance gives."""
    clean = problem.clean
    height = compress(problem.height)[clean]
    near = 2 * problem.fwhm
    offset = np.arange(near, near + 60, max(problem.fwhm / 3, 1.0))
    offset = np.concatenate([-offset, offset])
    position = model[clean] + offset[:, None]
    miss = np.abs(expected[nearest(expected, position)] - position)
    return np.asarray((miss < max(0.35 * problem.fwhm, 0.7)) @ height, dtype=float)


def _published_seen(problem: Problem, fit: Fit, lamp: str, without: frozenset[str]) -> float:
    """Part of the 12 brightest lines of published lamps of this kind that the arc shows.

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
            miss = np.abs(model[nearest(model, bright)] - bright)
            # the published lamps' faint ends are good to a pixel
            seen.append(float(np.mean(miss < max(problem.fwhm, 2.0))))
    return max(seen, default=1.0)


def verify(
    problem: Problem, fit: Fit, lamp: str, limits: Limits, without: frozenset[str] = frozenset()
) -> Check:
    """Measure how believable a fit is and, if it is not, say why."""
    _, expected, _ = measurable(problem)
    model = fit.model(problem, problem.pixel)
    brightest = np.zeros(model.size, dtype=bool)
    brightest[np.argsort(problem.height)[-N_BRIGHTEST:]] = True
    light = float(compress(problem.height)[brightest].sum())
    chance = displaced_scores(problem, model, expected)
    pixel = problem.pixel[fit.line]
    miss = problem.model_pixel(problem.laboratory[fit.laboratory]) - model[fit.line]
    alike, contrast = resemblance(
        Pattern(model, compress(problem.height)),
        expected_patterns(problem, lamp, without),
        extent=problem.extent,
        fwhm=problem.fwhm,
    )
    check = Check(
        n_used=int(fit.used.sum()),
        rms=float(np.sqrt(np.mean(miss[fit.used] ** 2)) / problem.fwhm),
        brightest_explained=explained(problem, model, expected, brightest) / light,
        significance=float((fit.score - chance.mean()) / (chance.std() + 0.3)),
        contrast=float(fit.score / (chance.max() + 0.5)),
        published_seen=_published_seen(problem, fit, lamp, without),
        uncertainty=float(fit.uncertainty(problem, np.array(problem.extent)).max() / problem.fwhm),
        resemblance=alike,
        distinctness=alike * min(contrast, 2.0),
        span=float(np.ptp(pixel[fit.used]) / (problem.extent[1] - problem.extent[0])),
    )
    return replace(check, objection=_objection(check, limits, lamp))


def _objection(check: Check, limits: Limits, lamp: str) -> Notice | None:
    """Return the first thing that is not as it should be."""
    certain = check.is_certain(limits)
    # hollow cathodes have so many lines that chance matches are common
    strict = 1.7 if is_hollow_cathode(lamp) else 1.0
    minimum = round(strict * limits.minimum_lines)
    chance = check.significance < strict * limits.significance or check.contrast < limits.contrast
    leniency = 0.1 if certain else 0.0
    objections = (
        (
            check.n_used < minimum,
            partial(notice, NoticeCode.TOO_FEW_LINES, found=check.n_used, needed=minimum),
        ),
        (
            check.brightest_explained < limits.brightest_explained - leniency,
            partial(
                notice, NoticeCode.BRIGHT_LINES_UNEXPLAINED, fraction=check.brightest_explained
            ),
        ),
        (
            check.published_seen < limits.published_seen - leniency,
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
    return next((made(lamp=lamp) for failed, made in objections if failed), None)
