"""Where a spectrum is drawn on the Data page, and room for what can be done with it.

What is inside is the browser's (``assets/spectrum*.js``): nothing of it needs the server.
"""

from __future__ import annotations

from typing import Any

from dash import html


def plot() -> list[Any]:
    """Return the layers of a spectrum, from the back: canvas, axes, crosshair."""
    return [
        html.Canvas(id="spectrum-canvas"),
        html.Div(id="spectrum-plot", role="group", **{"aria-label": "Spectrum"}),
        html.Div(id="cross-x", className="cross", hidden=True),
        html.Div(id="cross-y", className="cross", hidden=True),
    ]


def tools() -> list[Any]:
    """Return the places of the controls and of the arc behind the wavelengths."""
    return [
        html.Div(id="spectrum-tools", hidden=True),
        html.Section(
            [html.Div(id="arc-plot"), html.Div(id="arc-facts", role="status")],
            id="arc-panel",
            hidden=True,
            **{"aria-label": "The arc behind the wavelengths"},
        ),
    ]
