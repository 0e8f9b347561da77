"""Data: the file index, and the file on show."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from callbacks.core.guard import person
from callbacks.core.router import Page
from callbacks.data.address import parse
from pages.data import spectrum
from services.accounts.accounts import COLORMAPS
from services.files.visualization import display

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
            dcc.Store(id="view-title"),
            dcc.Store(id="view-parts"),
            dcc.Store(id="index-parts"),
            dcc.Store(id="why-parts"),
            dcc.Store(id="header-open", data=False),
            _index(address.name if address else ""),
            html.Main(
                [
                    html.Div(id="view-head"),
                    html.Div(
                        [
                            html.Div(id="view-run"),
                            _toolbar(),
                            _header(),
                            _stage(visual),
                            html.Div(id="view-notes"),
                            html.Div(id="view-why"),
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
                    html.Nav(id="index-proposals", **{"aria-label": "Proposals"}),
                    html.Nav(id="index-heads", **{"aria-label": "Kind of files"}),
                    _labelled(
                        "Find a file by name",
                        dcc.Input(
                            id="index-name",
                            type="search",
                            value=name,
                            placeholder="Find by name",
                            maxLength=200,
                            autoComplete="off",
                        ),
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


def _toolbar() -> html.Div:
    def fold(name: str, label: str, title: str, target: str, **more: str) -> html.Button:
        given = {
            "data-command": "toggle",
            "data-target": target,
            "aria-expanded": "false",
            "aria-controls": target,
            **more,
        }
        return html.Button(label, id=name, type="button", className="fold", title=title, **given)

    return html.Div(
        [
            fold(
                "header-toggle",
                "Header",
                "Header cards of the file (h)",
                "header-body",
                **{"data-store": "header-open"},
            ),
            fold("options-toggle", "Options", "Colour map, limits, title (o)", "options"),
        ],
        className="toolbar",
    )


def _header() -> html.Section:
    return html.Section(
        [
            _labelled(
                "Search the header",
                dcc.Input(
                    id="header-search",
                    type="search",
                    placeholder="Search keyword, value, comment",
                    autoComplete="off",
                ),
            ),
            html.Div(id="header-table"),
        ],
        id="header-body",
        hidden=True,
        **{"aria-label": "Header"},
    )


def _stage(visual: dict[str, Any]) -> html.Section:
    graph = dcc.Graph(
        id="graph",
        className="stage-graph",
        figure=display.EMPTY,
        responsive=True,
        config={
            "displaylogo": False,
            "scrollZoom": True,
            "doubleClick": False,  # the viewer knows the whole of the image on show
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
                    html.Div(id="stage-title"),
                    html.Div(id="stage-note", role="status"),
                ],
                id="stage",
                **{"data-kind": ""},
            ),
            html.Output(id="readout", **{"aria-label": "Value under the cursor"}),
            *spectrum.tools(),
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
            _kept(_switch("show-cosmic", "Show cosmic rays", value=False)),
            _kept(_switch("show-apertures", "Show trace and windows", value=True)),
            _kept(_switch("show-wavelengths", "Show wavelength axis", value=True)),
        ],
        id="options",
        hidden=True,
    )


def _select(name: str, options: list[dict[str, str]], value: str) -> Any:
    # The colour map is kept with the account; the rest with this browser.
    kept = {"persistence": name, "persistence_type": "local"} if name != "colormap" else {}
    return dbc.Select(id=name, options=options, value=value, size="sm", **kept)


def _limit(name: str, label: str) -> Any:
    return _labelled(
        label, dcc.Input(id=name, type="number", debounce=0.4, step="any", autoComplete="off")
    )


def _labelled(label: str, field: Any) -> html.Label:
    """Name a field whose purpose the eye sees anyway."""
    return html.Label(
        [html.Span(label, className="visually-hidden"), field],
        className="labelled",
        htmlFor=field.id,
    )


def _switch(name: str, label: str, value: bool) -> Any:
    return dbc.Checklist(
        id=name, options=[{"label": label, "value": "on"}], value=["on"] if value else []
    )


def _kept(switch: Any) -> Any:
    """Let this browser remember a switch; the account keeps those that the manual names."""
    switch.persistence, switch.persistence_type = switch.id, "local"
    return switch


def _comments() -> html.Section:
    return html.Section(
        [
            html.H2("Comments"),
            html.Ul(id="comments"),
            html.Div(
                [
                    _labelled(
                        "Add new comment",
                        dcc.Textarea(
                            id="comment-text", placeholder="Add new comment", rows=1, maxLength=4000
                        ),
                    ),
                    html.Button("Add comment", id="comment-add", type="button", className="button"),
                ],
                className="comment-new",
            ),
        ],
        id="view-comments",
        className="comments",
    )


PAGE = Page(
    "data",
    "Data · GSP Live",
    lambda path: parse(path, "") is not None,
    layout,
    keeps=True,
)
