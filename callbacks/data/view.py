"""The file on show: its family's tabs, plot, notes, actions, runs, header and comments."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate

from callbacks.core.guard import guarded, person
from callbacks.core.markup import html_of, paint_from
from callbacks.data import components
from callbacks.data import family as data_family
from callbacks.data.address import Address, file_key, parse
from reduction.frames import DataType
from services import request_coalescing
from services.errors import Conflict, NotFound, ServiceError
from services.files import (
    actions,
    comments,
    contents,
    deletion,
    file_list,
    lineage,
    lookup,
    reduction_progress,
)
from services.files.visualization import display
from services.runs import lifecycle
from services.search.filters import FileFilters

N_VIEW = 5

REGIONS = ("view-head", "view-notes", "view-actions", "view-runs", "comments")
"""The parts of the page that are drawn anew when something happens to the file on show."""
SHARED = frozenset({"view-head", "view-notes", "view-runs"})
"""Those that are the same for all who see the same members of the family."""


def register(app: Dash) -> None:
    """Connect the view of a file."""
    app.callback(
        Output("view", "className"),
        Output("view-parts", "data"),
        Output("image", "data"),
        Output("shown", "data"),
        Output("view-title", "data"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-view", "data"),
        State("shown", "data"),
    )(guarded(N_VIEW)(show))
    app.callback(
        Output("header-table", "children"),
        Input("header-open", "data"),
        Input("shown", "data"),
    )(guarded(1)(show_header))
    app.clientside_callback(
        ClientsideFunction("data", "filterHeader"),
        Output("header-search", "className"),
        Input("header-search", "value"),
        Input("header-table", "children"),
    )
    app.clientside_callback(
        ClientsideFunction("page", "title"), Output("view-title", "id"), Input("view-title", "data")
    )
    app.clientside_callback(
        ClientsideFunction("viewer", "show"),
        Output("image", "id"),
        Input("image", "data"),
    )
    paint_from(app, "view-parts")
    app.clientside_callback(
        ClientsideFunction("viewer", "refresh"),
        Output("shown", "id"),
        Input("view-parts", "data"),
        State("image", "data"),
        prevent_initial_call=True,
    )


def show(pathname: str, search: str, _live: Any, shown: dict[str, Any] | None) -> tuple[Any, ...]:
    """Draw the file of the address; the plot only when it is another one than before."""
    address = parse(pathname, search)
    if address is None:
        raise PreventUpdate
    user = person()
    now = request_coalescing.moment()
    try:
        file = find(user, address)
    except NotFound as error:
        return _nothing(now, str(error), components.gone(address))
    except Conflict as error:
        return _nothing(now, "Several files", components.several(address, error))
    if file is None:
        return _nothing(now, "Data", components.nothing_yet(address))
    same = shown is not None and (shown["id"], shown["checksum"]) == (file.id, file.checksum)
    image, trouble = (no_update, None) if same else _facts(file)
    state = {"id": file.id, "checksum": file.checksum}
    drawn = regions(user, address, file, REGIONS)
    if trouble:
        drawn["view-notes"] = html_of(components.notes(file, trouble))
    return (
        "shown" if trouble is None else "shown unreadable",
        {"at": now.latest, "of": state, "html": drawn},
        image,
        no_update if same else state,
        f"{file.file_name} · GSP Live",
    )


def regions(
    user: Any,
    address: Address,
    file: Any,
    names: Collection[str],
    when: request_coalescing.Moment | None = None,
) -> dict[str, str]:
    """Return some of `REGIONS` as HTML, for the file on show, which the person may see."""
    family = lineage.related(user, file, when)
    if all(member.id != file.id for member in family):
        family = [*family, file]
    draw: dict[str, Callable[[], Any]] = {
        "view-head": lambda: data_family.head(address, file, _original(family, file), family),
        "view-notes": lambda: components.notes(file, None),
        "view-actions": lambda: _actions(user, file, family, when),
        "view-runs": lambda: [components.run(line) for line in _runs(family, when)],
        "comments": lambda: [
            components.comment(user, said) for said in comments.listing(user, file.id, when)
        ],
    }
    whom = (address, file.id, tuple(member.id for member in family))

    def drawn(name: str) -> str:
        if name not in SHARED:
            return html_of(draw[name]())
        return request_coalescing.read(when, (name, *whom), lambda: html_of(draw[name]()))

    return {name: drawn(name) for name in REGIONS if name in names}


def _actions(
    user: Any, file: Any, family: list[Any], when: request_coalescing.Moment | None
) -> Any:
    lines = _runs(family, when)
    said = {line["message"] or f"{line['label']} is {line['state']}." for line in lines}
    states = actions.of_file(user, file, when)
    return components.actions(file, states, said, deletion.deletable(user, file, when))


def _runs(family: list[Any], when: request_coalescing.Moment | None) -> list[dict[str, Any]]:
    ids = tuple(member.id for member in family)
    return request_coalescing.read(when, ("runs", ids), lambda: lifecycle.newest(family))


def show_header(is_open: bool, shown: dict[str, Any] | None) -> Any:
    """Draw the header's table once it is opened."""
    if not is_open or not shown:
        return []
    user = person()
    return components.header_table(contents.header(user, lookup.get(user, int(shown["id"]))))


def find(user: Any, address: Address) -> Any:
    """Return the file of the address: the newest frame's furthest product when it names none."""
    if address.file is not None:
        return lookup.get(user, file_key(address.file))
    wanted = {"data_type": str(DataType.RAW)}
    if address.proposal:
        wanted["proposal_id"] = address.proposal
    newest = file_list.page(user, FileFilters.model_validate(wanted), "-date", 1, 1).rows
    if not newest:
        return None
    seen = reduction_progress.frames(user, [newest[0].id]).get(newest[0].id)
    return lookup.get(user, seen.file_id) if seen and seen.file_id else newest[0]


def _facts(file: Any) -> tuple[Any, str | None]:
    try:
        return display.facts(file), None
    except ServiceError as error:
        return None, str(error)


def _original(family: list[Any], file: Any) -> Any:
    return next((member for member in family if member.id == file.original_id), file)


def _nothing(now: request_coalescing.Moment, title: str, body: Any) -> tuple[Any, ...]:
    drawn = dict.fromkeys(REGIONS, "") | {"view-head": html_of(html.Div(body, className="empty"))}
    told = {"at": now.latest, "of": None, "html": drawn}
    return ("bare", told, None, None, f"{title.rstrip('.')} · GSP Live")
