"""Registration of all routes, and the errors for unknown addresses below ``/api``."""

from __future__ import annotations

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from api.contract.routing import blueprint, is_api
from api.contract.validation import read_query
from api.document import swagger
from api.models.requests import StreamQuery
from api.resources import (
    arrivals,
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

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

DECLARING = (
    site,
    files,
    arrivals,
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


def claim_prefix() -> ResponseReturnValue | None:
    """Answer what no operation does, before Dash does: unknown addresses, methods and OPTIONS."""
    if not is_api(request.path):
        return None
    if request.method == "OPTIONS" or request.method not in METHODS:
        allowed = allowed_methods()
        if request.method == "OPTIONS":
            return Response(status=204, headers={"Allow": ", ".join(allowed)})
        raise MethodNotAllowed(allowed)
    if request.blueprint != blueprint.name:
        raise NotFound
    return None


@blueprint.route(
    "/", defaults={"rest": ""}, methods=["POST", "PUT", "PATCH", "DELETE"], strict_slashes=False
)
@blueprint.route("/<path:rest>", methods=METHODS)
def unknown(rest: str) -> Response:
    """Answer unknown addresses: Dash would reply 200 with HTML to a GET."""
    del rest  # the request has the whole address
    raise MethodNotAllowed(allowed_methods())


def allowed_methods() -> list[str]:
    """Return the methods that the address of this request has.

    Raises
    ------
    NotFound
        It has none.
    """
    adapter = current_app.create_url_adapter(request)
    allowed = {m for m in METHODS if adapter is not None and _matches(adapter, m)}
    if not allowed:
        raise NotFound
    return sorted(allowed | {"OPTIONS"})


def _matches(adapter: object, method: str) -> bool:
    """Return whether this address has an operation for a method."""
    try:
        endpoint, _ = adapter.match(method=method)  # type: ignore[attr-defined]
    except (NotFound, MethodNotAllowed, RequestRedirect):
        return False
    ours = str(endpoint).startswith(f"{blueprint.name}.")
    return ours and endpoint != f"{blueprint.name}.unknown"
