"""The API docs page: Swagger UI from our own host, without a line of inline script."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from flask import Response, abort, g, jsonify, render_template, send_from_directory

from api.contract.routing import blueprint
from api.document.openapi import document

FILES = {
    "swagger-ui.css": "css",
    "swagger-ui-bundle.js": "js",
}
"""What is taken from the flask-openapi3-swagger package, and its folder there."""


def _package() -> Path:
    spec = find_spec("flask_openapi3_swagger")
    if spec is None or spec.origin is None:
        abort(404)
    return Path(spec.origin).parent / "templates" / "swagger"


@blueprint.get("/openapi.json", strict_slashes=False)
def openapi_document() -> Response:
    """Return the OpenAPI document."""
    return jsonify(document())


@blueprint.get("/docs/", strict_slashes=False)
def docs_page() -> str:
    """Show the document, to be tried out, in the theme of the person's pages."""
    return render_template("api_docs.html", dark=g.user.visual.get("theme") != "light")


@blueprint.get("/docs/<name>")
def docs_file(name: str) -> Response:
    """Serve the page's scripts and styles."""
    if name in FILES:
        return send_from_directory(_package() / FILES[name], name, max_age=3600)
    if name in ("docs.js", "docs.css"):
        folder = Path(__file__).resolve().parents[2] / "static"
        return send_from_directory(folder, name, max_age=3600)
    abort(404)
