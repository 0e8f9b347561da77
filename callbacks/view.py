"""The file on show: its family's tabs, plot, notes, actions, runs, header and comments."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate

from callbacks import parts
from callbacks.address import Address, file_key, parse
from callbacks.guard import guarded, person
from reduction.frames import DataType
from services import comments, files, glance, plots, runs
from services.errors import Conflict, NotFound, ServiceError

N_VIEW = 9


def register(app: Dash) -> None:
    """Connect the view of a file."""
    app.callback(
        Output("view", "className"),
        Output("view-head", "children"),
        Output("image", "data"),
        Output("view-notes", "children"),
        Output("view-actions", "children"),
        Output("view-runs", "children"),
        Output("comments", "children"),
        Output("shown", "data"),
        Output("view-title", "data"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-view", "data"),
        Input("done", "data"),
        State("shown", "data"),
    )(guarded(N_VIEW)(show))
    app.callback(
        Output("comments", "children", allow_duplicate=True),
        Input("live-comments", "data"),
        State("shown", "data"),
        prevent_initial_call=True,
    )(guarded(1)(show_comments))
    app.callback(
        Output("header-table", "children"),
        Input("header-open", "data"),
        Input("shown", "data"),
    )(guarded(1)(show_header))
    app.clientside_callback(
        ClientsideFunction("gsp", "filter"),
        Output("header-search", "className"),
        Input("header-search", "value"),
        Input("header-table", "children"),
    )
    app.clientside_callback(
        ClientsideFunction("gsp", "title"), Output("view-title", "id"), Input("view-title", "data")
    )
    app.clientside_callback(
        ClientsideFunction("viewer", "show"),
        Output("image", "id"),
        Input("image", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("viewer", "refresh"),
        Output("shown", "id"),
        Input("view-head", "children"),
        State("image", "data"),
        prevent_initial_call=True,
    )


def show(
    pathname: str, search: str, _live: Any, _done: Any, shown: dict[str, Any] | None
) -> tuple[Any, ...]:
    """Draw the file of the address; the plot only when it is another one than before."""
    address = parse(pathname, search)
    if address is None:
        raise PreventUpdate
    user = person()
    try:
        file = _file(user, address)
    except NotFound as error:
        return _nothing(str(error), parts.gone(address))
    except Conflict as error:
        return _nothing("Several files", parts.several(address, error))
    if file is None:
        return _nothing("Data", parts.nothing_yet(address))
    same = shown is not None and (shown["id"], shown["checksum"]) == (file.id, file.checksum)
    image, trouble = (no_update, None) if same else _facts(file)
    family = files.related(user, file) if file.original_id else [file]
    if all(member.id != file.id for member in family):
        family = [*family, file]
    lines = _runs(family)
    state = {
        "id": file.id,
        "checksum": file.checksum,
        "original": file.original_id,
        "original_name": _original(family, file).file_name,
    }
    return (
        "shown" if trouble is None else "shown unreadable",
        parts.head(address, file, _original(family, file), family),
        image,
        parts.notes(file, trouble),
        parts.actions(
            file,
            files.actions(user, file),
            {line["message"] or f"{line['label']} is {line['state']}." for line in lines},
            files.deletable(user, file),
        ),
        [line for line in map(parts.run, lines) if line is not None],
        _comments(user, file.id),
        no_update if same else state,
        f"{file.file_name} · GSP Live",
    )


def show_comments(_live: Any, shown: dict[str, Any] | None) -> Any:
    """Draw the comments alone: somebody has said something, and nothing else has changed."""
    if not shown:
        raise PreventUpdate
    return _comments(person(), int(shown["id"]))


def _comments(user: Any, file_id: int) -> list[Any]:
    return [parts.comment(user, comment) for comment in comments.listing(user, file_id)]


def show_header(is_open: bool, shown: dict[str, Any] | None) -> Any:
    """Draw the header's table once it is opened."""
    if not is_open or not shown:
        return []
    user = person()
    return parts.header_table(files.header(user, files.get(user, int(shown["id"]))))


def _file(user: Any, address: Address) -> Any:
    """Return the file of the address: the newest frame's furthest product when it names none."""
    if address.file is not None:
        return files.get(user, file_key(address.file))
    wanted = {"data_type": str(DataType.RAW)}
    if address.proposal:
        wanted["proposal_id"] = address.proposal
    newest = files.page(user, files.FileFilters.model_validate(wanted), "-date", 1, 1).rows
    if not newest:
        return None
    seen = glance.frames(user, [newest[0].id]).get(newest[0].id)
    return files.get(user, seen.file_id) if seen and seen.file_id else newest[0]


def _facts(file: Any) -> tuple[Any, str | None]:
    try:
        return plots.facts(file), None
    except ServiceError as error:
        return None, str(error)


def _original(family: list[Any], file: Any) -> Any:
    return next((member for member in family if member.id == file.original_id), file)


def _runs(family: list[Any]) -> list[dict[str, Any]]:
    """Return of each block on each file the newest run."""
    newest = []
    for member in family:
        blocks = set()
        for run in runs.of_file(member):
            if run.block not in blocks:
                blocks.add(run.block)
                newest.append(runs.as_dict(run))
    return newest


def _nothing(title: str, body: Any) -> tuple[Any, ...]:
    head = html.Div(body, className="empty")
    return ("bare", head, None, [], [], [], [], None, f"{title.rstrip('.')} · GSP Live")
