"""The viewer of the Data page, and the drawer with its options."""

from __future__ import annotations

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import dcc, html

from callbacks.core.dash_types import Component
from pages.core.labels import hidden_label
from pages.data import sensitivity, spectrum
from services.accounts.visual_options import COLORMAPS, VisualOptions
from services.files.visualization import display

STRETCHES = (("linear", "Linear"), ("log", "Log"), ("sqrt", "Square root"), ("asinh", "Asinh"))
LIMITS = (
    ("zscale", "Zscale"),
    ("percentile", "0.5 to 99.5 %"),
    ("minmax", "Min to max"),
    ("typed", "As typed"),
)


def viewer(visual: VisualOptions) -> Component:
    """Return the viewer: image and spectrum, the value under the cursor, and the options."""
    graph = dcc.Graph(
        id="graph",
        className="stage-graph",
        figure=display.EMPTY,
        responsive=True,
        config={
            "displaylogo": False,
            "scrollZoom": True,
            "doubleClick": False,  # the viewer zooms out to the whole image itself
            "showTips": False,
            # No camera: it would take the axes without the canvas behind them.
            "modeBarButtons": [["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]],
        },
    )
    return html.Section(
        [
            html.Div(
                [
                    html.Canvas(id="canvas"),
                    html.Canvas(id="overlay"),
                    graph,
                    *spectrum.plot(),
                    sensitivity.plot(),
                    html.Div(id="stage-title"),
                    html.Div(id="stage-note", role="status"),
                ],
                id="stage",
                **{"data-kind": ""},
            ),
            html.Output(id="readout", **{"aria-label": "Value under the cursor"}),
            *spectrum.tools(),
            *sensitivity.tools(),
            _options(visual),
        ],
        className="picture",
        **{"aria-label": "Visualization"},
    )


def _options(visual: VisualOptions) -> Component:
    def choice(name: str, label: str, choices: Sequence[tuple[str, str]], value: str) -> Component:
        options = [{"value": key, "label": text} for key, text in choices]
        return html.Label([label, _select(name, options, value)])

    return html.Div(
        [
            choice("colormap", "Colour map", [(n, n) for n in COLORMAPS], visual.colormap),
            choice("stretch", "Stretch", STRETCHES, "linear"),
            choice("limits", "Limits", LIMITS, "zscale"),
            html.Div(
                [
                    _limit("limit-low", "Lower limit"),
                    html.Span("to", **{"aria-hidden": "true"}),
                    _limit("limit-high", "Upper limit"),
                ],
                className="pair",
            ),
            _switch("show-saturated", "Show saturated pixels", visual.show_saturated),
            _switch("show-title", "Show title", visual.show_title),
            _kept(_switch("show-cosmic", "Show cosmic rays", value=False)),
            _kept(_switch("show-apertures", "Show trace and windows", value=True)),
            _kept(_switch("show-wavelengths", "Show wavelength axis", value=True)),
        ],
        id="options",
        hidden=True,
    )


def _select(name: str, options: list[dict[str, str]], value: str) -> Component:
    # The account keeps the colour map, the browser the others.
    persistence = {"persistence": name, "persistence_type": "local"} if name != "colormap" else {}
    return dbc.Select(id=name, options=options, value=value, size="sm", **persistence)


def _limit(name: str, label: str) -> Component:
    return hidden_label(
        label, dcc.Input(id=name, type="number", debounce=0.4, step="any", autoComplete="off")
    )


def _switch(name: str, label: str, value: bool) -> Component:
    return dbc.Checklist(
        id=name, options=[{"label": label, "value": "on"}], value=["on"] if value else []
    )


def _kept(switch: Component) -> Component:
    """Let the browser keep a switch that the account does not keep."""
    switch.persistence, switch.persistence_type = switch.id, "local"
    return switch
