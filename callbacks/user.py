"""The user page: names, visual options, password, API token and sessions."""

from __future__ import annotations

from collections.abc import Mapping

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, State, html, set_props
from flask import request
from flask_login import current_user, login_user

from callbacks.core import button_actions
from callbacks.core.dash_types import CallbackValue, Component
from callbacks.core.forms import FormResult, connect
from callbacks.core.guard import guarded, person
from db.models import User
from services.accounts import profile, sessions, visual_options

SAVED = "Your changes were saved."
VISUAL_SAVED = "Your visual options were saved and apply to all pages and figures."
PASSWORD_SAVED = (
    "Your password was changed. Your other sessions were ended and your API token was revoked; "
    "create a new one if you use scripts."
)
TOKEN_RENEWED = "Copy it now: it is not shown again. The previous token no longer works."
SESSION_ENDED = "That browser is signed out."
NAMES = ("first_name", "last_name", "partner")
VISUAL = ("colormap", "theme", "show_saturated", "show_title")
PASSWORD_FIELDS = ("old", "password", "confirmation")


def register(app: Dash) -> None:
    """Connect the forms of the user page."""
    connect(app, "user", NAMES, save_names)
    connect(app, "visual", VISUAL, save_visual, State("visual-shown", "data"))
    connect(app, "password", PASSWORD_FIELDS, change_password)
    button_actions.ACTIONS["renew-token"] = renew_token
    button_actions.ACTIONS["end-session"] = end_session
    app.callback(
        Output("user-sessions", "children"), Input("done", "data"), Input("live-access", "data")
    )(guarded(1)(show_sessions))


def save_names(typed: Mapping[str, CallbackValue]) -> FormResult:
    """Save first name, last name and partner."""
    profile.edit(person(), **{name: str(typed[name] or "") for name in NAMES})
    return FormResult(SAVED)


def save_visual(typed: Mapping[str, CallbackValue], shown: CallbackValue) -> FormResult:
    """Save the visual options that were changed: others may have been changed in another window."""
    before = shown if isinstance(shown, dict) else {}
    changed = {name: typed[name] for name in VISUAL if typed[name] != before.get(name)}
    kept = visual_options.save(person(), **changed)
    theme = kept.get("theme", typed["theme"])
    return FormResult(
        VISUAL_SAVED,
        props={"theme": {"data": theme}, "visual-shown": {"data": dict(typed)}},
    )


def change_password(typed: Mapping[str, CallbackValue]) -> FormResult:
    """Change the password; this session continues."""
    old, new, confirmation = (str(typed[name] or "") for name in PASSWORD_FIELDS)
    profile.change_password(person(), old, new, confirmation, request.remote_addr or "")
    # The change has invalidated all sessions of the account.
    browser, signed_in = request.headers.get("User-Agent", ""), current_user._get_current_object()
    address = request.remote_addr or ""
    signed_in.key = sessions.start(signed_in.row, browser=browser, address=address)
    login_user(signed_in)
    empty = {f"password-{name}": {"value": ""} for name in PASSWORD_FIELDS}
    return FormResult(PASSWORD_SAVED, props=empty)


def renew_token(user: User, _: button_actions.ButtonData) -> str:
    """Create a new API token and show it once."""
    token = sessions.renew_token(user)
    shown = [html.Code(token, className="token"), html.Span(TOKEN_RENEWED, className="quiet")]
    set_props("user-token", {"children": shown})
    return ""


def end_session(user: User, data: button_actions.ButtonData) -> str:
    """Sign the person out in one browser."""
    sessions.end_of_id(user, button_actions.row_id(data, "session"))
    return SESSION_ENDED


def show_sessions(*_: CallbackValue) -> list[Component]:
    """Return the browsers in which the person is signed in."""
    return [_session(line) for line in sessions.of_person(person(), current_user.get_id())]


def _session(line: sessions.SessionLine) -> html.Li:
    used = f"signed in {line.created:%Y-%m-%d %H:%M} UTC, last used {line.seen:%Y-%m-%d}"
    text = [html.Strong(line.browser), html.Span(f" {used}", className="quiet")]
    if line.is_this:
        return html.Li([*text, dbc.Badge("this browser", color="secondary")])
    button = html.Button(
        "Sign out",
        type="button",
        className="plain danger",
        **{
            "data-command": "end-session",
            "data-session": str(line.id),
            "aria-label": f"Sign out {line.browser}, {used}",
        },
    )
    return html.Li([*text, " ", button])
