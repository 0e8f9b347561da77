"""Long lists of a page: the words they are searched by and the page of them are in the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dash import ClientsideFunction, Dash, Input, Output, State, ctx
from dash.exceptions import PreventUpdate

from callbacks.core.guard import guarded


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What an address asks of the list of its page: words to look for, and a page from 1."""

    path: str
    text: str = ""
    page: int = 1

    def href(self, *, path: str | None = None, text: str | None = None, page: int = 1) -> str:
        """Return the address of another page, of other words, or of another path."""
        wanted = replace(
            self, path=path or self.path, text=self.text if text is None else text, page=page
        )
        query = {"q": wanted.text} if wanted.text else {}
        if wanted.page != 1:
            query["page"] = str(wanted.page)
        return f"{wanted.path}?{urlencode(query)}" if query else wanted.path


def parse(pathname: str | None, search: str | None) -> ListQuery:
    """Return what an address asks for; what makes no sense is read as absent."""
    given = dict(parse_qsl((search or "").lstrip("?")))
    page = given.get("page", "")
    return ListQuery(
        path="/" + (pathname or "").strip("/"),
        text=given.get("q", "")[:200].replace("\x00", ""),
        page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 8 else 1,
    )


def register(app: Dash) -> None:
    """Connect the search field and the page box of whatever list is on show."""
    app.callback(
        Output("go", "data", allow_duplicate=True),
        Input("list-text", "value"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )(guarded(1)(find))
    app.callback(
        Output("go", "data", allow_duplicate=True),
        Input("list-go", "n_clicks"),
        Input("list-page", "n_submit"),
        State("list-page", "value"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )(guarded(1)(turn))
    app.clientside_callback(
        ClientsideFunction("proposals", "text"),
        Output("list-text", "value"),
        Input("url", "search"),
    )


def find(text: str | None, pathname: str, search: str) -> Any:
    """Go to the list of what was typed, on its first page."""
    query, wanted = parse(pathname, search), (text or "").strip()
    if ctx.triggered_id != "list-text" or wanted == query.text.strip():
        raise PreventUpdate
    return {"href": query.href(text=wanted), "replace": True}


def turn(clicks: Any, submits: Any, value: Any, pathname: str, search: str) -> Any:
    """Go to the page that was typed; one beyond the last is the last."""
    text = str(value or "")
    if not (clicks or submits) or not (text.isascii() and text.isdigit() and len(text) < 8):
        raise PreventUpdate
    return {"href": parse(pathname, search).href(page=max(1, int(text)))}
