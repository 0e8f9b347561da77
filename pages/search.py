"""Search: the files that a person sees, filtered by settings, names and position."""

from __future__ import annotations

import dash_ag_grid as dag
from dash import dcc, html

from callbacks.core.dash_types import Properties
from callbacks.core.router import Page
from callbacks.search.address import ROOT, Query, parse
from callbacks.search.page import COLUMNS, PAGE_SIZE
from services.search.columns import FACETS

WIDTHS = {
    "file_name": 190,
    "proposal_id": 110,
    "obstype": 74,
    "wavmode": 76,
    "filter": 74,
    "filter_2": 60,
    "grating": 76,
    "slit": 101,
    "roi": 120,
    "date": 80,
    "type": 148,
}
"""Widths in pixels; the name has the rest. Every column fits in full on a screen of 1366 px."""


def layout(_pathname: str, search: str) -> html.Div:
    """Return the page's fixed parts; `callbacks.search.page` fills them from the address."""
    query = parse(search)
    return html.Div(
        [
            html.Main(
                [
                    html.Div(
                        [
                            html.H1("Data Files"),
                            html.Span(id="search-count", className="count"),
                            html.Nav(id="search-chips", **{"aria-label": "Active filters"}),
                        ],
                        className="search-head",
                    ),
                    html.P(id="search-problem", role="alert"),
                    html.Div(
                        [
                            html.Div(
                                id="search-actions",
                                role="toolbar",
                                **{"aria-label": "Actions on the selected files"},
                            ),
                            html.Div(id="search-all"),
                        ],
                        className="search-tools",
                    ),
                    html.Div(
                        [_grid(query), html.Div(id="search-empty", className="empty")],
                        className="search-table",
                    ),
                    _foot(),
                ],
                className="search-main",
            ),
            _filters(query),
        ],
        className="search-page",
    )


def _grid(query: Query) -> dag.AgGrid:
    descends = query.ordering.startswith("-")
    sorted_by = query.ordering.removeprefix("-")
    columns: list[Properties] = []
    for name, label in COLUMNS:
        column: Properties = {"colId": name, "field": name, "headerName": label}
        column["width"] = WIDTHS[name]
        if name == sorted_by:
            column["initialSort"] = "desc" if descends else "asc"
        columns.append(column)
    columns[0] |= {"cellRenderer": "FileLink", "flex": 1, "minWidth": 166}
    for place, tooltip in ((8, "roi"), (9, "date_obs"), (10, "type")):
        columns[place]["tooltipField"] = tooltip
    return dag.AgGrid(
        id="search-grid",
        columnDefs=columns,
        rowModelType="infinite",
        getRowId="params.data.id",
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressMovable": True,
            "suppressHeaderMenuButton": True,
            "sortingOrder": ["asc", "desc"],
        },
        columnSize=None,
        dashGridOptions={
            "pagination": True,
            "paginationPageSize": PAGE_SIZE,
            "suppressPaginationPanel": True,
            "cacheBlockSize": PAGE_SIZE,
            "maxBlocksInCache": 8,
            # With two concurrent requests one of the blocks would remain empty.
            "maxConcurrentDatasourceRequests": 1,
            "infiniteInitialRowCount": query.page * PAGE_SIZE,
            "rowHeight": 28,
            "headerHeight": 32,
            "rowSelection": {"mode": "multiRow", "headerCheckbox": False, "checkboxes": True},
            "selectionColumnDef": {"width": 32, "minWidth": 32, "pinned": "left"},
            "suppressCellFocus": False,
            "animateRows": False,
            "enableBrowserTooltips": True,
            "suppressNoRowsOverlay": True,
            "ensureDomOrder": True,
        },
        style={"height": "100%", "width": "100%"},
    )


def _foot() -> html.Div:
    return html.Div(
        [
            html.Nav(id="search-pager", className="pager", **{"aria-label": "Pages of the table"}),
            html.Div(
                [
                    html.Label("Page", htmlFor="search-page"),
                    dcc.Input(id="search-page", type="number", min=1, step=1, autoComplete="off"),
                    html.Button("GO", id="search-go", type="button"),
                ],
                className="go-to",
            ),
        ],
        className="search-foot",
    )


def _filters(query: Query) -> html.Aside:
    facets = [
        html.Details(
            [html.Summary(f"By {name}"), html.Div(id=f"choices-{name}", className="choices")],
            open=name in query.values or name in ("obstype", "grating"),
        )
        for name in FACETS
    ]
    return html.Aside(
        [
            # On a narrow screen the filters are below the table, behind a button.
            html.H2("Filters", className="h1"),
            html.Button(
                "Filters",
                id="search-toggle",
                type="button",
                className="button",
                **{
                    "data-command": "toggle",
                    "data-target": "search-filters",
                    "aria-expanded": "false",
                    "aria-controls": "search-filters",
                },
            ),
            html.Div(
                [
                    _field(query, "file_name", "File name", "part of the name"),
                    _field(query, "object_name", "Object", "part of the name"),
                    _cone(query),
                    html.Fieldset(
                        [
                            html.Legend("Dates (UTC)"),
                            _field(query, "date_from", "From", "y-m-d"),
                            _field(query, "date_to", "To", "y-m-d"),
                        ],
                        className="two",
                    ),
                    *facets,
                ],
                id="search-filters",
                className="filters",
                hidden=True,
            ),
        ],
        **{"aria-label": "Filters"},
    )


def _cone(query: Query) -> html.Fieldset:
    return html.Fieldset(
        [
            html.Legend("Position"),
            _field(query, "ra", "RA", "h:m:s, °"),
            _field(query, "dec", "Dec", "d:m:s, °"),
            _field(query, "radius", "Radius (′)", '5 or 30"'),
            html.Button("Search cone", id="search-cone", type="button", className="button"),
        ],
        className="two",
        id="search-sky",
    )


def _field(query: Query, name: str, label: str, example: str) -> html.Label:
    return html.Label(
        [
            html.Span(label),
            dcc.Input(
                id=f"q-{name}",
                type="text",
                value=query.values.get(name, ""),
                placeholder=example,
                maxLength=200,
                autoComplete="off",
            ),
        ],
        htmlFor=f"q-{name}",
    )


PAGE = Page("search", "Search · GSP Live", lambda path: path == ROOT, layout, keeps=True)
