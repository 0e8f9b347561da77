"""Advanced Visualization of an image: limits, cuts, and the windows of its spectra.

The browser draws the contents of the panels (``assets/advanced/``) and keeps
its state in the address.
"""

from __future__ import annotations

from dash import dcc, html

from callbacks.core.dash_types import Component
from callbacks.core.guard import person
from callbacks.core.router import Page
from callbacks.data.address import advanced_file
from services.accounts import visual_options
from services.files.visualization import display

_GRAPH = {
    "displaylogo": False,
    "scrollZoom": True,
    "doubleClick": False,  # the viewer zooms out to the whole image itself
    "showTips": False,
    "modeBarButtons": [["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]],
}


def layout(_pathname: str, _search: str) -> Component:
    """Return the fixed parts of the page; the browser fills them."""
    visual = visual_options.of(person())
    return html.Div(
        [
            dcc.Store(id="advanced-image"),
            html.Div(id="advanced-head"),
            html.Main(
                [
                    html.Div([_stage(), _strip("row-cut", "Row cut")], className="advanced-image"),
                    html.Div(
                        [html.Div(id="advanced-controls"), _strip("column-cut", "Column cut")],
                        className="advanced-side",
                    ),
                    html.Section(
                        id="advanced-windows", hidden=True, **{"aria-label": "Manual extraction"}
                    ),
                ],
                id="advanced",
                className="advanced-body",
                **{
                    "data-colormap": visual.colormap,
                    "data-saturated": str(visual.show_saturated).lower(),
                },
            ),
        ],
        className="advanced-page",
    )


def _stage() -> Component:
    return html.Div(
        [
            html.Div(
                [
                    html.Canvas(id="canvas"),
                    html.Canvas(id="overlay"),
                    dcc.Graph(
                        id="advanced-graph",
                        className="stage-graph",
                        figure=display.EMPTY,
                        responsive=True,
                        config=_GRAPH,
                    ),
                    html.Div(id="stage-title"),
                    html.Div(id="stage-note", role="status"),
                ],
                id="stage",
                **{"data-kind": ""},
            ),
            html.Output(id="readout", **{"aria-label": "Value under the cursor"}),
        ]
    )


def _strip(name: str, label: str) -> Component:
    return html.Div(
        [
            html.Div(label, id=f"{name}-said", className="strip-said"),
            html.Canvas(id=name, role="img", className="strip", **{"aria-label": label}),
        ],
        className="strip-box",
    )


PAGE = Page(
    "advanced",
    "Advanced Visualization · GSP Live",
    lambda path: advanced_file(path) is not None,
    layout,
    keeps=True,
)
