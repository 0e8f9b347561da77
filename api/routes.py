"""Registration of all routes, and the errors for unknown addresses below ``/api``."""

from __future__ import annotations

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from api.contract.routing import blueprint
from api.contract.validation import read_query
from api.document import swagger
from api.models.requests import StreamQuery
from api.resources import (
    blocks,
    calibrations,
    comments,
    contents,
    files,
    mail,
    proposals,
    runs,
    site,
    visualize,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

DECLARING = (
    site,
    files,
    contents,
    visualize,
    blocks,
    calibrations,
    runs,
    comments,
    proposals,
    mail,
    swagger,
)
"""The modules whose import declares routes, in the order of the document."""


def register(server: Flask) -> None:
    """Put the routes on a server."""
    server.json.sort_keys = False  # type: ignore[attr-defined]  # keep the order of the models
    server.before_request(claim_prefix)
    server.register_blueprint(blueprint)
    server.add_url_rule("/events", "page_events", page_events)


def page_events() -> ResponseReturnValue:
    """Stream the events to an open page, as ``/api/events/`` does to a script."""
    return site.event_stream(read_query(StreamQuery))


def claim_prefix() -> None:
    """Answer addresses that no rule matches, such as ``/api//files``, before Dash does."""
    if request.path.startswith("/api/") and request.blueprint != blueprint.name:
        raise NotFound


@blueprint.route("/", defaults={"rest": ""}, methods=["POST", "PUT", "PATCH", "DELETE"])
@blueprint.route("/<path:rest>", methods=METHODS)
def unknown(rest: str) -> Response:
    """Answer unknown addresses: Dash would reply 200 with HTML to a GET."""
    del rest  # the request has the whole address
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        raise NotFound
    allowed = {m for m in METHODS if _matches(adapter, m)}
    if not allowed:
        raise NotFound
    raise MethodNotAllowed(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))


def _matches(adapter: object, method: str) -> bool:
    """Return whether this address has a route for a method."""
    try:
        endpoint, _ = adapter.match(method=method)  # type: ignore[attr-defined]
    except (NotFound, MethodNotAllowed, RequestRedirect):
        return False
    return bool(endpoint != f"{blueprint.name}.unknown")
