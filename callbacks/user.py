"""The user page: names, visual options, password and API token."""

from __future__ import annotations

from collections.abc import Mapping

from dash import Dash, Input, Output, html
from dash.exceptions import PreventUpdate
from flask import request
from flask_login import current_user, login_user

from callbacks.core.dash_types import CallbackValue, Component
from callbacks.core.forms import FormResult, connect
from callbacks.core.guard import guarded, person
from services.accounts import profile, sessions, visual_options

SAVED = "Your changes were saved."
VISUAL_SAVED = "Your visual options were saved and apply to all pages and figures."
PASSWORD_SAVED = "Your password was changed. Your other sessions were ended."
TOKEN_RENEWED = "Copy it now: it is not shown again. The previous token no longer works."
NAMES = ("first_name", "last_name", "partner")
VISUAL = ("colormap", "theme", "show_saturated", "show_title")
PASSWORD_FIELDS = ("old", "password", "confirmation")


def register(app: Dash) -> None:
    """Connect the forms of the user page."""
    connect(app, "user", NAMES, save_names)
    connect(app, "visual", VISUAL, save_visual)
    connect(app, "password", PASSWORD_FIELDS, change_password)
    app.callback(
        Output("user-token", "children"),
        Input("user-renew", "n_clicks"),
        prevent_initial_call=True,
    )(guarded(1)(renew_token))


def save_names(typed: Mapping[str, CallbackValue]) -> FormResult:
    """Save first name, last name and partner."""
    profile.edit(person(), **{name: str(typed[name] or "") for name in NAMES})
    return FormResult(SAVED)


def save_visual(typed: Mapping[str, CallbackValue]) -> FormResult:
    """Save the visual options."""
    visual_options.save(person(), **typed)
    return FormResult(VISUAL_SAVED, props={"theme": {"data": typed["theme"]}})


def change_password(typed: Mapping[str, CallbackValue]) -> FormResult:
    """Change the password; this session continues."""
    old, new, confirmation = (str(typed[name] or "") for name in PASSWORD_FIELDS)
    profile.change_password(person(), old, new, confirmation, request.remote_addr or "")
    # The change has invalidated all sessions of the account.
    login_user(current_user._get_current_object())
    empty = {f"password-{name}": {"value": ""} for name in PASSWORD_FIELDS}
    return FormResult(PASSWORD_SAVED, props=empty)


def renew_token(clicks: int | None) -> list[Component]:
    """Create a new API token and show it once."""
    if not clicks:
        raise PreventUpdate
    token = sessions.renew_token(person())
    return [html.Code(token, className="token"), html.Span(TOKEN_RENEWED, className="quiet")]
