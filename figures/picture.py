"""Figures for scripts: an image as a Plotly heat map of few cells, and PNG pictures.

The web pages do not use this module: the browser paints their images (see `figures.image`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from figures import colormaps
from figures.pyramid import View

Numbers = NDArray[np.float64]

INK, PAPER, LINE = (20, 24, 30), (255, 255, 255), (31, 95, 168)
LEFT, RIGHT, BOTTOM, TITLE_LINE = 84, 20, 56, 20


@dataclass(frozen=True, slots=True)
class Look:
    """How an image is shown: limits, colour map, stretch, and the colours of marked pixels.

    `marks` are flag bits and the colours of the pixels that have them; later ones are drawn on top.
    """

    vmin: float
    vmax: float
    colormap: str = "Gray"
    stretch: str = "linear"
    marks: tuple[tuple[int, tuple[int, int, int]], ...] = ()
    invert: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """A line over an image: (n,) columns and rows, integers being pixel centres, and its colour."""

    x: Numbers
    y: Numbers
    rgb: tuple[int, int, int]


def heatmap(figure: go.Figure, view: View, look: Look, curves: Sequence[Curve] = ()) -> go.Figure:
    """Add the pixels of a cut to the empty plot of an image.

    Parameters
    ----------
    figure : go.Figure
        From `figures.image.frame`; it is changed.
    view : View
        The cut.
    look : Look
    curves : sequence of Curve
        Drawn over the pixels.

    Returns
    -------
    go.Figure
        `figure`, with a heat map, one more for each mark that occurs, and the curves.
    """
    values = view.codec.decode(view.numbers).astype(np.float32)
    scale: dict[str, Any] = {
        "colorscale": colormaps.colorscale(look.colormap, look.stretch, invert=look.invert),
        "zmin": look.vmin,
        "zmax": look.vmax,
    }
    figure.data[0].marker.showscale = False
    bar = {**figure.data[0].marker.colorbar.to_plotly_json(), "tickvals": None}
    # Pixel i is centred at i, so a bin of n pixels from i on is centred at i + (n − 1) / 2.
    place = {
        "x0": view.box.x0 + (view.bins[0] - 1) / 2,
        "dx": view.bins[0],
        "y0": view.box.y0 + (view.bins[1] - 1) / 2,
        "dy": view.bins[1],
    }
    figure.add_trace(go.Heatmap(z=values, colorbar=bar, **place, **scale))
    for hit, rgb in _marked(view, look):
        if not hit.any():
            continue
        marked = np.where(hit, np.float32(1), np.float32(np.nan))
        colour = f"rgb{rgb}"
        figure.add_trace(
            go.Heatmap(
                z=marked,
                colorscale=[[0, colour], [1, colour]],
                showscale=False,
                hoverinfo="skip",
                **place,
            )
        )
    for curve in curves:
        figure.add_scatter(
            x=curve.x,
            y=curve.y,
            mode="lines",
            line={"color": f"rgb{curve.rgb}", "width": 1},
            hoverinfo="skip",
        )
    figure.update_layout(hovermode="closest")
    return figure


def _marked(view: View, look: Look) -> Iterator[tuple[NDArray[np.bool_], tuple[int, int, int]]]:
    """Yield which numbers are marked, and in which colour."""
    if view.flags is not None:
        for bit, rgb in look.marks:
            yield (view.flags & bit) != 0, rgb


def image_png(
    view: View,
    look: Look,
    *,
    lines: Sequence[str],
    labels: tuple[str, str],
    width: int,
    square: bool,
    edges: tuple[float, float, float, float] | None = None,
    curves: Sequence[Curve] = (),
) -> bytes:
    """Return a PNG picture of an image.

    Parameters
    ----------
    view : View
        What is drawn, row 0 at the bottom.
    lines : sequence of str
        The title, line by line.
    labels : tuple of str
        Of the x and y axis.
    width : int
        Pixels of the picture, margins included.
    square : bool
        Keep the pixels of the image square; else it fills half of its width.
    edges : tuple of float, optional
        Left, right, lower and upper edge of what is drawn, inside the view's box; default: the box.
    curves : sequence of Curve
        Drawn over the pixels.

    Returns
    -------
    bytes
        The PNG file.
    """
    span = np.clip((view.codec.decode(view.numbers) - look.vmin) / (look.vmax - look.vmin), 0, 1)
    bent = colormaps.STRETCHES[look.stretch](span)
    shown = colormaps.colours(look.colormap, bent, invert=look.invert)
    for hit, rgb in _marked(view, look):
        shown[hit] = rgb
    box = view.box
    left, right, low, high = edges or (box.x0, box.x1, box.y0, box.y1)
    inner = width - LEFT - RIGHT
    ratio = (high - low) / (right - left) if square else 0.5
    size = (inner, max(40, min(4 * inner, round(inner * ratio))))
    canvas = _Canvas(size, lines)
    pixels = Image.fromarray(np.ascontiguousarray(shown[::-1]))
    part = (
        (left - box.x0) / view.bins[0],
        (box.y1 - high) / view.bins[1],
        (right - box.x0) / view.bins[0],
        (box.y1 - low) / view.bins[1],
    )
    resized = pixels.resize(size, Image.Resampling.BOX, box=part)
    reach = (left - 0.5, right - 0.5), (low - 0.5, high - 0.5)
    _draw_curves(resized, curves, *reach)
    canvas.image.paste(resized, (LEFT, canvas.top))
    canvas.axes(*reach, labels)
    return canvas.png()


def _draw_curves(
    image: Image.Image,
    curves: Sequence[Curve],
    x: tuple[float, float],
    y: tuple[float, float],
) -> None:
    """Draw curves over the pixels of an image that shows the range `x`, `y`."""
    draw, (n_x, n_y) = ImageDraw.Draw(image), image.size
    for curve in curves:
        column = (curve.x - x[0]) / (x[1] - x[0]) * n_x - 0.5
        row = (y[1] - curve.y) / (y[1] - y[0]) * n_y - 0.5
        near = (column > -n_x) & (column < 2 * n_x) & (np.abs(row) < 10 * n_y)
        draw.line(list(zip(column[near].tolist(), row[near].tolist(), strict=True)), fill=curve.rgb)


def spectrum_png(
    x: Numbers, flux: Numbers, *, lines: Sequence[str], labels: tuple[str, str], width: int
) -> bytes:
    """Return a PNG picture of a spectrum.

    Parameters
    ----------
    x, flux : (n,) float
        Position and signal; the line is interrupted where either is not finite.
    lines : sequence of str
        The title, line by line.
    labels : tuple of str
        Of the x and y axis.
    width : int
        Pixels of the picture, margins included.

    Returns
    -------
    bytes
        The PNG file.
    """
    canvas = _Canvas((width - LEFT - RIGHT, round(width * 0.4)), lines)
    good = np.isfinite(x) & np.isfinite(flux)
    reach_x = _range(x[np.isfinite(x)])
    reach_y = _range(flux[good], margin=0.05)
    column = LEFT + (x - reach_x[0]) / (reach_x[1] - reach_x[0]) * (canvas.size[0] - 1)
    row = canvas.top + (reach_y[1] - flux) / (reach_y[1] - reach_y[0]) * (canvas.size[1] - 1)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        points = list(zip(column[start:stop].tolist(), row[start:stop].tolist(), strict=True))
        if len(points) == 1:
            canvas.draw.point(points, fill=LINE)
        else:
            canvas.draw.line(points, fill=LINE, width=1)
    canvas.axes(reach_x, reach_y, labels)
    return canvas.png()


def _range(values: Numbers, margin: float = 0.0) -> tuple[float, float]:
    if values.size == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    more = margin * (high - low) if high > low else 0.5
    return low - more, high + more


class _Canvas:
    """A picture with a plot area, a title and axes."""

    def __init__(self, size: tuple[int, int], lines: Sequence[str]) -> None:
        self.size = size
        self.top = 12 + TITLE_LINE * len(lines)
        self.font = ImageFont.load_default(13)
        self.image = Image.new("RGB", (LEFT + size[0] + RIGHT, self.top + size[1] + BOTTOM), PAPER)
        self.draw = ImageDraw.Draw(self.image)
        for number, line in enumerate(lines):
            place = (LEFT + size[0] / 2, 8 + TITLE_LINE * (number + 0.5))
            self.draw.text(place, line[:200], fill=INK, font=self.font, anchor="mm")

    def axes(self, x: tuple[float, float], y: tuple[float, float], labels: tuple[str, str]) -> None:
        """Draw the frame, ticks with their numbers, and the axes' labels."""
        (n_x, n_y), top, draw = self.size, self.top, self.draw
        bottom = top + n_y
        draw.rectangle((LEFT, top, LEFT + n_x - 1, bottom - 1), outline=INK)
        for value in ticks(*x, n_x // 90):
            at = LEFT + (value - x[0]) / (x[1] - x[0]) * (n_x - 1)
            draw.line((at, bottom, at, bottom + 5), fill=INK)
            draw.text((at, bottom + 8), f"{value:.6g}", fill=INK, font=self.font, anchor="mt")
        for value in ticks(*y, n_y // 50):
            at = top + (y[1] - value) / (y[1] - y[0]) * (n_y - 1)
            draw.line((LEFT - 5, at, LEFT, at), fill=INK)
            draw.text((LEFT - 8, at), f"{value:.6g}", fill=INK, font=self.font, anchor="rm")
        draw.text((LEFT + n_x / 2, bottom + 34), labels[0], fill=INK, font=self.font, anchor="mm")
        self._upright(labels[1], top + n_y // 2)

    def _upright(self, text: str, middle: int) -> None:
        """Write the label of the y axis, turned by 90 degrees."""
        length = max(1, round(self.font.getlength(text)))
        strip = Image.new("RGB", (length, 18), PAPER)
        ImageDraw.Draw(strip).text((0, 9), text, fill=INK, font=self.font, anchor="lm")
        turned = strip.rotate(90, expand=True)
        self.image.paste(turned, (4, middle - length // 2))

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        file = io.BytesIO()
        self.image.save(file, "PNG", compress_level=4)
        return file.getvalue()


def ticks(low: float, high: float, about: int) -> list[float]:
    """Return about `about` round numbers within a range, at steps of 1, 2 or 5 × 10ⁿ."""
    raw = (high - low) / max(about, 2)
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(m for m in (1, 2, 5, 10) if m * power >= raw * 0.999) * power
    first = np.ceil(low / step - 1e-9)
    n = int(np.floor(high / step + 1e-9) - first) + 1
    return [float(step * (first + i)) + 0.0 for i in range(max(n, 0))]
