"""The arc of a wavelength solution: its spectrum and the residuals of its lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from figures.layout import axis, layout

Numbers = NDArray[np.float64]


def arc(
    wavelength: Numbers,
    arcs: Numbers,
    *,
    line: Numbers,
    residual: Numbers,
    used: NDArray[np.bool_],
    species: Sequence[str],
    rms: float,
) -> go.Figure:
    """Return the arc above the residuals of its lines, on one wavelength axis.

    Parameters
    ----------
    wavelength : (n,) float
        Air Å.
    arcs : (k, n) float
        Counts of the arcs on that axis; NaN where there are none.
    line, residual : (m,) float
        Laboratory wavelength of each line, and the model's minus the laboratory wavelength, Å.
    used : (m,) bool
        False for the lines that the fit rejected.
    species : sequence of str
        Emitter of each line.
    rms : float
        Scatter of the used lines, Å; drawn on both sides of zero.

    Returns
    -------
    go.Figure
        Traces: used lines, rejected lines (with the emitter as text), then one per arc.
    """
    text = np.array(species, dtype=object)
    figure = go.Figure()
    for name, chosen, symbol in (("used", used, "circle"), ("rejected", ~used, "x-thin-open")):
        figure.add_scatter(
            x=line[chosen],
            y=residual[chosen],
            text=text[chosen],
            name=name,
            mode="markers",
            marker={"size": 6, "symbol": symbol},
            hovertemplate=f"%{{text}} %{{x:.3f}} Å<br>%{{y:+.3f}} Å, {name}<extra></extra>",
        )
    for number, counts in enumerate(arcs, start=1):
        figure.add_scatter(
            x=wavelength,
            y=counts,
            yaxis="y2",
            mode="lines",
            line={"width": 1},
            name=f"arc {number}",
            hoverinfo="skip",
        )
    reach = float(np.max(np.abs(residual), initial=3 * rms)) * 1.15 or 1.0
    split = 0.36 if len(arcs) else 1.0
    figure.update_layout(
        layout(
            None,
            xaxis=axis(
                "Wavelength in air (Å)", range=[float(wavelength[0]), float(wavelength[-1])]
            ),
            yaxis=axis("Model − laboratory (Å)", domain=[0, split], range=[-reach, reach]),
            hovermode="closest",
        )
    )
    if len(arcs):
        top = float(np.nanmax(arcs)) if np.isfinite(arcs).any() else 1.0
        figure.update_layout(
            yaxis2=axis("Arc (counts)", domain=[split + 0.04, 1], range=[-0.03 * top, 1.3 * top])
        )
    for height, dash in ((0.0, "solid"), (rms, "dot"), (-rms, "dot")):
        figure.add_hline(y=height, line={"width": 1, "dash": dash}, yref="y")
    return figure
