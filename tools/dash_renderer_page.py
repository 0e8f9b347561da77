"""The page of `measure_dash_renderer`: ``python dash_renderer_page.py PORT components|html``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from dash import Dash, Input, Output, dcc, html

MORPH = Path(__file__).resolve().parents[1] / "assets" / "vendor" / "idiomorph.min.js"
PUT = """(html) => {
    const region = document.getElementById('%s');
    if (html) Idiomorph.morph(region, html, { morphStyle: 'innerHTML' });
    return window.dash_clientside.no_update;
}"""
_ATTRIBUTES = {"className": "class", "key": "data-key"}


def index(number: int) -> html.Ul:
    """Return twenty rows of a file index."""
    columns = ("2D", "03:12:44", "SPECTRUM", "400_M2", number)
    rows = [
        html.A([html.Span(f"{k:04d}_target.fits"), *(html.Span(str(c)) for c in columns)])
        for k in range(20)
    ]
    return html.Ul([html.Li(row, key=str(k)) for k, row in enumerate(rows)])


def tabs(number: int) -> html.Nav:
    """Return the tabs of a family of files."""
    return html.Nav([html.A([html.Span("Extracted"), html.Span(f"v{number}")]) for _ in range(8)])


def runs(number: int) -> html.Div:
    """Return six runs with their progress and buttons."""
    words = ("Extract", "done", f"{number} %", "started", "03:11")
    buttons = ("Cancel", "Retry")
    return html.Div(
        [
            html.Div([*map(html.Span, words), *map(html.Button, buttons)], key=str(k))
            for k in range(6)
        ]
    )


def calibrations(number: int) -> html.Table:
    """Return a table of candidates."""
    cells = ("CCDSUM 2 2", f"{number} d", html.Button("Use"), html.Span("matches"))
    rows = [[html.A(f"master_{k}.fits"), *cells] for k in range(25)]
    return html.Table([html.Tr([html.Td(cell) for cell in row]) for row in rows])


def comments(number: int) -> html.Ul:
    """Return ten comments."""
    return html.Ul(
        [
            html.Li([html.Strong("observer"), html.P(f"no. {number}, {k}"), html.Button("Delete")])
            for k in range(10)
        ]
    )


def facts(number: int) -> html.Div:
    """Return twenty measured numbers."""
    return html.Div([html.P([html.Span("S/N"), " ", str(number)]) for _ in range(20)])


REGIONS: dict[str, Callable[[int], Any]] = {
    part.__name__: part for part in (index, tabs, runs, calibrations, comments, facts)
}


def html_of(tree: Any) -> str:
    """Return components as HTML."""
    if isinstance(tree, str):
        return escape(tree)
    if isinstance(tree, list):
        return "".join(map(html_of, tree))
    properties = tree.to_plotly_json()["props"]
    inside = html_of(properties.pop("children", ""))
    name = tree._type.lower()
    attributes = (f' {_ATTRIBUTES.get(k, k)}="{escape(str(v))}"' for k, v in properties.items())
    return f"<{name}{''.join(attributes)}>{inside}</{name}>"


def create(way: str) -> Dash:
    """Return the page whose regions are drawn by Dash, or put in place as HTML."""
    app = Dash(__name__, assets_folder="")
    drawn = {name: region(0) if way == "components" else None for name, region in REGIONS.items()}
    app.layout = html.Div(
        [
            dcc.Location(id="url"),
            dcc.Graph(figure={"data": [], "layout": {}}),
            *(html.Label(dcc.Input(id=f"field-{k}")) for k in range(15)),
            *(dcc.Store(id=f"store-{k}") for k in range(20)),
            *(html.Div(region, id=name) for name, region in drawn.items()),
            *(dcc.Store(id=f"change-{name}") for name in REGIONS),
            *(dcc.Store(id=f"html-{name}") for name in REGIONS),
        ]
    )
    for name, region in REGIONS.items():
        if way == "components":
            app.callback(Output(name, "children"), Input(f"change-{name}", "data"))(
                lambda number, region=region: region(number or 0)
            )
            continue
        app.callback(Output(f"html-{name}", "data"), Input(f"change-{name}", "data"))(
            lambda number, region=region: html_of(region(number or 0))
        )
        app.clientside_callback(
            PUT % name,
            Output(f"html-{name}", "id"),
            Input(f"html-{name}", "data"),
        )
    if way == "html":
        script = MORPH.read_text("utf-8")
        module = f'<script type="module">{script}\nwindow.Idiomorph = Idiomorph;</script>'
        app.index_string = app.index_string.replace("</body>", f"{module}</body>")
    return app


if __name__ == "__main__":
    create(sys.argv[2]).run(host="127.0.0.1", port=int(sys.argv[1]), debug=False)
