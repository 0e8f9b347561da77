"""The file index beside the file on show; callbacks fill it."""

from __future__ import annotations

from dash import dcc, html

from callbacks.core.dash_types import Component
from callbacks.data import ids
from pages.core.labels import hidden_label


def file_index(name: str) -> Component:
    """Return the file index; `name` is the text that it is searched by."""
    return html.Aside(
        [
            html.Button("Files", type="button", id="index-toggle", **{"data-command": "index"}),
            html.Div(
                [
                    html.Nav(id=ids.INDEX_PROPOSALS, **{"aria-label": "Proposals"}),
                    html.Nav(id=ids.INDEX_SECTIONS, **{"aria-label": "Kind of files"}),
                    hidden_label(
                        "Find a file by name",
                        dcc.Input(
                            id=ids.INDEX_NAME,
                            type="search",
                            value=name,
                            placeholder="Find by name",
                            maxLength=200,
                            autoComplete="off",
                        ),
                    ),
                    html.Ol(id=ids.INDEX_ENTRIES, **{"aria-label": "Files, the newest first"}),
                    html.Nav(id=ids.INDEX_PAGER, **{"aria-label": "Pages of the list"}),
                    html.Div(
                        [
                            html.Label("Page", htmlFor=ids.INDEX_PAGE),
                            dcc.Input(
                                id=ids.INDEX_PAGE, type="number", min=1, step=1, autoComplete="off"
                            ),
                            html.Button("GO", id=ids.INDEX_GO, type="button"),
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
