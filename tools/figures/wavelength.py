"""Draw the figures of docs/reduction/wavelength.md from simulated arcs.

Run from the project's folder: ``.venv/bin/python -m tools.figures.wavelength``; see
``tools/figures/night.py`` for what it needs.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from reduction.wavelength.alignment import compress
from reduction.wavelength.arc_solution import SolveOptions, alignments, make_problem
from reduction.wavelength.lamp_templates import expected_patterns
from reduction.wavelength.line_problem import Setup
from tests.support.truth.arcs import Arc, arc
from tools.figures.night import save


def pattern(one: Arc) -> go.Figure:
    """Draw where the grating alone puts the lines of the arc, and where the alignment does."""
    optics = one.plan.optics
    setup = Setup(optics.grating, optics.cam_targ, optics.grt_targ)
    problem = make_problem(one.flux, one.column, setup, optics.lamp.lamp, saturated=one.saturated)
    start = alignments(problem, optics.lamp.lamp, SolveOptions())[0]
    moved = problem.centre + (problem.pixel - problem.centre) * (1 + start.stretch) - start.shift
    expected = expected_patterns(problem, optics.lamp.lamp)[0]
    figure = go.Figure()
    for name, x, height, colour in (
        ("lines of the arc, as the grating predicts", problem.pixel, problem.height, "#bbbbbb"),
        (
            f"moved by {-start.shift:.0f} px, stretched by {start.stretch:.3f}",
            moved,
            problem.height,
            "#1f5fa8",
        ),
    ):
        stick = np.full(3 * x.size, np.nan)
        place = np.repeat(x, 3)
        stick[0::3], stick[1::3] = 0, compress(height)
        figure.add_trace(go.Scatter(x=place, y=stick, name=name, line={"color": colour}))
    stick = np.full(3 * expected.pixel.size, np.nan)
    stick[0::3], stick[1::3] = 0, -compress(expected.height)
    figure.add_trace(
        go.Scatter(
            x=np.repeat(expected.pixel, 3),
            y=stick,
            name="laboratory lines",
            line={"color": "#b5432a"},
        )
    )
    figure.update_xaxes(title="column, unbinned", range=[1500, 2600])
    figure.update_yaxes(title="height, compressed")
    figure.update_layout(legend={"orientation": "h", "y": 1.12})
    return figure


def error(arcs: dict[str, Arc]) -> go.Figure:
    """Draw the residuals of the lines and the error of the whole scale, in pixels."""
    figure = make_subplots(1, len(arcs), subplot_titles=list(arcs), shared_yaxes=True)
    for number, one in enumerate(arcs.values(), 1):
        solution = one.solve()
        per_pixel = abs(float(np.median(np.diff(one.truth))))
        for used, colour, name in ((True, "#1f5fa8", "line"), (False, "#bbbbbb", "rejected")):
            chosen = solution.used == used
            figure.add_trace(
                go.Scatter(
                    x=solution.wavelength[chosen],
                    y=solution.residual[chosen] / per_pixel,
                    name=name,
                    mode="markers",
                    marker={"size": 5, "color": colour},
                    showlegend=number == 1,
                ),
                1,
                number,
            )
        figure.add_trace(
            go.Scatter(
                x=one.truth,
                y=(solution.function(one.column) - one.truth) / per_pixel,
                name="scale minus truth",
                line={"color": "#b5432a"},
                showlegend=number == 1,
            ),
            1,
            number,
        )
        figure.update_xaxes(title="wavelength, Å", row=1, col=number)
    figure.update_yaxes(range=[-0.5, 0.5])
    figure.update_yaxes(title="pixel (2x2)", row=1, col=1)
    return figure


def main() -> None:
    """Make every figure."""
    arcs = {
        "400_M2, HgArNe": arc(1, "400_M2", "HgArNe"),
        "1200_M1, Ar: no lines in the blue third": arc(3, "1200_M1", "Ar"),
    }
    save(
        {
            "wavelength-pattern": pattern(arc(4, "600_BLUE", "CuHeAr")),
            "wavelength-error": error(arcs),
        }
    )


if __name__ == "__main__":
    main()
