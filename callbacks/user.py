"""What a person changes on the user page: names, password, API token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, html
from dash.exceptions import PreventUpdate
from flask import request
from flask_login import current_user, login_user

from callbacks.forms import Done, connect
from callbacks.guard import guarded, person
from services import accounts, profile

NAMES_SAVED = "Your name was saved."
PASSWORD_SAVED = "Your password was changed; your other sessions were ended."
PASSWORD_FIELDS = ("old", "password", "confirmation")


def register(app: Dash) -> None:
    """Connect the forms of the user page."""
    connect(app, "user", ("first_name", "last_name"), save_names)
    connect(app, "password", PASSWORD_FIELDS, change_password)
    app.callback(
        Output("user-token", "children"),
        Input("user-renew", "n_clicks"),
        prevent_initial_call=True,
    )(guarded(1)(renew_token))


def save_names(typed: Mapping[str, Any]) -> Done:
    """Save first and last name."""
    profile.rename(
        person(), first_name=typed["first_name"] or "", last_name=typed["last_name"] or ""
    )
    return Done(NAMES_SAVED)


def change_password(typed: Mapping[str, Any]) -> Done:
    """Change the password, or say at the field what is wrong with it."""
    old, new, again = (typed[name] or "" for name in PASSWORD_FIELDS)
    profile.change_password(person(), old, new, again, request.remote_addr or "")
    # This session goes on, under the account's new session version.
    login_user(current_user._get_current_object())
    empty = {f"password-{name}": {"value": ""} for name in PASSWORD_FIELDS}
    return Done(PASSWORD_SAVED, props=empty)


def renew_token(clicks: int | None) -> list[Any]:
    """Make a new API token and show it, this once."""
    if not clicks:
        raise PreventUpdate
    token = accounts.renew_token(person())
    return [
        html.Code(token, className="token"),
        html.Span("Copy it now: it is not shown again. The old one is dead.", className="quiet"),
    ]
