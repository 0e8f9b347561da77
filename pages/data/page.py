"""The Data page: the file index, and the file on show."""

from __future__ import annotations

from dash import dcc, html

from callbacks.core.dash_types import Component
from callbacks.core.guard import person
from callbacks.core.router import Page
from callbacks.data import ids
from callbacks.data.address import parse
from pages.data.file_index import file_index
from pages.data.file_view import comments, header, toolbar
from pages.data.viewer import viewer
from services.accounts import visual_options

STORES = (
    ids.SHOWN,
    ids.IMAGE,
    ids.VIEW_TITLE,
    ids.FILE_PARTS,
    ids.INDEX_PARTS,
    ids.CALIBRATION_PARTS,
)


def layout(pathname: str, search: str) -> Component:
    """Return the fixed parts of the page; callbacks fill them from the address."""
    address = parse(pathname, search)
    body = html.Div(
        [
            html.Div(id=ids.RUN_DETAIL),
            toolbar(),
            header(),
            viewer(visual_options.of(person())),
            *(html.Div(id=name) for name in (ids.NOTES, ids.CALIBRATIONS, ids.RUNS, ids.ACTIONS)),
            comments(),
        ],
        className="view-body",
    )
    return html.Div(
        [
            *(dcc.Store(id=store) for store in STORES),
            dcc.Store(id=ids.HEADER_OPEN, data=False),
            file_index(address.name if address else ""),
            html.Main([html.Div(id=ids.HEAD), body], id="view", className="bare"),
        ],
        className="data-page",
    )


PAGE = Page(
    "data",
    "Data · GSP Live",
    lambda path: parse(path, "") is not None,
    layout,
    keeps=True,
)
