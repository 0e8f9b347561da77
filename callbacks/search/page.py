"""Search: the files that match, the count of each choice, and actions on the selected files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from callbacks.core import pager
from callbacks.core.dash_types import CallbackValue, Children, Component, Properties
from callbacks.core.guard import guarded, person, toast
from callbacks.core.numbers import counted, thousands
from callbacks.search import choices
from callbacks.search.address import NEWEST_FIRST, ROOT, Query, download_of, parse
from services.errors import ServiceError
from services.paging import n_pages
from services.runs import requests as run_requests
from services.search import page as search_page
from services.search.columns import FACETS
from services.search.page import BulkAction

PAGE_SIZE = 50
MAX_ZIPPED = 2000
HINT = "Select files to download them or to run a process on them."

COLUMNS = (
    ("file_name", "File Name"),
    ("proposal_id", "Proposal ID"),
    ("obstype", "Obstype"),
    ("wavmode", "Wavmode"),
    ("filter", "Filter"),
    ("filter_2", "Filter 2"),
    ("grating", "Grating"),
    ("slit", "Slit"),
    ("roi", "ROI"),
    ("date", "Date"),
    ("type", "Type"),
)
N_OVERVIEW = 7 + len(FACETS)

SelectedRows = Sequence[Mapping[str, str]] | None
"""The rows that the table reports as selected."""


def register(app: Dash) -> None:
    """Connect the page."""
    app.callback(
        Output("search-count", "children"),
        Output("search-problem", "children"),
        Output("search-chips", "children"),
        Output("search-pager", "children"),
        Output("search-all", "children"),
        Output("search-empty", "children"),
        Output("search-toggle", "children"),
        *(Output(f"choices-{name}", "children") for name in FACETS),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-index", "data"),
        Input("done", "data"),
    )(guarded(N_OVERVIEW)(overview))
    app.callback(
        Output("search-grid", "getRowsResponse"),
        Input("search-grid", "getRowsRequest"),
        State("url", "search"),
        prevent_initial_call=True,
    )(guarded(1)(rows))
    app.callback(
        Output("search-actions", "children"),
        Input("search-grid", "selectedRows"),
        Input("done", "data"),
    )(guarded(1)(actions))
    app.callback(
        Output("done", "data", allow_duplicate=True),
        Output("toast", "data", allow_duplicate=True),
        Input({"type": "search-run", "block": ALL}, "n_clicks"),
        State("search-grid", "selectedRows"),
        prevent_initial_call=True,
    )(guarded(2)(run))
    app.clientside_callback(
        ClientsideFunction("search", "follow"),
        Output("search-grid", "className"),
        Input("url", "search"),
        Input("live-index", "data"),
    )


def overview(pathname: str | None, text: str, *_: CallbackValue) -> tuple[CallbackValue, ...]:
    """Return the count, the active filters, the pager, and the choices with their counts."""
    if "/" + (pathname or "").strip("/") != ROOT:
        raise PreventUpdate
    query = parse(text)
    chips = choices.chips(query)
    toggle = f"Filters ({len(chips) - 1})" if chips else "Filters"
    try:
        matching = search_page.overview(person(), query.filters)
    except ServiceError as error:
        unchanged = [no_update] * len(FACETS)
        return ("", str(error), chips, [], [], [], toggle, *unchanged)
    return (
        thousands(matching.count),
        "",
        chips,
        pager.numbered(query, n_pages(matching.count, PAGE_SIZE)),
        _download_all(query, matching.count),
        [] if matching.count else _empty(query),
        toggle,
        *(choices.facet(query, name, matching.choices[name]) for name in FACETS),
    )


def _download_all(query: Query, count: int) -> Children:
    """Return the link to an archive of all files that match, unless they are too many."""
    if not query.values or not 1 < count <= MAX_ZIPPED:
        return []
    label = f"Download all {count} as zip"
    return html.A(label, href=query.download(), download="", className="button")


def _empty(query: Query) -> list[Component]:
    if query.values:
        text = "No file matches all filters. Clear one above, or "
        return [html.H2("No files found"), html.P([text, choices.reset(query), "."])]
    return [
        html.H2("No files yet"),
        html.P(
            "Frames of your proposals are listed here within a second of their arrival, together "
            "with their products and all master calibrations."
        ),
    ]


def rows(request: Mapping[str, CallbackValue] | None, text: str) -> Properties:
    """Return the rows that the table requests: ordered by the table, filtered by the address."""
    if not request:
        raise PreventUpdate
    user, query = person(), parse(text)
    start, end = int(request["startRow"]), int(request["endRow"])
    try:
        matching = search_page.rows(
            user,
            query.filters,
            _ordering(request.get("sortModel")),
            start=max(0, start),
            n_rows=min(max(0, end - start), 4 * PAGE_SIZE),
        )
    except ServiceError:
        return {"rowData": [], "rowCount": 0}  # `overview` shows the error
    return {"rowData": [row.as_dict() for row in matching.rows], "rowCount": matching.count}


def _ordering(model: Sequence[Mapping[str, str]] | None) -> str:
    for column in model or ():
        if column["colId"] in dict(COLUMNS):
            return ("-" if column["sort"] == "desc" else "") + column["colId"]
    return NEWEST_FIRST


def _ids(selected: SelectedRows) -> list[int]:
    texts = (str(row.get("id", "")) for row in selected or ())
    return [int(text) for text in texts if text.isascii() and text.isdigit()]


def actions(selected: SelectedRows, *_: CallbackValue) -> Children:
    """Return the actions on the selected files."""
    ids = _ids(selected)
    if not ids:
        return html.Span(HINT, className="search-hint")
    if len(ids) > search_page.MAX_AT_ONCE:
        return html.Span(f"{len(ids)} selected; select at most {search_page.MAX_AT_ONCE}.")
    return draw_actions(ids, search_page.actions(person(), ids))


def draw_actions(ids: Sequence[int], offered: Sequence[BulkAction]) -> list[Component]:
    """Return the number of selected files and the buttons of the actions on them."""
    download = html.A("Download zip", href=download_of(ids), download="", className="button main")
    clear = html.Button("Clear selection", type="button", className="plain", id="search-none")
    buttons = [_button(action) for action in offered]
    return [html.Strong(f"{len(ids)} selected"), download, *buttons, clear]


def _button(action: BulkAction) -> html.Button:
    number = len(action.files)
    return html.Button(
        f"{action.label} ({number})" if number else action.label,
        id={"type": "search-run", "block": action.block},
        type="button",
        className="button",
        title=action.reason or f"Run on {number} of the selected files",
        disabled=not number,
    )


def run(
    clicks: Sequence[int | None], selected: SelectedRows
) -> tuple[CallbackValue, CallbackValue]:
    """Request a process for those of the selected files that it accepts."""
    block = ctx.triggered_id["block"] if ctx.triggered_id and any(clicks) else None
    if block is None or not any(event["value"] for event in ctx.triggered):
        raise PreventUpdate
    user = person()
    offered = {action.block: action for action in search_page.actions(user, _ids(selected))}
    action = offered.get(block)
    if action is None or not action.files:
        raise PreventUpdate
    refused = []
    for file in action.files:
        try:
            run_requests.request(user, block, file)
        except ServiceError as error:
            refused.append(str(error))
    n_queued = len(action.files) - len(refused)
    message = f"{action.label} queued for {counted(n_queued, 'file')}."
    if refused:
        message += f" Not queued for {len(refused)}: {refused[0]}"
    nonce = f"search-{sum(click or 0 for click in clicks)}"
    return nonce, toast(message, "warning" if refused else "success")
