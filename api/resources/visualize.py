"""A file as a Plotly figure or PNG image, for scripts; pages do not use it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from flask import Response, g
from flask.typing import ResponseReturnValue

from api.contract.routing import operation
from api.models import requests
from api.models.files import PlotlyFigure
from api.resources.files import find
from figures import colormaps, image, picture, pyramid, spectrum
from figures.layout import title
from figures.picture import Look
from jobs import queue
from reduction.frames import DataType, PixelFlag, Technique
from services.errors import Unacceptable, Unavailable
from services.files import contents
from services.files.visualization import overlays, previews

SPECTRA = frozenset({DataType.EXTRACTED, DataType.WAVELENGTH, DataType.FLUX})
PATIENCE_S = 5.0
LOOK_S = 0.1
LIKED = ("colormap", "show_saturated", "show_title")
"""Parameters whose defaults are the visual options of the account."""


@operation(
    "GET",
    "/files/visualize/",
    tag="files",
    name="files_visualize",
    query=requests.PictureQuery,
    answer=PlotlyFigure,
    also="image/png",
    limit="picture",
)
def visualize(query: requests.PictureQuery) -> ResponseReturnValue:
    """Get a file as a Plotly figure or a PNG picture.

    An image is reduced to about `width` columns; limits that are not given are zscale's, and
    `colormap`, `show_saturated` and `show_title` as in your visual options. When the picture has
    not been prepared yet, the answer may be 503 with `Retry-After`.
    """
    file = find(query.id)
    query = _as_liked(query)
    draw = _spectrum if DataType(file.data_type) in SPECTRA else _image
    return draw(file, query)


def _as_liked(query: requests.PictureQuery) -> requests.PictureQuery:
    """Return the parameters with the visual options of the account as defaults."""
    liked = {
        name: value
        for name, value in dict(g.user.visual).items()
        if name in LIKED and name not in query.model_fields_set
    }
    return query.model_copy(update=liked)


def _lines(file: Any, query: requests.PictureQuery) -> list[str]:
    if not query.show_title:
        return []
    soar_id = file.proposal.soar_id if file.proposal else ""
    first = " ".join(part for part in (file.obstype, file.object) if part.strip())
    return [line for line in (first, soar_id) if line]


def _heading(file: Any, query: requests.PictureQuery) -> str | None:
    soar_id = file.proposal.soar_id if file.proposal else ""
    return title(file.obstype, file.object, soar_id) if query.show_title else None


def _spectrum(file: Any, query: requests.PictureQuery) -> Response:
    data = contents.spectrum(g.user, file)
    calibrated = data.wavelength is not None
    x = np.asarray(data.wavelength if calibrated else data.pixel, dtype=float)
    flux, sigma = np.asarray(data.flux, dtype=float), np.asarray(data.sigma, dtype=float)
    figure = spectrum.spectrum(
        x,
        flux,
        sigma,
        saturated=(np.asarray(data.mask) & PixelFlag.SATURATED) != 0
        if query.show_saturated
        else None,
        wavelength=calibrated,
        medium=data.medium,
        unit=data.unit,
        heading=_heading(file, query),
    )
    if query.format == "json":
        return _figure(figure)
    labels = (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text)
    lines = _lines(file, query)
    return _png(picture.spectrum_png(x, flux, lines=lines, labels=labels, width=query.width))


def _image(file: Any, query: requests.PictureQuery) -> Response:
    whole = _pyramid(file)
    n_y, n_x = whole.shape
    low, high = whole.limits["zscale"]
    vmin = low if query.vmin is None else query.vmin
    vmax = high if query.vmax is None else query.vmax
    if not vmin < vmax:
        raise Unacceptable(f"vmin ({vmin:g}) must be below vmax ({vmax:g}).", field="vmin")
    marks = [(int(PixelFlag.COSMIC_RAY), colormaps.COSMIC_RAY)] if query.show_cosmic_rays else []
    if query.show_saturated:
        marks.append((int(PixelFlag.SATURATED), colormaps.SATURATED))
    look = Look(vmin, vmax, query.colormap, query.stretch, tuple(marks), query.invert)
    edges = _edges(query, n_x, n_y)
    height = max(1, round(query.width * (edges[3] - edges[2]) / (edges[1] - edges[0])))
    view = pyramid.view(whole, edges[:2], edges[2:], query.width, height)
    curves = _curves(file, edges) if query.show_apertures else []
    spectroscopic = file.technique != Technique.IMAGING
    frame = image.frame(
        n_x, n_y, heading=_heading(file, query), unit=_unit(file), spectroscopic=spectroscopic
    )
    if query.format == "json":
        frame.update_xaxes(range=[edges[0] - 0.5, edges[1] - 0.5])
        frame.update_yaxes(range=[edges[2] - 0.5, edges[3] - 0.5])
        return _figure(picture.heatmap(frame, view, look, curves))
    labels = (frame.layout.xaxis.title.text, frame.layout.yaxis.title.text)
    drawn = picture.image_png(
        view,
        look,
        lines=_lines(file, query),
        labels=labels,
        width=query.width,
        square=not spectroscopic,
        edges=edges,
        curves=curves,
    )
    return _png(drawn)


def _edges(query: requests.PictureQuery, n_x: int, n_y: int) -> tuple[float, float, float, float]:
    """Return the requested edges inside the image, at least one pixel apart."""
    found: list[float] = []
    for names, size in ((("x0", "x1"), n_x), (("y0", "y1"), n_y)):
        given = [getattr(query, name) for name in names]
        low = 0.0 if given[0] is None else min(max(given[0], 0.0), float(size))
        high = float(size) if given[1] is None else min(max(given[1], 0.0), float(size))
        if high - low < 1:
            raise Unacceptable(
                f"{names[0]} must be at least one pixel below {names[1]}, inside the image.",
                field=names[0],
            )
        found += [low, high]
    return found[0], found[1], found[2], found[3]


def _curves(file: Any, edges: tuple[float, float, float, float]) -> list[picture.Curve]:
    """Return the overlays of the newest spectrum of each target."""
    columns = np.linspace(edges[0] - 0.5, edges[1] - 0.5, 400)
    curves = []
    for aperture in overlays.overlays(g.user, file.id).apertures:
        if not aperture.is_newest:
            continue
        trace = np.polynomial.Polynomial(aperture.trace)(columns)
        for offset in (edge for zone in aperture.zones for edge in zone):
            curves.append(picture.Curve(columns, trace + offset, colormaps.ZONE))
        for offset in (0.0, *aperture.aperture):
            curves.append(picture.Curve(columns, trace + offset, colormaps.APERTURE))
    return curves


def _unit(file: Any) -> str:
    if DataType(file.data_type) is DataType.RAW:
        return "ADU"
    cards = contents.header(g.user, file)
    unit = next((str(c.value).strip() for c in cards if c.keyword == "BUNIT" and c.value), "ADU")
    return "ADU" if unit.lower() == "adu" else unit


def _pyramid(file: Any) -> pyramid.Pyramid:
    """Open the pyramid of an image; when it does not exist, request it and wait briefly."""
    end = time.monotonic() + PATIENCE_S
    asked = False
    while True:
        folder = previews.find(g.user, file.id)
        if folder is not None:
            try:
                return pyramid.load(folder)
            except (OSError, ValueError, KeyError):  # deleted or replaced meanwhile
                asked = False
        if not asked:
            queue.preview(file.id, urgent=True)
            asked = True
        if time.monotonic() > end:
            raise Unavailable("The image is being prepared. Try again.", retry_after=2)
        time.sleep(LOOK_S)


def _figure(figure: Any) -> Response:
    return Response(figure.to_json(), mimetype="application/json")


def _png(data: bytes) -> Response:
    return Response(data, mimetype="image/png")
