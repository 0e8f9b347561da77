"""What the buttons do: run a step, cancel, try again, delete, comment; theme and options."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks.core.guard import guarded, person, toast
from callbacks.data.address import parse
from jobs import queue
from services.accounts import accounts
from services.errors import InvalidRequest
from services.files import comments, deletion
from services.runs import lifecycle

Command = Callable[[Any, Mapping[str, str]], str]
"""Do it for a person, with the button's data; return what is said afterwards ("" for nothing)."""


def register(app: Dash) -> None:
    """Connect the buttons and switches."""
    app.callback(
        Output("done", "data"),
        Output("toast", "data", allow_duplicate=True),
        Output("go", "data", allow_duplicate=True),
        Input("command", "data"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )(guarded(3)(act))
    app.callback(
        Output("done", "data", allow_duplicate=True),
        Output("comment-text", "value"),
        Input("comment-add", "n_clicks"),
        State("comment-text", "value"),
        State("shown", "data"),
        prevent_initial_call=True,
    )(guarded(2)(add_comment))
    app.clientside_callback(
        ClientsideFunction("data", "askForAll"),
        Output("done", "id"),
        Input("done", "data"),
        prevent_initial_call=True,
    )
    app.callback(Output("theme", "id"), Input("theme", "data"), prevent_initial_call=True)(
        guarded(1)(save_theme)
    )
    app.clientside_callback(
        ClientsideFunction("page", "theme"),
        Output("theme-toggle", "className"),
        Input("theme", "data"),
    )
    options = [
        Input("colormap", "value"),
        Input("stretch", "value"),
        Input("limits", "value"),
        Input("limit-low", "value"),
        Input("limit-high", "value"),
        Input("show-saturated", "value"),
        Input("show-title", "value"),
        Input("show-cosmic", "value"),
        Input("show-apertures", "value"),
        Input("show-wavelengths", "value"),
    ]
    app.clientside_callback(
        ClientsideFunction("viewer", "options"), Output("colormap", "className"), *options
    )
    app.callback(
        Output("show-title", "className"),
        Input("colormap", "value"),
        Input("show-saturated", "value"),
        Input("show-title", "value"),
        prevent_initial_call=True,
    )(guarded(1)(save_options))


def act(command: Mapping[str, str] | None, pathname: str, search: str) -> tuple[Any, Any, Any]:
    """Do what a button says."""
    if not command:
        raise PreventUpdate
    do = COMMANDS.get(str(command.get("command")))
    if do is None:
        raise InvalidRequest("This page is out of date: reload it.")
    said = do(person(), command)
    onward: Any = no_update
    address = parse(pathname, search)
    if do is _delete and address is not None and address.file is not None:
        onward = {"href": address.href(file=command.get("next") or None), "replace": True}
    return secrets.token_hex(4), toast(said, "success") if said else no_update, onward


def add_comment(_clicks: Any, text: str | None, shown: Mapping[str, Any] | None) -> tuple[Any, str]:
    """Add what was written to the file on show."""
    if not shown:
        raise PreventUpdate
    comments.add(person(), int(shown["id"]), text or "")
    return secrets.token_hex(4), ""


def save_theme(theme: str | None) -> Any:
    """Keep the theme with the account, for the next page and the next device."""
    if theme:
        accounts.save_visual(person(), theme=theme)
    return no_update


def save_options(colormap: str, saturated: list[str] | None, titled: list[str] | None) -> Any:
    """Keep how pictures are shown with the account."""
    accounts.save_visual(
        person(), colormap=colormap, show_saturated=bool(saturated), show_title=bool(titled)
    )
    return no_update


def number(command: Mapping[str, str], name: str) -> int:
    """Return an id that a button carries."""
    text = str(command.get(name, ""))
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise InvalidRequest("This page is out of date: reload it.")
    return int(text)


def _run(user: Any, command: Mapping[str, str]) -> str:
    queue.submit(user, str(command.get("block")), number(command, "file"), None)
    return ""


def _use(user: Any, command: Mapping[str, str]) -> str:
    chosen = {str(command.get("need")): number(command, "calibration")}
    queue.submit(user, str(command.get("block")), number(command, "file"), None, chosen)
    return "It is made again with the calibration you chose."


def _again(user: Any, command: Mapping[str, str]) -> str:
    run = lifecycle.request_again(user, number(command, "file"))
    return f"{lifecycle.as_dict(run)['label']} is asked for again."


def _cancel(user: Any, command: Mapping[str, str]) -> str:
    run = lifecycle.cancel(user, number(command, "run"))
    return "" if run.state == "cancelled" else "It ends after the step it is in."


def _retry(user: Any, command: Mapping[str, str]) -> str:
    lifecycle.retry(user, number(command, "run"))
    return ""


def _delete(user: Any, command: Mapping[str, str]) -> str:
    names = deletion.delete(user, number(command, "file"))
    return f"Deleted {names[0]}" + (f" and {len(names) - 1} made from it." if names[1:] else ".")


def _delete_comment(user: Any, command: Mapping[str, str]) -> str:
    comments.delete(user, number(command, "comment"))
    return ""


COMMANDS: dict[str, Command] = {
    "run": _run,
    "use": _use,
    "again": _again,
    "cancel": _cancel,
    "retry": _retry,
    "delete": _delete,
    "delete-comment": _delete_comment,
}
