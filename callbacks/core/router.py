"""The page of an address.

Dash's own router builds the whole page at every change of the address; the Data page has to keep
its graph, zoom and open drawers from file to file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from callbacks.core.dash_types import CallbackValue, Component
from callbacks.core.guard import guarded


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its name, the paths that belong to it, and its components.

    `layout` is called with path and query. With `keeps`, callbacks of the page follow the
    address, and the layout is created once.
    """

    name: str
    title: str
    answers: Callable[[str], bool]
    layout: Callable[[str, str], Component]
    keeps: bool = False


def register(app: Dash, pages: Sequence[Page], missing: Page) -> None:
    """Connect the address bar with the pages."""

    def route(
        pathname: str | None, search: str | None, shown: str | None
    ) -> tuple[CallbackValue, CallbackValue, CallbackValue]:
        path = "/" + (pathname or "").strip("/")
        page = next((page for page in pages if page.answers(path)), missing)
        if page.keeps and page.name == shown:
            return no_update, no_update, no_update
        return page.layout(path, search or ""), page.name, page.title

    app.callback(
        Output("page", "children"),
        Output("page-name", "data"),
        Output("document-title", "data"),
        Input("url", "pathname"),
        State("url", "search"),
        State("page-name", "data"),
    )(guarded(3)(route))
    app.clientside_callback(
        ClientsideFunction("page", "title"),
        Output("document-title", "id"),
        Input("document-title", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("page", "toast"), Output("toast", "id"), Input("toast", "data")
    )
    app.clientside_callback(
        ClientsideFunction("page", "go"), Output("go", "id"), Input("go", "data")
    )
    app.clientside_callback(
        ClientsideFunction("page", "current"), Output("page-name", "id"), Input("page-name", "data")
    )
