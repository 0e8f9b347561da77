"""Tonight: the frames of a night with the state of their pipelines, live, and its trends."""

from __future__ import annotations

from dash import dcc, html

from callbacks.core.router import Page
from callbacks.night.address import parse

COLUMNS = (
    ("time", "UTC"),
    ("file", "File"),
    ("object", "Object"),
    ("setup", "Set-up"),
    ("exptime", "Exp. (s)"),
    ("stages", "Pipeline"),
    ("seeing", "Seeing (″)"),
    ("snr", "S/N"),
    ("took", "Took"),
    ("message", "Notes"),
)


def layout(_pathname: str, _search: str) -> html.Main:
    """Return the page's fixed parts; `callbacks.night.page` and ``night.js`` fill them."""
    head = html.Tr([html.Th(label, className=name, scope="col") for name, label in COLUMNS])
    return html.Main(
        [
            dcc.Store(id="night-data"),
            dcc.Store(id="night-columns"),
            html.Div(id="night-head"),
            html.Div(id="night-work", role="status", **{"aria-label": "Queue and workers"}),
            html.Details(
                [
                    html.Summary("Trends"),
                    html.Div(_graph("night-trends"), id="night-plots"),
                    # Callbacks replace the contents only, so that it stays open.
                    html.Div(
                        [
                            html.Nav(
                                id="night-axes",
                                className="axes",
                                **{"aria-label": "Trends against"},
                            ),
                            html.Details(
                                [
                                    html.Summary(id="night-limits-said"),
                                    html.Div(id="night-limits", className="scroll-x"),
                                ]
                            ),
                        ],
                        className="night-foot",
                    ),
                ],
                id="night-fold",
                open=True,
            ),
            html.Details(
                [
                    html.Summary("Standard stars over months"),
                    html.Div(_graph("night-months-graph"), id="night-months-plots"),
                ],
                id="night-months",
                hidden=True,
            ),
            html.Nav(id="night-kinds", **{"aria-label": "Kind of frames"}),
            html.Div(
                html.Table(
                    [html.Thead(head), html.Tbody(id="night-rows")],
                    className="table-quiet",
                    id="night-table",
                ),
                className="scroll-x",
            ),
            html.P(id="night-empty", className="empty", hidden=True),
            html.Nav(id="night-pager", className="pager", **{"aria-label": "Pages of the night"}),
        ],
        className="night",
    )


def _graph(name: str) -> dcc.Graph:
    return dcc.Graph(
        id=name,
        figure={"data": [], "layout": {}},
        responsive=True,
        config={"displayModeBar": False, "doubleClick": "reset", "showTips": False},
    )


PAGE = Page(
    "night", "Tonight · GSP Live", lambda path: parse(path, "") is not None, layout, keeps=True
)
