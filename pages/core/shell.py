"""The frame around every page: top bar, stores, toasts, dialogs."""

from __future__ import annotations

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import dcc, html
from flask import has_request_context
from flask_login import current_user

from callbacks.core.dash_types import Component
from callbacks.core.guard import person
from services import access
from services.access import Action
from services.event_cursor import EventCursor

KEYS = (
    ("↑ ↓", "previous, next file"),
    ("← →", "previous, next product of the file"),
    ("/", "find a file by name"),
    ("g", "go to a page of the list"),
    ("h", "header"),
    ("o", "options of the viewer"),
    ("s c", "saturated pixels, cosmic rays"),
    ("a w", "trace and windows, wavelength axis"),
    ("f", "follow the newest file"),
    ("t", "dark or light"),
    (", .", "in a spectrum: previous, next pixel"),
    ("+ - 0", "in a spectrum: zoom in, zoom out, show all"),
    ("z c", "in a spectrum: set a redshift, add another spectrum"),
    ("l n a", "in a spectrum: logarithmic axis, normalized flux, arc"),
    ("?", "this list"),
)

LINKS = (
    ("data", "/data", "Data"),
    ("night", "/night", "Tonight"),
    ("search", "/search", "Search"),
    ("proposals", "/proposals", "Proposals"),
    ("logs", "/logs", "Logs"),
)


STAFF_LINK = ("management", "/management", "Management")


def layout() -> Component:
    """Return the frame for the person who is signed in."""
    signed_in = has_request_context() and current_user.is_authenticated
    name = person().full_name if signed_in else ""
    manages = signed_in and access.may(person(), Action.MANAGE)
    since = EventCursor.at_newest().resume if signed_in else 0
    return html.Div(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            *(dcc.Store(id=store) for store in _STORES),
            html.Div(id="live", hidden=True, **{"data-since": str(since)}),
            html.A("Skip to the content", href="#page", className="skip"),
            _top_bar(name, (*LINKS, STAFF_LINK) if manages else LINKS),
            html.Div(id="conditions", role="status"),
            html.Div(id="page"),
            html.Div(id="toasts", **{"aria-live": "polite"}),
            _confirm(),
            _keys(),
        ],
        id="shell",
    )


_STORES = (
    "page-name",
    "document-title",
    "toast",
    "go",
    "focus",
    "theme",
    "command",
    "done",
    "live-index",
    "live-view",
    "live-run",
    "live-logs",
    "live-access",
    "live-night",
    "live-work",
    "live-trends",
)


def _top_bar(name: str, shown: Sequence[tuple[str, str, str]]) -> Component:
    links = [
        html.A(label, href=href, **{"data-go": "", "data-page": page})
        for page, href, label in shown
    ]
    return html.Header(
        [
            html.A(
                [html.Span(className="brand-mark", **{"aria-hidden": "true"}), "GSP Live"],
                href="/",
                className="brand",
                title="Goodman Spectrograph Pipeline, live",
                **{"data-go": ""},
            ),
            html.Nav([*links, html.A("API Docs", href="/api/docs")], **{"aria-label": "Pages"}),
            html.Div(
                [
                    html.Span(id="lamp", role="img", title="Connecting", **{"data-state": "wait"}),
                    html.Button(
                        "?",
                        type="button",
                        className="plain",
                        title="Keyboard (?)",
                        **{"data-command": "keys", "aria-label": "Keyboard"},
                    ),
                    html.Button(
                        id="theme-toggle",
                        type="button",
                        className="plain theme",
                        title="Dark or light (t)",
                        **{"data-command": "theme", "aria-label": "Dark or light theme"},
                    ),
                    html.A(name, href="/user", className="person", title=name, **{"data-go": ""}),
                    html.Button(
                        "Logout", type="button", className="plain", **{"data-command": "logout"}
                    ),
                ],
                className="corner",
            ),
        ],
        className="top",
    )


def _confirm() -> Component:
    return html.Dialog(
        [
            html.P(""),
            html.Div(
                [
                    html.Button(
                        "Cancel",
                        type="button",
                        value="no",
                        className="btn btn-secondary",
                        autoFocus="autofocus",
                    ),
                    dbc.Button("Delete", type="button", value="yes", color="danger", outline=True),
                ],
                className="buttons",
            ),
        ],
        id="confirm",
        **{"aria-label": "Please confirm"},
    )


def _keys() -> Component:
    rows = [html.Tr([html.Th(html.Kbd(keys)), html.Td(action)]) for keys, action in KEYS]
    return html.Dialog(
        [
            html.H2("Keyboard"),
            html.Table(html.Tbody(rows)),
            html.Div(
                [
                    html.A("Manual", href="/manual", className="btn btn-secondary"),
                    dbc.Button("Close", type="button", value="no", color="secondary"),
                ],
                className="buttons",
            ),
        ],
        id="keys",
        **{"aria-label": "Keyboard"},
    )
