"""The elements that the browser draws a sensitivity into (``assets/sensitivity/``)."""

from __future__ import annotations

from dash import html

from callbacks.core.dash_types import Component


def plot() -> Component:
    """Return the element of the figure."""
    return html.Div(id="sensitivity-plot", role="group", **{"aria-label": "Sensitivity"})


def tools() -> list[Component]:
    """Return the elements of what can be shown and hidden, of the legend, and of the months."""
    return [
        html.Div(id="sensitivity-tools", hidden=True),
        html.Div(
            id="sensitivity-history",
            hidden=True,
            role="group",
            **{"aria-label": "Zero point and throughput of the setup over the months"},
        ),
    ]
