"""What a person changes on the user page: names, password, API token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, html
from dash.exceptions import PreventUpdate
from flask import request
from flask_login import current_user, login_user

from callbacks.core.forms import Done, connect
from callbacks.core.guard import guarded, person
from services.accounts import accounts, profile

SAVED = "Your changes were saved."
VISUAL_SAVED = "Every page and figure is shown so from now on."
PASSWORD_SAVED = "Your password was changed; your other sessions were ended."
NAMES = ("first_name", "last_name", "partner")
VISUAL = ("colormap", "theme", "show_saturated", "show_title")
PASSWORD_FIELDS = ("old", "password", "confirmation")


def register(app: Dash) -> None:
    """Connect the forms of the user page."""
    connect(app, "user", NAMES, introduce)
    connect(app, "visual", VISUAL, save_visual)
    connect(app, "password", PASSWORD_FIELDS, change_password)
    app.callback(
        Output("user-token", "children"),
        Input("user-renew", "n_clicks"),
        prevent_initial_call=True,
    )(guarded(1)(renew_token))


def introduce(typed: Mapping[str, Any]) -> Done:
    """Save first and last name, and the partner."""
    profile.introduce(person(), **{name: str(typed[name] or "") for name in NAMES})
    return Done(SAVED)


def save_visual(typed: Mapping[str, Any]) -> Done:
    """Save how pages and figures are shown."""
    accounts.save_visual(person(), **typed)
    return Done(VISUAL_SAVED, props={"theme": {"data": typed["theme"]}})


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
