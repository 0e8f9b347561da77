"""Data: the file index, and the file on show."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from callbacks.address import parse
from callbacks.guard import person
from callbacks.router import Page

COLORMAPS = ("Gray", "Gray inverted", "Viridis", "Cividis", "Inferno", "Magma", "Plasma")
STRETCHES = (("linear", "Linear"), ("log", "Log"), ("sqrt", "Square root"), ("asinh", "Asinh"))
LIMITS = (
    ("zscale", "Zscale"),
    ("percentile", "0.5 to 99.5 %"),
    ("minmax", "Min to max"),
    ("typed", "As typed"),
)


def layout(pathname: str, search: str) -> html.Div:
    """Return the page's fixed parts; `callbacks` fill them from the address."""
    address = parse(pathname, search)
    visual = person().visual or {}
    return html.Div(
        [
            dcc.Store(id="shown"),
            dcc.Store(id="image"),
            dcc.Store(id="header-open", data=False),
            _index(address.name if address else ""),
            html.Main(
                [
                    html.Div(id="view-head"),
                    html.Div(
                        [
                            _header(),
                            _stage(visual),
                            html.Div(id="view-notes"),
                            html.Div(id="view-runs"),
                            html.Div(id="view-actions"),
                            _comments(),
                        ],
                        className="view-body",
                    ),
                ],
                id="view",
                className="bare",
            ),
        ],
        className="data-page",
    )


def _index(name: str) -> html.Aside:
    return html.Aside(
        [
            html.Button("Files", type="button", id="index-toggle", **{"data-command": "index"}),
            html.Div(
                [
                    html.Nav(id="index-heads", **{"aria-label": "Kind of files"}),
                    dcc.Input(
                        id="index-name",
                        type="search",
                        value=name,
                        debounce=0.3,
                        placeholder="Find by name",
                        maxLength=200,
                        autoComplete="off",
                        **{"aria-label": "Find a file by name"},
                    ),
                    html.Ol(id="file-list", **{"aria-label": "Files, the newest first"}),
                    html.Nav(id="pager", **{"aria-label": "Pages of the list"}),
                    html.Div(
                        [
                            html.Label("Page", htmlFor="index-page"),
                            dcc.Input(
                                id="index-page", type="number", min=1, step=1, autoComplete="off"
                            ),
                            html.Button("GO", id="index-go", type="button"),
                        ],
                        className="go-to",
                    ),
                ],
                className="index-body",
            ),
        ],
        id="index",
        **{"aria-label": "File index"},
    )


def _header() -> html.Section:
    return html.Section(
        [
            html.Button(
                "Header",
                id="header-toggle",
                type="button",
                className="fold",
                title="Header cards of the file (h)",
                **{
                    "data-command": "toggle",
                    "data-target": "header-body",
                    "data-store": "header-open",
                    "aria-expanded": "false",
                    "aria-controls": "header-body",
                },
            ),
            html.Div(
                [
                    dcc.Input(
                        id="header-search",
                        type="search",
                        placeholder="Search keyword, value, comment",
                        autoComplete="off",
                        **{"aria-label": "Search the header"},
                    ),
                    html.Div(id="header-table"),
                ],
                id="header-body",
                hidden=True,
            ),
        ],
        className="header",
    )


def _stage(visual: dict[str, Any]) -> html.Section:
    graph = dcc.Graph(
        id="graph",
        figure={"data": [], "layout": {}},
        responsive=True,
        config={
            "displaylogo": False,
            "scrollZoom": True,
            "doubleClick": "reset",
            # The camera would take the axes without the canvas behind them.
            "modeBarButtonsToRemove": ["toImage", "select2d", "lasso2d", "autoScale2d"],
        },
    )
    return html.Section(
        [
            html.Div(
                [html.Canvas(id="canvas"), graph, html.Div(id="stage-note", role="status")],
                id="stage",
                **{"data-kind": ""},
            ),
            html.Output(id="readout", **{"aria-label": "Value under the cursor"}),
            html.Button(
                "Options",
                id="options-toggle",
                type="button",
                className="fold",
                title="Colour map, limits, title (o)",
                **{
                    "data-command": "toggle",
                    "data-target": "options",
                    "aria-expanded": "false",
                    "aria-controls": "options",
                },
            ),
            _options(visual),
        ],
        className="picture",
        **{"aria-label": "Visualization"},
    )


def _options(visual: dict[str, Any]) -> html.Div:
    def choice(name: str, label: str, choices: Any, value: str) -> html.Label:
        options = [{"value": key, "label": text} for key, text in choices]
        return html.Label([label, _select(name, options, value)])

    colormap = visual.get("colormap", COLORMAPS[0])
    return html.Div(
        [
            choice(
                "colormap",
                "Colour map",
                [(name, name) for name in COLORMAPS],
                colormap if colormap in COLORMAPS else COLORMAPS[0],
            ),
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
            _switch("show-saturated", "Show saturated pixels", visual.get("show_saturated", True)),
            _switch("show-title", "Show title", visual.get("show_title", True)),
        ],
        id="options",
        hidden=True,
    )


def _select(name: str, options: list[dict[str, str]], value: str) -> Any:
    return dbc.Select(
        id=name, options=options, value=value, size="sm", persistence=name, persistence_type="local"
    )


def _limit(name: str, label: str) -> Any:
    return dcc.Input(
        id=name,
        type="number",
        debounce=0.4,
        step="any",
        autoComplete="off",
        **{"aria-label": label},
    )


def _switch(name: str, label: str, value: bool) -> Any:
    return dbc.Checklist(
        id=name, options=[{"label": label, "value": "on"}], value=["on"] if value else []
    )


def _comments() -> html.Section:
    return html.Section(
        [
            html.H2("Comments"),
            html.Ul(id="comments"),
            html.Div(
                [
                    dcc.Textarea(
                        id="comment-text",
                        placeholder="Add new comment",
                        rows=1,
                        maxLength=4000,
                        **{"aria-label": "Add new comment"},
                    ),
                    html.Button("Add comment", id="comment-add", type="button", className="button"),
                ],
                className="comment-new",
            ),
        ],
        className="comments",
    )


PAGE = Page(
    "data",
    "Data · GSP Live",
    lambda path: parse(path, "") is not None,
    layout,
    keeps=True,
)
