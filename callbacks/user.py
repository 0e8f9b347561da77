"""What a person changes on the user page: names, password, API token."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate
from flask import request
from flask_login import current_user, login_user

from callbacks.guard import guarded, person, toast
from services import accounts, profile
from services.errors import Unacceptable

NAMES_SAVED = "Your name was saved."
PASSWORD_SAVED = "Your password was changed; your other sessions were ended."
FIELDS = ("old", "password", "confirmation")


def register(app: Dash) -> None:
    """Connect the forms of the user page."""
    app.callback(
        Output("toast", "data", allow_duplicate=True),
        Input("user-save", "n_clicks"),
        State("user-first", "value"),
        State("user-last", "value"),
        prevent_initial_call=True,
    )(guarded(1)(save_names))
    app.callback(
        *(Output(f"user-{field}-error", "children") for field in FIELDS),
        *(Output(f"user-{field}", "value") for field in FIELDS),
        Output("toast", "data", allow_duplicate=True),
        Input("user-change", "n_clicks"),
        Input("user-confirmation", "n_submit"),
        *(State(f"user-{field}", "value") for field in FIELDS),
        prevent_initial_call=True,
    )(guarded(7)(change_password))
    app.callback(
        Output("user-token", "children"),
        Input("user-renew", "n_clicks"),
        prevent_initial_call=True,
    )(guarded(1)(renew_token))


def save_names(clicks: int | None, first: str | None, last: str | None) -> dict[str, Any]:
    """Save first and last name."""
    if not clicks:
        raise PreventUpdate
    profile.rename(person(), first_name=first or "", last_name=last or "")
    return toast(NAMES_SAVED, "success")


def change_password(
    clicks: int | None,
    submits: int | None,
    old: str | None,
    new: str | None,
    confirmation: str | None,
) -> tuple[Any, ...]:
    """Change the password, or say at the field what is wrong with it."""
    if not (clicks or submits):
        raise PreventUpdate
    address = request.remote_addr or ""
    try:
        profile.change_password(person(), old or "", new or "", confirmation or "", address)
    except Unacceptable as error:
        sentences = error.detail if isinstance(error.detail, list) else [error.message]
        wrong = [html.Div(sentence) for sentence in sentences]
        said = [wrong if field == error.field else None for field in FIELDS]
        return (*said, no_update, no_update, no_update, no_update)
    # This session goes on, under the account's new session version.
    login_user(current_user._get_current_object())
    return (None, None, None, "", "", "", toast(PASSWORD_SAVED, "success"))


def renew_token(clicks: int | None) -> list[Any]:
    """Make a new API token and show it, this once."""
    if not clicks:
        raise PreventUpdate
    token = accounts.renew_token(person())
    return [
        html.Code(token, className="token"),
        html.Span("Copy it now: it is not shown again. The old one is dead.", className="quiet"),
    ]
