"""Small plots side by side: quantities measured through a night or through months, with limits."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from figures.layout import plain

MOST_LIMITS = 4
"""Most pairs of limits drawn in a panel; with more setups a panel shows points only."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot: points (x, y), which of them are outside their limits, and the limits.

    `frames` are the file ids sent to the browser when a point is clicked; `names` are shown under
    the cursor.
    """

    label: str
    unit: str
    x: Sequence[float | dt.datetime]
    y: Sequence[float]
    outside: Sequence[bool]
    limits: Sequence[tuple[float | None, float | None]]
    frames: Sequence[int]
    names: Sequence[str]


def trends(panels: Sequence[Panel], columns: int, revision: str) -> go.Figure:
    """Return the panels in a grid; trace 2n holds the points within limits, 2n + 1 those outside.

    Parameters
    ----------
    panels : sequence of Panel
        A panel without points shows a message.
    columns : int
        Panels in a row.
    revision : str
        The browser keeps its zoom as long as this is the same.

    Returns
    -------
    go.Figure
    """
    rows = math.ceil(len(panels) / columns)
    figure = make_subplots(
        rows=rows, cols=columns, horizontal_spacing=0.24 / columns, vertical_spacing=0.34 / rows
    )
    for number, panel in enumerate(panels):
        row, column = number // columns + 1, number % columns + 1
        for outside in (False, True):
            figure.add_trace(_points(panel, outside=outside), row=row, col=column)
        for level in sorted({side for pair in panel.limits for side in pair if side is not None}):
            if len(set(panel.limits)) <= MOST_LIMITS:
                figure.add_hline(level, line_width=1, line_dash="dot", row=row, col=column)
        title = f"{plain(panel.label)} <span style='font-size:10px'>{plain(panel.unit)}</span>"
        _annotate(figure, number, title, y=1.0, anchor="bottom")
        times = [x for x in panel.x if isinstance(x, dt.datetime)]
        if times:
            figure.update_xaxes(type="date", tickformat=_clock(times), row=row, col=column)
        if not panel.y:
            _annotate(figure, number, "nothing measured yet", y=0.5, anchor="middle")
            # Without points Plotly finds no range and logs a warning in the browser.
            bare = {"range": [0, 1], "type": "linear", "showticklabels": False}
            figure.update_xaxes(bare, row=row, col=column)
            figure.update_yaxes(bare, row=row, col=column)
    figure.update_xaxes(
        ticks="outside",
        ticklen=3,
        showline=True,
        mirror=True,
        zeroline=False,
        nticks=4 if columns < 8 else 3,
    )
    figure.update_yaxes(
        ticks="outside", ticklen=3, showline=True, mirror=True, zeroline=False, nticks=5
    )
    figure.update_xaxes(tickangle=0)
    figure.update_layout(
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        font={"family": "inherit", "size": 11},
        margin={"l": 46, "r": 8, "t": 22, "b": 22},
        autosize=True,
        uirevision=revision,
        hovermode="closest",
        dragmode="zoom",
    )
    return figure


def _clock(times: Sequence[dt.datetime]) -> str:
    """Return how times are written on an axis: hours, days, or months of years."""
    span = max(times) - min(times)
    if span < dt.timedelta(days=2):
        return "%H:%M"
    return "%b %d" if span < dt.timedelta(days=300) else "%Y-%m"


def _points(panel: Panel, *, outside: bool) -> go.Scatter:
    chosen = [i for i, is_outside in enumerate(panel.outside) if bool(is_outside) is outside]
    return go.Scatter(
        x=[panel.x[i] for i in chosen],
        y=[panel.y[i] for i in chosen],
        customdata=[panel.frames[i] for i in chosen],
        text=[plain(panel.names[i]) for i in chosen],
        mode="markers",
        marker={"size": 6 if outside else 5},
        hovertemplate="%{text}<br>%{y:.4g} " + plain(panel.unit) + "<extra></extra>",
    )


def _annotate(figure: go.Figure, number: int, text: str, *, y: float, anchor: str) -> None:
    suffix = "" if number == 0 else str(number + 1)
    figure.add_annotation(
        text=text,
        xref=f"x{suffix} domain",
        yref=f"y{suffix} domain",
        x=0 if y == 1.0 else 0.5,
        y=y,
        xanchor="left" if y == 1.0 else "center",
        yanchor=anchor,
        showarrow=False,
        font={"size": 11.5},
    )
