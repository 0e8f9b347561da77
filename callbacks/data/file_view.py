"""Callbacks of the file on show: tabs, plot, notes, actions, runs, header and comments."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate

from callbacks.core.dash_types import CallbackValue, Children, Properties
from callbacks.core.guard import guarded, person
from callbacks.core.markup import html_of, paint_from
from callbacks.data import ids
from callbacks.data.address import Address, file_key, parse
from callbacks.data.drawing import (
    action_bar,
    comment_list,
    empty_states,
    header_table,
    notes,
    run_lines,
    tabs,
)
from db.models import User
from services import request_coalescing
from services.data_page import file_view
from services.data_page.file_view import FileView, Part, ShownFile
from services.errors import Conflict, NotFound, ServiceError
from services.files import contents, lookup
from services.files.visualization import display
from services.request_coalescing import Moment

N_VIEW = 5

REGIONS = (ids.HEAD, ids.NOTES, ids.ACTIONS, ids.RUNS, ids.COMMENTS)
"""The regions that are drawn when something happens to the file on show."""
SHARED = frozenset({ids.HEAD, ids.NOTES, ids.RUNS})
"""Those that are the same for all who see the same members of the family."""
PARTS = {ids.ACTIONS: Part.ACTIONS, ids.RUNS: Part.RUNS, ids.COMMENTS: Part.COMMENTS}
"""What a region shows in addition to the file and its family."""


def register(app: Dash) -> None:
    """Connect the view of a file."""
    app.callback(
        Output("view", "className"),
        Output(ids.FILE_PARTS, "data"),
        Output(ids.IMAGE, "data"),
        Output(ids.SHOWN, "data"),
        Output(ids.VIEW_TITLE, "data"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-view", "data"),
        State(ids.SHOWN, "data"),
    )(guarded(N_VIEW)(show))
    app.callback(
        Output(ids.HEADER_TABLE, "children"),
        Input(ids.HEADER_OPEN, "data"),
        Input(ids.SHOWN, "data"),
    )(guarded(1)(show_header))
    app.clientside_callback(
        ClientsideFunction("data", "filterHeader"),
        Output(ids.HEADER_SEARCH, "className"),
        Input(ids.HEADER_SEARCH, "value"),
        Input(ids.HEADER_TABLE, "children"),
    )
    app.clientside_callback(
        ClientsideFunction("page", "title"),
        Output(ids.VIEW_TITLE, "id"),
        Input(ids.VIEW_TITLE, "data"),
    )
    app.clientside_callback(
        ClientsideFunction("viewer", "show"),
        Output(ids.IMAGE, "id"),
        Input(ids.IMAGE, "data"),
    )
    paint_from(app, ids.FILE_PARTS)
    app.clientside_callback(
        ClientsideFunction("viewer", "refresh"),
        Output(ids.SHOWN, "id"),
        Input(ids.FILE_PARTS, "data"),
        State(ids.IMAGE, "data"),
        prevent_initial_call=True,
    )


def show(
    pathname: str, search: str, _live: CallbackValue, shown: Properties | None
) -> tuple[CallbackValue, ...]:
    """Return the view of the address's file; the plot only when the file has changed."""
    address = parse(pathname, search)
    if address is None:
        raise PreventUpdate
    user = person()
    now = request_coalescing.moment()
    try:
        view = file_view.read_address(user, _key(address), address.proposal, tuple(Part))
    except NotFound as error:
        return _nothing(now, str(error), empty_states.no_such_file(address))
    except Conflict as error:
        return _nothing(now, "Several files", empty_states.several_files(address, error))
    if view is None:
        return _nothing(now, "Data", empty_states.no_frames(address))
    file = view.file
    is_same = shown is not None and (shown["id"], shown.get("checksum")) == (file.id, file.checksum)
    image, trouble = (no_update, "") if is_same else _display(user, file)
    identity = {"id": file.id, "checksum": file.checksum}
    return (
        "shown unreadable" if trouble else "shown",
        {"at": now.newest, "of": identity, "html": draw(address, view, REGIONS, trouble)},
        image,
        no_update if is_same else identity,
        f"{file.file_name} · GSP Live",
    )


def find(user: User, address: Address) -> int | None:
    """Return the id of the file of an address; None while there is no frame."""
    return file_view.find(user, _key(address), address.proposal)


def _key(address: Address) -> int | str | None:
    return file_key(address.file) if address.file is not None else None


def regions(
    user: User, address: Address, file_id: int, names: Collection[str], when: Moment | None = None
) -> dict[str, str]:
    """Return some of `REGIONS` as HTML, by their ids.

    Raises
    ------
    NotFound
        No such file for this person.
    """
    selected = [name for name in REGIONS if name in names]
    if not selected:
        return {}
    parts = {PARTS[name] for name in selected if name in PARTS}
    view = file_view.read(user, file_id, parts, when)
    key = (address, file_id, tuple(member.id for member in view.family))

    def drawn(name: str) -> str:
        if name not in SHARED:
            return draw_region(address, view, name)
        return request_coalescing.read(when, (name, *key), lambda: draw_region(address, view, name))

    return {name: drawn(name) for name in selected}


def draw(
    address: Address, view: FileView, names: Collection[str], trouble: str = ""
) -> dict[str, str]:
    """Return regions of a file that has been read; `trouble` is why it has no picture."""
    return {name: draw_region(address, view, name, trouble) for name in names}


def draw_region(address: Address, view: FileView, name: str, trouble: str = "") -> str:
    """Return one of `REGIONS` as HTML."""
    children: Children
    if name == ids.HEAD:
        children = tabs.draw(address, view)
    elif name == ids.NOTES:
        children = notes.draw(view.file, trouble)
    elif name == ids.ACTIONS:
        children = action_bar.draw(view)
    elif name == ids.RUNS:
        children = run_lines.draw(view.runs)
    else:
        children = comment_list.draw(view.comments)
    return html_of(children)


def show_header(is_open: bool, shown: Mapping[str, CallbackValue] | None) -> Children:
    """Return the table of the header once it is opened."""
    if not is_open or not shown:
        return []
    user = person()
    return header_table.draw(contents.header(user, lookup.get(user, int(shown["id"]))))


def _display(user: User, file: ShownFile) -> tuple[CallbackValue, str]:
    try:
        return display.of_file(user, file.id).as_dict(), ""
    except ServiceError as error:
        return None, str(error)


def _nothing(now: Moment, title: str, body: Children) -> tuple[CallbackValue, ...]:
    head = html_of(html.Div(body, className="empty"))
    drawn = {"at": now.newest, "of": None, "html": dict.fromkeys(REGIONS, "") | {ids.HEAD: head}}
    return ("bare", drawn, None, None, f"{title.rstrip('.')} · GSP Live")
