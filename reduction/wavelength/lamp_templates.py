"""Line patterns expected of a lamp: laboratory lines, and lines of the published lamps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reduction.lines.lamps import Lamp, library
from reduction.wavelength.alignment import Pattern, compress
from reduction.wavelength.line_problem import Problem

Floats = NDArray[np.float64]

N_TEMPLATES = 3
"""Number of published lamps compared with an arc: those that cover most of its range."""


def overlapping(problem: Problem, lamp: str, without: frozenset[str]) -> list[Lamp]:
    """Return the published lamps that cover more than half of the arc's range, the best first."""
    first, last = problem.predicted(np.array(problem.extent))
    shared = []
    for candidate in library().lamps:
        excluded = candidate.lamp not in lamp.split("+") or candidate.name in without
        if excluded or candidate.seen_wavelength.size == 0:
            continue
        inside = min(last, candidate.range[1]) - max(first, candidate.range[0])
        part = float(inside / (last - first))
        if part > 0.5:
            # At equal coverage, the same lines are blended at the most similar dispersion.
            ratio = abs(float(np.log((candidate.range[1] - candidate.range[0]) / (last - first))))
            shared.append((part - 0.2 * ratio, candidate))
    shared.sort(key=lambda pair: -pair[0])
    return [candidate for _, candidate in shared[:N_TEMPLATES]]


def published_patterns(
    problem: Problem, lamp: str, without: frozenset[str] = frozenset()
) -> list[tuple[Floats, Floats]]:
    """Return the lines of the best published lamps.

    Parameters
    ----------
    problem : Problem
    lamp : str
        A key of `reduction.lines.lamps.LAMP_ELEMENTS`, or several joined by ``+``.
    without : frozenset of str
        Names of published lamps to leave out.

    Returns
    -------
    list of (wavelength, height)
        For each lamp air wavelengths, (n,) float64, Å, and heights in units of the noise.
    """
    lamps = overlapping(problem, lamp, without)
    return [(template.seen_wavelength, template.seen_height) for template in lamps]


def expected_patterns(
    problem: Problem, lamp: str, without: frozenset[str] = frozenset()
) -> list[Pattern]:
    """Return the patterns expected of the arc, each line at its model pixel.

    The first holds the laboratory lines of the lamp, the others those of the best published lamps.
    """
    pixel = problem.model_pixel(problem.laboratory)
    known = np.isfinite(pixel)
    patterns = [Pattern(pixel[known], problem.strength[known] ** 0.35)]
    for wavelength, height in published_patterns(problem, lamp, without):
        pixel = problem.model_pixel(wavelength)
        near = np.isfinite(pixel)
        patterns.append(Pattern(pixel[near], compress(height)[near]))
    return patterns
