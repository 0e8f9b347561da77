"""The user page: names, API token, visual options, sessions and password."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import dcc, html

from callbacks.core.dash_types import Component
from callbacks.core.guard import person
from callbacks.core.router import Page
from pages.core import forms
from services.accounts import partners, profile, visual_options
from services.accounts.passwords import REQUIREMENTS
from services.accounts.profile import Profile
from services.accounts.visual_options import VisualOptions

VISUAL = ("colormap", "theme", "show_saturated", "show_title")
MASK = "•" * 20
RENEW_QUESTION = (
    "Create a new API token? The present one stops working at once, in every script that uses it."
)
THEMES = [{"value": name, "label": name.capitalize()} for name in visual_options.THEMES]


def layout(_pathname: str, _search: str) -> html.Main:
    """Return the signed-in person's own page."""
    return draw(profile.of(person()), partners.names())


def draw(user: Profile, partner_names: list[str]) -> html.Main:
    """Return the user page of an account."""
    return html.Main(
        [
            html.H1(f"User Information - {user.username}"),
            html.Div(
                [
                    html.Div([_names(user, partner_names), _token(user.has_token)]),
                    html.Div([_visual(user.visual), _sessions()]),
                    html.Div([_password(user.username)]),
                ],
                className="panels stacks",
            ),
            html.P("Please don't share your credentials", className="quiet"),
        ],
        className="sheet",
    )


def _names(user: Profile, partner_names: list[str]) -> html.Section:
    form = "user"
    first, last = {"autocomplete": "given-name"}, {"autocomplete": "family-name"}
    return html.Section(
        [
            html.H2("Name and address"),
            forms.form(
                form,
                forms.text(form, "first_name", "First Name", user.first_name, **first),
                forms.text(form, "last_name", "Last Name", user.last_name, **last),
                forms.text(
                    form,
                    "email",
                    "Email",
                    user.email,
                    help="The observatory's staff can change the address.",
                    readonly=True,
                ),
                forms.select(form, "partner", "Partner", partner_names, user.partner),
                forms.buttons(form, "Apply changes"),
            ),
        ]
    )


def _token(has_token: bool) -> html.Section:
    shown = (
        html.Code(MASK, className="token")
        if has_token
        else html.Span("No token", className="quiet")
    )
    return html.Section(
        [
            html.H2("API Token"),
            html.Div(shown, id="user-token", className="token-line"),
            html.P(
                [
                    "Scripts send it as ",
                    html.Code("Authorization: Token …"),
                    ". A new token is shown once and replaces the previous one. See ",
                    html.A("API Docs", href="/api/docs"),
                    ".",
                ],
                className="quiet",
            ),
            html.Div(
                html.Button(
                    "Create new token",
                    id="user-renew",
                    type="button",
                    className="btn btn-secondary",
                    **{
                        "data-command": "ask" if has_token else "renew-token",
                        "data-then": "renew-token",
                        "data-yes": "Create new token",
                        "data-question": RENEW_QUESTION,
                    },
                ),
                className="buttons",
            ),
        ]
    )


def _visual(visual: VisualOptions) -> html.Section:
    form = "visual"
    colormaps = visual_options.COLORMAPS
    return html.Section(
        [
            html.H2("Visual Options"),
            dcc.Store("visual-shown", data={name: getattr(visual, name) for name in VISUAL}),
            forms.form(
                form,
                forms.select(form, "colormap", "Colour map", colormaps, visual.colormap),
                forms.select(form, "theme", "Theme", THEMES, visual.theme),
                forms.switch(
                    form, "show_saturated", "Show saturated pixels", visual.show_saturated
                ),
                forms.switch(form, "show_title", "Show title", visual.show_title),
                forms.buttons(form, "Apply options"),
            ),
        ]
    )


def _sessions() -> html.Section:
    return html.Section(
        [
            html.H2("Sessions"),
            html.Ul(id="user-sessions", className="sessions"),
            html.P(
                "“Sign out everywhere” includes this browser. The API token remains valid.",
                className="quiet",
            ),
            html.Div(
                html.Button(
                    "Sign out everywhere",
                    type="button",
                    className="btn btn-secondary",
                    **{"data-command": "logout", "data-everywhere": "yes"},
                ),
                className="buttons",
            ),
        ]
    )


def _password(username: str) -> html.Section:
    def secret(name: str, label: str, complete: str) -> Component:
        return forms.text("password", name, label, type="password", autocomplete=complete)

    return html.Section(
        [
            html.H2("Password change"),
            forms.form(
                "password",
                # For the browser's password manager: the account of the password.
                html.Div(
                    dbc.Input(value=username, readonly=True, autocomplete="username"),
                    hidden=True,
                ),
                html.P(
                    "A new password signs you out in all other browsers and revokes your API "
                    "token.",
                    className="quiet",
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
