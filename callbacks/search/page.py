"""Search: the files that fit, how many have each setting, and what is done with the chosen ones.

Everything the page shows is in its address: the filters by the names of the API, ``ordering``,
``page``, and ``proposal`` as on the Data page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from callbacks.core.guard import guarded, person, toast
from callbacks.search import choices
from services.errors import ServiceError
from services.paging import n_pages
from services.runs import requests as run_requests
from services.search import page as search_page
from services.search.filters import ORDERINGS, FileFilters

ROOT = "/search"
PAGE_SIZE = 50
NEWEST_FIRST = "-date"
MOST_ZIPPED = 2000
HINT = "Choose files to download them or to run a step on them."

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

_FREE = ("file_name", "object_name", "ra", "dec", "radius", "date_from", "date_to")
_NAMES = {"proposal": "proposal_id"} | {
    name: name for name in (*search_page.FACETS, *_FREE, "data_type", "original_file_id")
}
N_OVERVIEW = 7 + len(search_page.FACETS)


@dataclass(frozen=True, slots=True)
class Query:
    """What an address of the page asks for; `given` are its filters by their names there."""

    given: dict[str, str] = field(default_factory=dict)
    ordering: str = NEWEST_FIRST
    page: int = 1

    @property
    def filters(self) -> FileFilters:
        """The filters as the services take them."""
        return FileFilters.model_validate({_NAMES[name]: v for name, v in self.given.items()})

    def href(self, changes: Mapping[str, str | None] | None = None, page: int = 1) -> str:
        """Return the address with other filters (None: without), on the first page."""
        given = {**self.given, **(changes or {})}
        query = {name: value for name, value in given.items() if value is not None}
        if self.ordering != NEWEST_FIRST:
            query["ordering"] = self.ordering
        if page != 1:
            query["page"] = str(page)
        return f"{ROOT}?{urlencode(query)}" if query else ROOT


def parse(text: str | None) -> Query:
    """Return what an address's query asks for; unknown names are read as absent."""
    given: dict[str, str] = {}
    ordering, page = NEWEST_FIRST, 1
    for name, whole in parse_qsl((text or "").lstrip("?"), keep_blank_values=True):
        value = whole[:1000]
        if name in _NAMES and (value.strip() or name in search_page.FACETS):
            given[name] = value
        elif name == "ordering" and value.removeprefix("-") in ORDERINGS:
            ordering = value
        elif name == "page" and value.isascii() and value.isdigit() and len(value) < 8:
            page = max(1, int(value))
    return Query(given, ordering, page)


