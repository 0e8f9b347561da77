"""Callbacks of the file index: raw frames and calibrations, newest first, twenty a page."""

from __future__ import annotations

from dataclasses import replace

from dash import ClientsideFunction, Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.core.dash_types import CallbackValue
from callbacks.core.guard import guarded, person
from callbacks.core.markup import html_of, paint_from
from callbacks.data import ids
from callbacks.data.address import CALIBRATIONS, Address, file_key, parse
from callbacks.data.drawing import file_list
from db.models import User
from services import access, request_coalescing
from services.data_page import file_index
from services.data_page.file_index import FileIndex, IndexQuery
from services.request_coalescing import Moment


def register(app: Dash) -> None:
    """Connect the file index."""
    app.callback(
        Output(ids.INDEX_PARTS, "data"),
        Input("url", "pathname"),
        Input("url", "search"),
    )(guarded(1)(show))
    paint_from(app, ids.INDEX_PARTS)
    app.callback(
        Output("go", "data", allow_duplicate=True),
        Input(ids.INDEX_GO, "n_clicks"),
        Input(ids.INDEX_PAGE, "n_submit"),
        State(ids.INDEX_PAGE, "value"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )(guarded(1)(go_to_page))
    app.clientside_callback(
        ClientsideFunction("data", "filterByName"),
        Output(ids.INDEX_NAME, "className"),
        Input(ids.INDEX_NAME, "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("data", "nameInAddress"),
        Output(ids.INDEX_NAME, "value"),
        Input("url", "search"),
    )


def show(pathname: str, search: str) -> CallbackValue:
    """Return the regions of the index that belong to an address."""
    address = parse(pathname, search)
    if address is None:
        raise PreventUpdate
    now = request_coalescing.moment()
    return {"at": now.newest, "html": regions(person(), address)}


def regions(user: User, address: Address, when: Moment | None = None) -> dict[str, str]:
    """Return the regions of the index as HTML, by their ids.

    They are the same for all who see the same proposals.
    """
    key = ("index", address, access.visibility_scope(user))
    return request_coalescing.read(
        when, key, lambda: draw(address, file_index.read(user, _query(address)))
    )


def draw(address: Address, index: FileIndex) -> dict[str, str]:
    """Return the regions of an index that has been read."""
    address = replace(address, page=index.page)
    return {
        ids.INDEX_SECTIONS: html_of(file_list.sections(address, index)),
        ids.INDEX_ENTRIES: html_of(file_list.entries(address, index)),
        ids.INDEX_PAGER: html_of(file_list.pager(address, index.page, index.n_pages)),
        ids.INDEX_PROPOSALS: html_of(file_list.proposal_choice(address, index.soar_ids)),
    }


def go_to_page(
    _clicks: int | None, _submits: int | None, value: CallbackValue, pathname: str, search: str
) -> CallbackValue:
    """Go to the page that was typed; beyond the last page it is the last."""
    address = parse(pathname, search)
    if address is None or not str(value or "").isdigit():
        raise PreventUpdate
    last = file_index.n_pages(person(), _query(address))
    return {"href": address.href(page=min(max(1, int(value)), last))}


def _query(address: Address) -> IndexQuery:
    return IndexQuery(
        calibrations=address.section == CALIBRATIONS,
        soar_id=address.proposal,
        name=address.name,
        page=address.page,
        file=file_key(address.file) if address.file is not None else None,
    )
