"""Long lists: their search text and their page are in the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from dash import ClientsideFunction, Dash, Input, Output, State, ctx
from dash.exceptions import PreventUpdate

from callbacks.core.dash_types import CallbackValue
from callbacks.core.guard import guarded


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The part of a list that an address shows: a search text, and a page from 1."""

    path: str
    text: str = ""
    page: int = 1

    def href(self, *, path: str | None = None, text: str | None = None, page: int = 1) -> str:
        """Return the address of another page, search text or path."""
        query = replace(
            self, path=path or self.path, text=self.text if text is None else text, page=page
        )
        values = {"q": query.text} if query.text else {}
        if query.page != 1:
            values["page"] = str(query.page)
        return f"{query.path}?{urlencode(values)}" if values else query.path


def parse(pathname: str | None, search: str | None) -> ListQuery:
    """Return what an address shows; values that are not valid are ignored."""
    values = dict(parse_qsl((search or "").lstrip("?")))
    page = values.get("page", "")
    return ListQuery(
        path="/" + (pathname or "").strip("/"),
        text=values.get("q", "")[:200].replace("\x00", ""),
        page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 8 else 1,
    )


def register(app: Dash) -> None:
    """Connect the search field and the page box of the list on show."""
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


def find(text: str | None, pathname: str, search: str) -> CallbackValue:
    """Search the list for what was typed, and show the first page."""
    query, typed = parse(pathname, search), (text or "").strip()
    if ctx.triggered_id != "list-text" or typed == query.text.strip():
        raise PreventUpdate
    return {"href": query.href(text=typed), "replace": True}


def turn(
    clicks: int | None, submits: int | None, value: CallbackValue, pathname: str, search: str
) -> CallbackValue:
    """Go to the page that was typed; beyond the last page it is the last."""
    text = str(value or "")
    if not (clicks or submits) or not (text.isascii() and text.isdigit() and len(text) < 8):
        raise PreventUpdate
    return {"href": parse(pathname, search).href(page=max(1, int(text)))}
