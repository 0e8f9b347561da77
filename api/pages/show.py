"""A file as the Data page shows it first: description and pixels, or numbers, in one response.

The page requests it at the click, in parallel to its callbacks, and paints it at once.
"""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Annotated, Any

from flask import Blueprint, Response, request
from flask_login import current_user
from pydantic import BaseModel, ConfigDict, Field

from api.contract.validation import MAX_ID, read_query
from api.pages import images, spectra
from db.models import File
from figures import pyramid
from services.errors import NotFound
from services.files import lookup
from services.files.visualization import display
from services.files.visualization.display import ImageFrame

blueprint = Blueprint("show", __name__)

# Kept by the browser, but revalidated each time: access that was withdrawn ends at once.
ASK_AGAIN = "private, no-cache"
_FORMAT = 2
_ALIGN = 8

Edge = Annotated[float | None, Field(None, allow_inf_nan=False)]


class Stage(BaseModel):
    """The size of the plot on the screen, and the zoom that stays on for an image of one shape."""

    model_config = ConfigDict(extra="forbid")

    w: int = Field(ge=1, le=8192)
    h: int = Field(ge=1, le=8192)
    like: str = Field("", max_length=64, description="`uirevision` of the image on show.")
    x0: Edge = None
    x1: Edge = None
    y0: Edge = None
    y1: Edge = None


@blueprint.get("/show/<int:file_id>")
def show(file_id: int) -> Response | tuple[Response, int]:
    """Return a file's facts (`services.files.visualization.display`) and its pixels or numbers.

    The length of a JSON object (uint64, little-endian), the object, padded to a multiple of eight
    bytes, and the numbers: as ``/img/<file>/view`` sends them, where the object's ``view`` is as
    ``X-View`` there; or as ``/spectrum/<file>`` does, with ``spectrum`` as its ``X-Spectrum``. An
    image is cut to the edges given when it is `like` the one on show, else it is whole. 202 while
    it is still being prepared. A sensitivity has no numbers: its figure is requested.
    """
    stage = read_query(Stage)
    if file_id > MAX_ID:
        raise NotFound("No such file.")
    file = lookup.get(current_user.row, file_id)
    shown = display.describe(file)
    image = None if shown.image is None else images.opened(file_id)
    if image is not None and not isinstance(image, pyramid.Pyramid):
        return image
    facts = shown.as_dict()
    tag = _tag(file, facts)
    if tag in request.if_none_match:
        return _kept(Response(status=304), tag)
    head: dict[str, Any]
    if shown.kind == "sensitivity":
        head, body = {"facts": facts}, b""
    elif image is None or shown.image is None:
        spectrum, body = spectra.numbers(file)
        head = {"facts": facts, "spectrum": spectrum}
    else:
        view, body = images.numbers(image, *_edges(stage, shown.image), stage.w, stage.h)
        head = {"facts": facts, "view": view}
    return _kept(Response(_packed(head, body), mimetype="application/octet-stream"), tag)


def _edges(stage: Stage, frame: ImageFrame) -> tuple[tuple[float, float], tuple[float, float]]:
    edges = (stage.x0, stage.x1, stage.y0, stage.y1)
    if stage.like != frame.uirevision or None in edges:
        return (0, frame.n_x), (0, frame.n_y)
    x0, x1, y0, y1 = (edge or 0.0 for edge in edges)
    return (x0, x1), (y0, y1)


def _tag(file: File, facts: dict[str, Any]) -> str:
    """Return a tag that changes whenever the response to this address does."""
    content = [_FORMAT, file.checksum, file.file_name, file.date_obs.isoformat(), facts]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]


def _packed(head: dict[str, Any], body: bytes) -> bytes:
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGN)
    return struct.pack("<Q", len(text)) + text + body


def _kept(response: Response, tag: str) -> Response:
    response.set_etag(tag)
    response.headers["Cache-Control"] = ASK_AGAIN
    response.headers["Vary"] = "Cookie"
    return response
