"""The pixels of a viewport, cut from a saved pyramid, as 16-bit numbers.

The viewer in the browser fetches them. The response depends on the address alone, so that a browser
may keep it for as long as the same person is signed in.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

import numpy as np
from flask import Blueprint, Response, jsonify
from flask_login import current_user
from pydantic import BaseModel, ConfigDict, Field

from api.contract.validation import MAX_ID, read_body, read_query
from figures import cuts, pyramid
from jobs import queue
from reduction.extraction import manual
from reduction.frames import PixelFlag
from services.errors import NotFound
from services.files.visualization import extraction_preview, overlays, previews

blueprint = Blueprint("images", __name__)

RETRY_AFTER_S = 1
KEEP = "private, max-age=31536000, immutable"

MARKS = {"saturated": np.uint8(PixelFlag.SATURATED), "cosmic_ray": np.uint8(PixelFlag.COSMIC_RAY)}

Edge = Annotated[float, Field(allow_inf_nan=False)]


class Viewport(BaseModel):
    """The edges in pixels of the image, and the size on the screen."""

    model_config = ConfigDict(extra="forbid")

    x0: Edge
    x1: Edge
    y0: Edge
    y1: Edge
    w: int = Field(ge=1, le=8192)
    h: int = Field(ge=1, le=8192)
    v: str = Field("", max_length=64, description="The file's checksum: another one, another URL.")


class Version(BaseModel):
    """The version of the file that is requested."""

    model_config = ConfigDict(extra="forbid")

    v: str = Field("", max_length=64, description="The file's checksum: another one, another URL.")


class Cut(Version):
    """The rows or columns that are averaged, both ends included."""

    axis: Literal["row", "column"]
    first: int = Field(ge=0, le=100_000)
    last: int = Field(ge=0, le=100_000)
    clean: bool = Field(False, description="Leave out bad pixels and cosmic rays.")


@blueprint.get("/img/<int:file_id>/view")
def view(file_id: int) -> Response | tuple[Response, int]:
    """Return the numbers of a viewport, row by row from the bottom, little-endian.

    The header ``X-View`` holds what they cover and how to read them (`figures.codec.Codec`); when
    it names ``marks``, two bits for each number follow, the lowest bits of a byte first: saturated,
    and hit by a cosmic ray. 202 while the pyramid is still being made.
    """
    viewport = read_query(Viewport)
    image = opened(file_id)
    if not isinstance(image, pyramid.Pyramid):
        return image
    layout, body = numbers(
        image, (viewport.x0, viewport.x1), (viewport.y0, viewport.y1), viewport.w, viewport.h
    )
    response = Response(body, mimetype="application/octet-stream")
    response.headers["X-View"] = json.dumps(layout, separators=(",", ":"))
    return _keep(response)


def numbers(
    image: pyramid.Pyramid, x: tuple[float, float], y: tuple[float, float], width: int, height: int
) -> tuple[dict[str, object], bytes]:
    """Return the numbers of a viewport, and how to read them."""
    cut = pyramid.view(image, x, y, width, height)
    body = cut.numbers.astype("<u2").tobytes()
    if cut.flags is not None:
        bits = np.stack([(cut.flags & flag) != 0 for flag in MARKS.values()], axis=-1)
        body += np.packbits(bits, bitorder="little").tobytes()
    return _layout(image, cut), body


def opened(file_id: int) -> pyramid.Pyramid | tuple[Response, int]:
    """Return a file's pyramid; while there is none, request it and return status 202."""
    if file_id > MAX_ID:
        raise NotFound("No such file.")
    folder = previews.find(current_user.row, file_id)
    if folder is not None:
        try:
            return pyramid.load(folder)
        except (OSError, ValueError, KeyError):  # it is being deleted or replaced
            pass
    queue.preview(file_id, urgent=True)
    waiting = jsonify(message="The image is being prepared.")
    waiting.headers["Retry-After"] = str(RETRY_AFTER_S)
    waiting.headers["Cache-Control"] = "no-store"
    return waiting, 202


@blueprint.get("/img/<int:file_id>/histogram")
def histogram(file_id: int) -> Response | tuple[Response, int]:
    """Return the histogram of the pixels (`figures.limits.Histogram`), and the limits."""
    read_query(Version)
    image = opened(file_id)
    if not isinstance(image, pyramid.Pyramid):
        return image
    return _keep(jsonify(**image.histogram.as_dict(), limits=dict(image.limits)))


@blueprint.get("/img/<int:file_id>/cut")
def cut(file_id: int) -> Response | tuple[Response, int]:
    """Return the mean of some rows or columns at full resolution: little-endian float32."""
    query = read_query(Cut)
    image = opened(file_id)
    if not isinstance(image, pyramid.Pyramid):
        return image
    bits = int(PixelFlag.BAD | PixelFlag.COSMIC_RAY) if query.clean else 0
    values = cuts.mean_along(image, query.axis, query.first, query.last, bits)
    return _keep(Response(values.astype("<f4").tobytes(), mimetype="application/octet-stream"))


@blueprint.post("/img/<int:file_id>/extraction-preview")
def extraction_preview_of(file_id: int) -> Response:
    """Return the spectrum that windows would give: little-endian float32 flux, then σ.

    Nothing is saved; it is a POST because windows are too long for an address.
    """
    if file_id > MAX_ID:
        raise NotFound("No such file.")
    windows = read_body(manual.Windows)
    preview = extraction_preview.preview(current_user.row, file_id, windows)
    body = preview.flux.astype("<f4").tobytes() + preview.sigma.astype("<f4").tobytes()
    response = Response(body, mimetype="application/octet-stream")
    response.headers["X-Warning"] = preview.warning
    response.headers["Cache-Control"] = "no-store"
    return response


def _keep(response: Response) -> Response:
    response.headers["Cache-Control"] = KEEP
    response.headers["Vary"] = "Cookie"
    return response


@blueprint.get("/img/<int:file_id>/overlays")
def overlay(file_id: int) -> Response:
    """Return where spectra were extracted from an image, their wavelengths, and the sky."""
    if file_id > MAX_ID:
        raise NotFound("No such file.")
    response = jsonify(overlays.overlays(current_user.row, file_id).as_dict())
    response.headers["Cache-Control"] = "no-store"  # the next extraction changes it
    return response


def _layout(image: pyramid.Pyramid, cut: pyramid.View) -> dict[str, object]:
    n_y, n_x = cut.numbers.shape
    codec = cut.codec
    return {
        "box": list(cut.box),
        "shape": [n_y, n_x],
        "bins": list(cut.bins),
        "codec": [codec.name, codec.offset, codec.scale, codec.softening],
        "limits": dict(image.limits),
        "marks": [] if cut.flags is None else list(MARKS),
    }
