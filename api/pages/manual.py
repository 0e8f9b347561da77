"""The pictures of the user manual."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from services.errors import NotFound

blueprint = Blueprint("manual", __name__)

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "user" / "images"
KEEP_S = 3600


@blueprint.get("/manual/images/<name>")
def picture(name: str) -> Response:
    """Return a picture of the manual."""
    if not (PICTURES / name).is_file() or not name.endswith(".webp"):
        raise NotFound("The manual has no such picture.")
    response = send_from_directory(PICTURES, name, mimetype="image/webp", max_age=KEEP_S)
    response.cache_control.private = True
    return response
