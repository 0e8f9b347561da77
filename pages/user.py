"""The user page: who one is, the API token, how pages look, sessions, the password."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from callbacks.core.guard import person
from callbacks.core.router import Page
from pages.core import forms
from services.accounts import accounts, partners
from services.accounts.passwords import REQUIREMENTS

MASK = "•" * 20
THEMES = ({"value": "dark", "label": "Dark"}, {"value": "light", "label": "Light"})


def layout(_pathname: str, _search: str) -> html.Main:
    """Return the person's own page."""
    user = person()
    return html.Main(
        [
            html.H1(f"User Information - {user.username}"),
            html.Div(
                [
                    html.Div([_names(user), _token()]),
                    html.Div([_visual(user.visual or {}), _sessions()]),
                    html.Div([_password(user)]),
                ],
                className="panels stacks",
            ),
            html.P("Please don't share your credentials", className="quiet"),
        ],
        className="sheet",
    )


def _names(user: Any) -> html.Section:
    return html.Section(
        [
            html.H2("Who you are"),
            forms.form(
                "user",
                forms.text(
                    "user", "first_name", "First Name", user.first_name, autoComplete="given-name"
                ),
                forms.text(
                    "user", "last_name", "Last Name", user.last_name, autoComplete="family-name"
                ),
                forms.text(
                    "user",
                    "email",
                    "Email",
                    user.email,
                    help="The observatory's staff can change the address.",
                    readOnly=True,
                ),
                forms.select(
                    "user", "partner", "Partner", partners.names(), user.partner or partners.OTHER
                ),
                forms.buttons("user", "Apply changes"),
            ),
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
            html.Div(
                html.Button("Make a new token", id="user-renew", type="button"),
                className="buttons",
            ),
        ]
    )


def _visual(visual: dict[str, Any]) -> html.Section:
    colormap = visual.get("colormap")
    return html.Section(
        [
            html.H2("Visual Options"),
            forms.form(
                "visual",
                forms.select(
                    "visual",
                    "colormap",
                    "Colour map",
                    accounts.COLORMAPS,
                    colormap if colormap in accounts.COLORMAPS else accounts.COLORMAPS[0],
                ),
                forms.select(
                    "visual", "theme", "Theme", THEMES, visual.get("theme", THEMES[0]["value"])
                ),
                forms.switch(
                    "visual",
                    "show_saturated",
                    "Show saturated pixels",
                    visual.get("show_saturated", True),
                ),
                forms.switch("visual", "show_title", "Show title", visual.get("show_title", True)),
                forms.buttons("visual", "Apply options"),
            ),
        ]
    )


def _sessions() -> html.Section:
    return html.Section(
        [
            html.H2("Sessions"),
            html.P(
                "Left a browser signed in somewhere? This signs you out in all of them, here too. "
                "Scripts with the API token go on.",
                className="quiet",
            ),
            html.Div(
                html.Button(
                    "Sign out everywhere",
                    type="button",
                    **{"data-command": "logout", "data-everywhere": "yes"},
                ),
                className="buttons",
            ),
        ]
    )


def _password(user: Any) -> html.Section:
    def secret(name: str, label: str, complete: str) -> Any:
        return forms.text("password", name, label, type="password", autoComplete=complete)

    return html.Section(
        [
            html.H2("Password change"),
            forms.form(
                "password",
                # For the browser's password store.
                html.Div(
                    dcc.Input(value=user.username, readOnly=True, autoComplete="username"),
                    hidden=True,
                ),
                secret("old", "Old Password", "current-password"),
                html.Ol([html.Li(rule) for rule in REQUIREMENTS], className="quiet rules"),
                secret("password", "New Password", "new-password"),
                secret("confirmation", "New Password Confirmation", "new-password"),
                forms.buttons("password", "Change password"),
            ),
        ]
    )


PAGE = Page("user", "User · GSP Live", lambda path: path == "/user", layout)
