"""Buttons that carry their action in ``data-command``: one service call each.

The browser puts the other ``data-`` attributes of the button into the store ``command``. Pages add
their actions to `ACTIONS`. Such a button is an `html.Button` with Bootstrap's classes: `dbc.Button`
takes no ``data-`` attributes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks.core.dash_types import CallbackValue
from callbacks.core.guard import guarded, person, toast
from db.models import User
from services.errors import InvalidRequest

OUT_OF_DATE = "This page is out of date: reload it."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows an action: a message ("" for none), and an address to go to instead."""

    message: str = ""
    href: str | None = None


ButtonData = Mapping[str, str]
"""The ``data-`` attributes of a button, and ``pathname`` and ``search`` of the page."""

ButtonAction = Callable[[User, ButtonData], str | Outcome]
"""What a button does for a person; the message alone may stand for an `Outcome`."""

ACTIONS: dict[str, ButtonAction] = {}


def register(app: Dash) -> None:
    """Connect the buttons."""
    app.callback(
        Output("done", "data"),
        Output("toast", "data", allow_duplicate=True),
        Output("go", "data", allow_duplicate=True),
        Input("command", "data"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )(guarded(3)(act))
    app.clientside_callback(
        ClientsideFunction("data", "askForAll"),
        Output("done", "id"),
        Input("done", "data"),
        prevent_initial_call=True,
    )


def act(
    button: Mapping[str, str] | None, pathname: str | None, search: str | None
) -> tuple[CallbackValue, CallbackValue, CallbackValue]:
    """Carry out the action of a button."""
    if not button:
        raise PreventUpdate
    action = ACTIONS.get(str(button.get("command")))
    if action is None:
        raise InvalidRequest(OUT_OF_DATE)
    data = {**button, "pathname": pathname or "", "search": search or ""}
    result = action(person(), data)
    outcome = Outcome(result) if isinstance(result, str) else result
    message = toast(outcome.message, "success") if outcome.message else no_update
    target = {"href": outcome.href, "replace": True} if outcome.href is not None else no_update
    return secrets.token_hex(4), message, target


def row_id(data: ButtonData, name: str) -> int:
    """Return an id that a button carries.

    Raises
    ------
    InvalidRequest
        It is not a number: the page is of another release, or the request was not sent by it.
    """
    text = str(data.get(name, ""))
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise InvalidRequest(OUT_OF_DATE)
    return int(text)
