"""The parts around a long list: search field, pager, page box."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import html

from callbacks.core.dash_types import Children, Component
from callbacks.core.lists import parse
from services.proposals import proposal_index


def paged_list(name: str, *head: Children) -> list[Component]:
    """Return the head of a list, the list, and its foot.

    Callbacks fill ``<name>-list`` and ``<name>-pager``.
    """
    return [
        html.Div(list(head), className="list-head"),
        html.Div(id=f"{name}-list"),
        foot(f"{name}-pager"),
    ]


def search(pathname: str, search: str, label: str, n_rows: int) -> Component:
    """Return the search field, hidden while all rows fit on one page."""
    query = parse(pathname, search)
    field = dbc.Input(
        id="list-text",
        type="search",
        value=query.text,
        placeholder=label,
        maxlength=200,
        autocomplete="off",
        debounce=300,
        size="sm",
    )
    return html.Div(
        html.Label(
            [html.Span(label, className="visually-hidden"), field],
            className="labelled",
            htmlFor="list-text",
        ),
        className="list-search",
        hidden=n_rows <= proposal_index.PAGE_SIZE and not query.text,
    )


def foot(identity: str) -> Component:
    """Return the pager, which a callback fills, and the page box with GO."""
    box: list[Component] = [
        html.Label("Page", htmlFor="list-page"),
        dbc.Input(id="list-page", type="number", min=1, step=1, autocomplete="off", size="sm"),
        dbc.Button("GO", id="list-go", type="button", color="secondary"),
    ]
    return html.Div(
        [
            html.Nav(id=identity, className="pager", **{"aria-label": "Pages of the list"}),
            html.Div(box, className="go-to"),
        ],
        className="list-foot",
    )
