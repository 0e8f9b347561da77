"""The elements that the browser draws a spectrum and its controls into (``assets/spectrum/``)."""

from __future__ import annotations

from dash import html

from callbacks.core.dash_types import Component


def plot() -> list[Component]:
    """Return the layers of a spectrum, from the back: canvas, axes, crosshair."""
    return [
        html.Canvas(id="spectrum-canvas"),
        html.Div(id="spectrum-plot", role="group", **{"aria-label": "Spectrum"}),
        html.Div(id="cross-x", className="cross", hidden=True),
        html.Div(id="cross-y", className="cross", hidden=True),
    ]


def tools() -> list[Component]:
    """Return the elements of the controls, and of the arc of the wavelength solution."""
    return [
        html.Div(id="spectrum-tools", hidden=True),
        html.Section(
            [html.Div(id="arc-plot"), html.Div(id="arc-facts", role="status")],
            id="arc-panel",
            hidden=True,
            **{"aria-label": "Arc of the wavelength calibration"},
        ),
    ]
