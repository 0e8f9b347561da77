"""The page API Docs: the OpenAPI document, and Swagger UI that shows it.

Swagger UI is vendored (``assets/vendor/swagger-ui``) and needs no inline script.
"""

from __future__ import annotations

from pathlib import Path

from flask import Response, abort, g, jsonify, render_template, send_from_directory

from api.contract.routing import blueprint
from api.document.openapi import document

STATIC = Path(__file__).resolve().parents[2] / "static"
OWN_FILES = frozenset({"docs.js", "docs.css"})


@blueprint.get("/openapi.json", strict_slashes=False)
def openapi_document() -> Response:
    """Return the OpenAPI document."""
    return jsonify(document())


@blueprint.get("/docs/", strict_slashes=False)
def docs_page() -> str:
    """Show the document in the theme of the account."""
    return render_template("api_docs.html", dark=g.user.visual.get("theme") != "light")


@blueprint.get("/docs/<name>")
def docs_file(name: str) -> Response:
    """Return the page's own script or style sheet."""
    if name not in OWN_FILES:
        abort(404)
    return send_from_directory(STATIC, name, max_age=3600)
