"""Simulated arcs, the scales found in them, and how far those are from the truth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from reduction.lines.lamps import library
from reduction.simulation.arcs import arc_lines
from reduction.simulation.exposures import Frame, expose
from reduction.simulation.modes import find_setup
from reduction.simulation.plan import NightPlan
from reduction.wavelength.arc_solution import Solution, SolveOptions, solve
from reduction.wavelength.grating import predicted_wavelength
from reduction.wavelength.line_problem import Setup

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

FEW_LINES = 16
"""With fewer lines in its range a lamp is not asked for at custom angles."""

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
    plan = NightPlan(
        seed, setup, binning, n_bias=0, n_flat=0, n_science=1, lamp=lamp, rows=60, **choices
    )
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


@dataclass(frozen=True)
class CustomArc:
    """An arc at angles between those of two modes of a grating, and the truth about it.

    Its lines are those that the published lamps of the two modes show.
    """

    flux: Array
    column: Array
    truth: Array
    setup: Setup
    lamp: str

    def solve(self) -> Solution:
        """Solve it with whatever the library has of the neighbours."""
        return solve(self.flux, self.column, self.setup, self.lamp)


def custom_arcs() -> list[CustomArc]:
    """Draw arcs at three places between any two neighbouring modes."""
    drawn = [
        _custom_arc(*modes, share, seed)
        for modes in _neighbours()
        for seed, share in enumerate((0.25, 0.5, 0.75))
    ]
    return [one for one in drawn if one is not None]


def _neighbours() -> list[tuple[str, str, str]]:
    """Return lamp and the names of two modes of one grating that follow each other in angle."""
    modes: dict[tuple[str, str], set[tuple[float, float, str]]] = {}
    for setup, lamp in LAMPS:
        optics = find_setup(setup, lamp)
        angles = (optics.cam_targ, optics.grt_targ, setup)
        modes.setdefault((optics.grating, lamp), set()).add(angles)
    return [
        (lamp, one[2], other[2])
        for (_, lamp), found in sorted(modes.items())
        for one, other in pairwise(sorted(found))
    ]


def _custom_arc(lamp: str, first: str, second: str, share: float, seed: int) -> CustomArc | None:
    """Draw an arc `share` of the way between two modes; None where they show too few lines.

    The grating is off its angle by some ten pixels, and its scale off by some per mille.
    """
    rng = np.random.default_rng(seed)
    ends = [find_setup(name, lamp) for name in (first, second)]
    angles = [(optics.cam_targ, optics.grt_targ) for optics in ends]
    camera, grating = ((1 - share) * a + share * b for a, b in zip(*angles, strict=True))
    setup = Setup(ends[0].grating, camera, grating)
    column = np.arange(52.0, 4110.0, 2.0)
    moved = column * (1 + rng.normal(0, 1e-3)) + rng.normal(0, 25)
    truth = predicted_wavelength(moved, setup.grating, camera, grating)
    seen: dict[float, list[float]] = {}
    for lines in map(arc_lines, ends):
        inside = (lines.wavelength > truth[0]) & (lines.wavelength < truth[-1])
        strengths = lines.flux / lines.flux.max()
        for place, strength in zip(lines.wavelength[inside], strengths[inside], strict=True):
            seen.setdefault(round(float(place), 2), []).append(float(strength))
    if len(seen) < FEW_LINES:
        return None
    centres = np.interp(list(seen), truth, column)
    profiles = np.exp(-0.5 * ((column - centres[:, None]) / 2.6) ** 2)
    strength = np.array([np.mean(values) for values in seen.values()])
    flux = 400 + 60_000 * (strength / strength.max()) @ profiles
    return CustomArc(rng.normal(flux, np.sqrt(flux)), column, truth, setup, lamp)


def accuracy(one: Arc | CustomArc, solution: Solution) -> ScaleAccuracy:
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
