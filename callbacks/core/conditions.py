"""The banner of what affects the whole site, such as a full disk."""

from __future__ import annotations

from dash import html
from flask import Blueprint, Response

from callbacks.core.dash_types import Component
from callbacks.core.guard import person
from callbacks.core.markup import html_of
from jobs import queue
from reduction import notice_text
from reduction.notices import Notice
from services.context import site
from services.monitoring import site_conditions

blueprint = Blueprint("conditions", __name__)


@blueprint.get("/live/conditions")
def conditions() -> Response:
    """Return the banner as HTML; it is empty when all is well."""
    found = site_conditions.on_show(person(), site().home, queue.state)
    response = Response(html_of([_banner(entry) for entry in found]), mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response


def _banner(entry: Notice) -> Component:
    return html.P(notice_text.text(entry), className=f"condition {entry.severity.label}")