def register(app: Dash) -> None:
    """Connect the search page."""
    app.callback(
        Output("search-count", "children"),
        Output("search-problem", "children"),
        Output("search-chips", "children"),
        Output("search-pager", "children"),
        Output("search-all", "children"),
        Output("search-empty", "children"),
        Output("search-toggle", "children"),
        *(Output(f"choices-{name}", "children") for name in search_page.FACETS),
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


def overview(pathname: str | None, text: str, *_: Any) -> tuple[Any, ...]:
    """Draw the count, the filters in force, the pager, and the choices with their counts."""
    if "/" + (pathname or "").strip("/") != ROOT:
        raise PreventUpdate
    query = parse(text)
    chips = choices.chips(query)
    folded = f"Filters ({len(chips) - 1})" if chips else "Filters"
    try:
        found = search_page.overview(person(), query.filters)
    except ServiceError as error:
        unchanged = [no_update] * len(search_page.FACETS)
        return ("", str(error), chips, [], [], [], folded, *unchanged)
    listed = [choices.facet(query, name, found.choices[name]) for name in search_page.FACETS]
    return (
        choices.thousands(found.count),
        "",
        chips,
        choices.pager(query, n_pages(found.count, PAGE_SIZE)),
        _all(query, found.count),
        [] if found.count else _empty(query),
        folded,
        *listed,
    )


def _all(query: Query, count: int) -> Any:
    """Return the link to everything that fits, when that is not too much for one archive."""
    if not query.given or not 1 < count <= MOST_ZIPPED:
        return []
    wanted = {_NAMES[name]: value for name, value in query.given.items()}
    href = f"/api/files/download/?{urlencode(wanted)}"
    return html.A(f"Download all {count} as zip", href=href, download="", className="button")


def _empty(query: Query) -> list[Any]:
    if query.given:
        words = "No file has all of these settings. Take one away above, or "
        return [html.H2("Nothing found"), html.P([words, choices.reset(query), "."])]
    return [
        html.H2("No files yet"),
        html.P(
            "Frames of your proposals are listed here within a second of being whole in a watched "
            "folder, their products as they are made, and every master calibration."
        ),
    ]


def rows(request: Mapping[str, Any] | None, text: str) -> dict[str, Any]:
    """Return the rows that the table asks for; its own order counts, the filters are the URL's."""
    if not request:
        raise PreventUpdate
    user, query = person(), parse(text)
    start, end = int(request["startRow"]), int(request["endRow"])
    try:
        found = search_page.rows(
            user,
            query.filters,
            _ordering(request.get("sortModel")),
            start=max(0, start),
            n_rows=min(max(0, end - start), 4 * PAGE_SIZE),
        )
    except ServiceError:
        return {"rowData": [], "rowCount": 0}  # `overview` says why
    return {"rowData": found.rows, "rowCount": found.count}


def _ordering(model: Sequence[Mapping[str, str]] | None) -> str:
    for column in model or ():
        if column["colId"] in dict(COLUMNS):
            return ("-" if column["sort"] == "desc" else "") + column["colId"]
    return NEWEST_FIRST


def _chosen(selected: Sequence[Mapping[str, str]] | None) -> list[int]:
    found = (str(row.get("id", "")) for row in selected or ())
    return [int(number) for number in found if number.isascii() and number.isdigit()]


def actions(selected: Sequence[Mapping[str, str]] | None, *_: Any) -> Any:
    """Draw what can be done with the chosen files: by their kinds, or why not."""
    ids = _chosen(selected)
    if not ids:
        return html.Span(HINT, className="search-hint")
    if len(ids) > search_page.MOST_AT_ONCE:
        return html.Span(
            f"{len(ids)} chosen; at most {search_page.MOST_AT_ONCE} can be taken at once."
        )
    href = "/api/files/download/?ids=" + quote(",".join(map(str, ids)), safe=",")
    drawn: list[Any] = [
        html.Strong(f"{len(ids)} chosen"),
        html.A("Download zip", href=href, download="", className="button main"),
    ]
    for action in search_page.actions(person(), ids):
        number = f" ({len(action.files)})" if action.files else ""
        drawn.append(
            html.Button(
                action.label + number,
                id={"type": "search-run", "block": action.block},
                type="button",
                className="button",
                title=action.reason or f"Run it on {len(action.files)} of the chosen files",
                disabled=not action.files,
            )
        )
    clear = html.Button("Choose none", type="button", className="plain", id="search-none")
    return [*drawn, clear]


def run(clicks: Sequence[int | None], selected: Any) -> tuple[Any, Any]:
    """Start a process on those of the chosen files that it takes."""
    block = ctx.triggered_id["block"] if ctx.triggered_id and any(clicks) else None
    if block is None or not any(event["value"] for event in ctx.triggered):
        raise PreventUpdate
    user = person()
    offered = {action.block: action for action in search_page.actions(user, _chosen(selected))}
    action = offered.get(block)
    if action is None or not action.files:
        raise PreventUpdate
    refused = []
    for file in action.files:
        try:
            run_requests.request(user, block, file)
        except ServiceError as error:
            refused.append(str(error))
    begun = len(action.files) - len(refused)
    said = f"{action.label}: started on {begun} file{'' if begun == 1 else 's'}."
    if refused:
        said += f" {len(refused)} not: {refused[0]}"
    return f"search-{sum(click or 0 for click in clicks)}", toast(
        said, "warning" if refused else "success"
    )
