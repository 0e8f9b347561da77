"""The comments on a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from dash import html

from callbacks.core.dash_types import Component
from services.data_page.file_view import CommentView


def draw(comments: Sequence[CommentView]) -> list[Component]:
    """Return the comments, with a button at those that the person may delete."""
    return [_comment(comment) for comment in comments]


def _comment(comment: CommentView) -> Component:
    created = comment.created.astimezone(dt.UTC)
    heading: list[Component] = [
        html.Strong(comment.author),
        html.Time(f"{created:%Y-%m-%d %H:%M} UTC", dateTime=created.isoformat()),
    ]
    if comment.may_delete:
        attributes = {
            "data-command": "ask",
            "data-then": "delete-comment",
            "data-comment": str(comment.id),
            "data-question": "Delete this comment?",
            "aria-label": f"Delete the comment of {comment.author}",
        }
        heading.append(html.Button("Delete", type="button", className="plain", **attributes))
    return html.Li([html.Div(heading, className="by"), html.P(comment.text)], key=str(comment.id))
