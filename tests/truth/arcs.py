"""Simulated arcs, the scales found in them, and how far those are from the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reduction.lamps import library
from reduction.linematch import Setup
from reduction.simulation.exposures import Frame, expose
from reduction.simulation.plan import NightPlan
from reduction.wavelength import Solution, SolveOptions, solve

Array = np.ndarray[Any, Any]

MODES = (
    (1, "400_M2", "HgArNe", (2, 2), "Red"),
    (2, "400_M2", "Ne", (2, 2), "Blue"),
    (3, "400_M1", "HgArNe", (2, 2), "Red"),
    (4, "600_BLUE", "CuHeAr", (2, 2), "Blue"),
    (5, "600_MID", "HgArNe", (2, 2), "Red"),
    (6, "600_RED", "HgAr", (1, 1), "Red"),
    (7, "930_M2", "FeHeAr", (1, 2), "Blue"),
    (8, "930_M4", "Ne", (2, 2), "Red"),
    (9, "930_M6", "Ar", (3, 3), "Red"),
    (10, "1200_M2", "CuHeAr", (2, 2), "Blue"),
    (11, "1200_M5", "HgArNe", (1, 1), "Blue"),
    (12, "1200_M7", "Ne", (3, 3), "Red"),
    (13, "2100_650", "HgArNe", (2, 2), "Red"),
)
"""Seed, setup, lamp, binning and camera: all gratings, lamps, binnings and both cameras."""

LAMPS = sorted({(lamp.wavmode, lamp.lamp) for lamp in library().lamps})
"""Setup and lamp of everything in the library."""

BINNINGS = ((2, 2), (1, 1), (1, 2), (3, 3))


@dataclass(frozen=True)
class Arc:
    """An arc summed over the middle of the slit, and the truth about it."""

    flux: Array
    column: Array
    saturated: Array
    truth: Array
    plan: NightPlan

    def solve(self) -> Solution:
        """Solve it without the published lamp whose line intensities the simulation has."""
        optics = self.plan.optics
        return solve(
            self.flux,
            self.column,
            Setup(optics.grating, optics.cam_targ, optics.grt_targ),
            optics.lamp.lamp,
            saturated=self.saturated,
            options=SolveOptions(without=frozenset({optics.lamp.name})),
        )


@dataclass(frozen=True)
class ScaleAccuracy:
    """A scale against the truth in laboratory wavelengths.

    Parameters
    ----------
    median, worst : float
        Distance over all columns, pixels.
    worst_between_lines : float
        Largest distance between the first and the last line used, pixels.
    reported_over_true : float
        Scatter of the lines about the scale, as reported, over that about the true scale.
    """

    median: float
    worst: float
    worst_between_lines: float
    reported_over_true: float


def exposed(plan: NightPlan, kind: str) -> Frame:
    """Expose the first frame of a kind of a plan."""
    chosen = next(one for one in plan.exposures if one.facts.kind == kind)
    return expose(chosen, plan.optics, plan.detector(kind))


def arc(seed: int, setup: str, lamp: str, binning: tuple[int, int] = (2, 2), **choices: Any) -> Arc:
    """Expose an arc and sum ten rows of it."""
    plan = NightPlan(seed, setup, binning, n_bias=0, n_flat=0, n_science=1, lamp=lamp, rows=60,
                     **choices)  # fmt: skip
    frame = exposed(plan, "arc")
    b, middle = binning[0], frame.data.shape[0] // 2
    rows, columns = slice(middle - 5, middle + 5), slice(51 // b + 1, 4110 // b)
    column = (b * np.arange(frame.data.shape[1]) + (b - 1) / 2)[columns]
    moved = frame.truth.flexure + float(np.mean(frame.truth.row_shift[rows]))
    return Arc(
        (frame.data[rows, columns].astype(float) - frame.truth.bias_level).sum(axis=0),
        column,
        (frame.data[rows, columns] >= 65535).any(axis=0),
        plan.optics.wavelength(column - moved),
        plan,
    )


def lamp_arc(number: int) -> Arc:
    """Expose the lamp of that number in `LAMPS`, the binnings and cameras in turn."""
    camera = ("Red", "Blue")[number % 2]
    return arc(100 + number, *LAMPS[number], BINNINGS[number % 4], camera=camera)


def accuracy(one: Arc, solution: Solution) -> ScaleAccuracy:
    """Compare a solution with the truth of its arc."""
    miss = np.abs(solution.function(one.column) - one.truth) / np.gradient(one.truth)
    used = solution.used
    first, last = solution.pixel[used].min(), solution.pixel[used].max()
    within = (one.column >= first) & (one.column <= last)
    about_truth = np.interp(solution.pixel, one.column, one.truth) - solution.wavelength
    return ScaleAccuracy(
        float(np.median(miss)),
        float(miss.max()),
        float(miss[within].max()),
        float(solution.rms / np.sqrt(np.mean(about_truth[used] ** 2))),
    )
