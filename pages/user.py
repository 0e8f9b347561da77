"""The user page: who one is, the API token, the password."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from callbacks.guard import person
from callbacks.router import Page

RULES = (
    "Can't be similar to your other personal information",
    "Must contain at least 8 characters",
    "Can't be a commonly used password",
    "Can't be entirely numeric",
)
MASK = "•" * 20


def layout(_pathname: str, _search: str) -> html.Main:
    """Return the person's own page."""
    user = person()
    return html.Main(
        [
            html.H1(f"User Information - {user.username}"),
            html.Div([_names(user), _token(), _password()], className="panels"),
            html.P("Please don't share your credentials", className="quiet"),
        ],
        className="sheet",
    )


def _names(user: Any) -> html.Section:
    return html.Section(
        [
            html.H2("Who you are"),
            _field("First Name", "user-first", value=user.first_name, autoComplete="given-name"),
            _field("Last Name", "user-last", value=user.last_name, autoComplete="family-name"),
            _field("Email", "user-email", value=user.email, disabled=True),
            html.P("The observatory's staff can change the address.", className="quiet"),
            _buttons(html.Button("Apply changes", id="user-save", type="button")),
        ]
    )


def _token() -> html.Section:
    return html.Section(
        [
            html.H2("API Token"),
            html.Div(html.Code(MASK, className="token"), id="user-token", className="token-line"),
            html.P(
                [
                    "Scripts send it as ",
                    html.Code("Authorization: Token …"),
                    ". A new token is shown once and ends the old one; see ",
                    html.A("API Docs", href="/api/docs"),
                    ".",
                ],
                className="quiet",
            ),
            _buttons(html.Button("Make a new token", id="user-renew", type="button")),
        ]
    )


def _password() -> html.Section:
    def secret(label: str, field: str, complete: str) -> html.Div:
        return html.Div(
            [
                _field(label, f"user-{field}", type="password", autoComplete=complete),
                html.Div(id=f"user-{field}-error", className="wrong", role="alert"),
            ]
        )

    return html.Section(
        [
            html.H2("Password change"),
            secret("Old Password", "old", "current-password"),
            html.Ol([html.Li(rule) for rule in RULES], className="quiet rules"),
            secret("New Password", "password", "new-password"),
            secret("New Password Confirmation", "confirmation", "new-password"),
            _buttons(html.Button("Change password", id="user-change", type="button")),
        ]
    )


def _field(label: str, identity: str, **more: Any) -> html.Label:
    return html.Label([label, dcc.Input(id=identity, className="input", **more)], className="field")


def _buttons(*buttons: html.Button) -> html.Div:
    return html.Div(list(buttons), className="buttons")


PAGE = Page("user", "User · GSP Live", lambda path: path == "/user", layout)
