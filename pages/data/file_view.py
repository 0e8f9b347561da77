"""The fixed parts around the file on show: toolbar, header, comments."""

from __future__ import annotations

from dash import dcc, html

from callbacks.core.dash_types import Component
from callbacks.data import ids
from pages.core.labels import hidden_label
from services.files.comments import MAX_LENGTH


def toolbar() -> Component:
    """Return the buttons that open the header and the options of the viewer."""

    def fold(name: str, label: str, title: str, target: str, **more: str) -> Component:
        attributes = {
            "data-command": "toggle",
            "data-target": target,
            "aria-expanded": "false",
            "aria-controls": target,
            **more,
        }
        return html.Button(
            label, id=name, type="button", className="fold", title=title, **attributes
        )

    return html.Div(
        [
            fold(
                "header-toggle",
                "Header",
                "Header cards of the file (h)",
                "header-body",
                **{"data-store": ids.HEADER_OPEN},
            ),
            fold("options-toggle", "Options", "Colour map, limits, title (o)", "options"),
        ],
        className="toolbar",
    )


def header() -> Component:
    """Return the header cards and the field that searches them, closed at first."""
    return html.Section(
        [
            hidden_label(
                "Search the header",
                dcc.Input(
                    id=ids.HEADER_SEARCH,
                    type="search",
                    placeholder="Search keyword, value, comment",
                    autoComplete="off",
                ),
            ),
            html.Div(id=ids.HEADER_TABLE),
        ],
        id="header-body",
        hidden=True,
        **{"aria-label": "Header"},
    )


def comments() -> Component:
    """Return the comments, and the field for a new one."""
    text = dcc.Textarea(
        id=ids.COMMENT_TEXT, placeholder="Add new comment", rows=1, maxLength=MAX_LENGTH
    )
    add = html.Button("Add comment", id=ids.COMMENT_ADD, type="button", className="button")
    return html.Section(
        [
            html.H2("Comments"),
            html.Ul(id=ids.COMMENTS),
            html.Div([hidden_label("Add new comment", text), add], className="comment-new"),
        ],
        id="view-comments",
        className="comments",
    )
