"""The published lamps, each solved by a library that does not hold it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reduction.errors import NoWavelengthSolution
from reduction.lines.lamps import Lamp, library
from reduction.wavelength.arc_solution import Solution, SolveOptions, solve
from reduction.wavelength.line_problem import Setup

Array = np.ndarray[Any, Any]


@dataclass
class LeftOut:
    """What became of the published lamps: how many, which were refused, and which are wrong.

    `largest_rms` is the largest scatter of a solution's lines, in FWHM of a line.
    """

    n: int = 0
    refused: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    largest_rms: float = 0.0


def columns(lamp: Lamp) -> Array:
    """Return the unbinned raw columns of a published lamp."""
    return lamp.first_column + np.arange(lamp.flux.size)


def setup(lamp: Lamp) -> Setup:
    """Return the setup that a published lamp was taken with."""
    return Setup(lamp.grating, lamp.cam_targ, lamp.grt_targ)


def solve_alone(lamp: Lamp, claimed: str = "", **changes: Any) -> Solution:
    """Solve a published lamp with a library that does not hold it."""
    options = SolveOptions(without=frozenset({lamp.name}))
    arguments = {"flux": lamp.flux, "column": columns(lamp), "setup": setup(lamp)} | changes
    return solve(lamp=claimed or lamp.lamp, options=options, **arguments)


def left_out_one_by_one() -> LeftOut:
    """Solve every published lamp without itself; compare with its published line list."""
    seen = LeftOut()
    for lamp in library().lamps:
        seen.n += 1
        try:
            solution = solve_alone(lamp)
        except NoWavelengthSolution:
            seen.refused.append(lamp.name)
            continue
        # these three gratings' lamps count pixels from 1
        from_one = lamp.grating in {"2100_SYZY", "1200_CANIR"}
        miss = solution.function(lamp.pixel + columns(lamp)[0] - from_one) - lamp.wavelength
        # a few published identifications are wrong: Hg 4077.83 taken for Ar 4072.01, ...
        if np.mean(np.abs(miss) < 0.5 * solution.fwhm) < 0.75:
            seen.wrong.append(lamp.name)
        seen.largest_rms = max(seen.largest_rms, solution.rms / solution.fwhm)
    return seen
