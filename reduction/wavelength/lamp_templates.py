"""What the published lamps show: positions and heights of the lines seen in each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reduction.lines.lamps import Lamp, library
from reduction.wavelength.alignment import Pattern, compress
from reduction.wavelength.line_match import Problem

Floats = NDArray[np.float64]

N_TEMPLATES = 3
"""Published lamps compared with an arc: those that cover most of its range."""


def overlapping(problem: Problem, lamp: str, without: frozenset[str]) -> list[Lamp]:
    """Return published lamps of this kind that share half of the arc's range, the best first."""
    first, last = problem.predicted(np.array(problem.extent))
    shared = []
    for candidate in library().lamps:
        excluded = candidate.lamp not in lamp.split("+") or candidate.name in without
        if excluded or candidate.seen_wavelength.size == 0:
            continue
        inside = min(last, candidate.range[1]) - max(first, candidate.range[0])
        part = float(inside / (last - first))
        if part > 0.5:
            # of equal cover, the dispersion nearest to the arc's blends the same lines
            ratio = abs(float(np.log((candidate.range[1] - candidate.range[0]) / (last - first))))
            shared.append((part - 0.2 * ratio, candidate))
    shared.sort(key=lambda pair: -pair[0])
    return [candidate for _, candidate in shared[:N_TEMPLATES]]


def published_patterns(
    problem: Problem, lamp: str, without: frozenset[str] = frozenset()
) -> list[tuple[Floats, Floats]]:
    """Return wavelengths (air Å) and heights of the lines seen in the best published lamps."""
    lamps = overlapping(problem, lamp, without)
    return [(template.seen_wavelength, template.seen_height) for template in lamps]


def expected_patterns(
    problem: Problem, lamp: str, without: frozenset[str] = frozenset()
) -> list[Pattern]:
    """Return what the arc may look like, each line at the pixel that the grating puts it on.

    The first is the lamp's laboratory lines, the others are the best published lamps.
    """
    there = problem.model_pixel(problem.laboratory)
    known = np.isfinite(there)
    patterns = [Pattern(there[known], problem.strength[known] ** 0.35)]
    for wavelength, height in published_patterns(problem, lamp, without):
        there = problem.model_pixel(wavelength)
        near = np.isfinite(there)
        patterns.append(Pattern(there[near], compress(height)[near]))
    return patterns
