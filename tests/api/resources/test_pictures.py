"""Figures and pictures of files, checked by their pixels and numbers."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from db.models import User
from figures import colormaps, picture
from services.accounts import visual_options
from services.files.visualization import previews
from tests.support.paths import ROOT
from tests.support.web.goodman_files import write_goodman_cards
from tests.support.web_site import Site, add_file


def figure(site: Site, query: str) -> dict[str, Any]:
    answer = site.call("PI", "GET", f"/api/files/visualize/?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def picture_of(site: Site, query: str) -> np.ndarray:
    answer = site.call("PI", "GET", f"/api/files/visualize/?format=png&{query}")
    assert (answer.status_code, answer.mimetype) == (200, "image/png"), answer.text
    return np.asarray(Image.open(io.BytesIO(answer.data)).convert("RGB"))


@pytest.fixture
def frame(site: Site) -> Any:
    """A frame with a bright square in its upper right part, and its pyramid."""
    file = add_file(site.config, "0100_square.fits", site.own, n_x=80, n_y=40, object="<b>W & D")
    pixels = np.full((40, 80), 100, dtype=np.int16)
    pixels[25:35, 60:75] = 1000
    with fits.open(file.full_path, mode="update") as hdus:
        hdus[0].data = pixels
    write_goodman_cards(file)
    previews.build(file.id)
    return file


def test_an_image_is_a_heat_map_of_its_counts(site: Site, frame: Any) -> None:
    shown = figure(site, f"id={frame.id}&vmin=100&vmax=1000&colormap=Viridis")
    (heat,) = [trace for trace in shown["data"] if trace["type"] == "heatmap"]
    assert "tickvals" not in heat["colorbar"], "Plotly numbers it"
    z = np.frombuffer(base64.b64decode(heat["z"]["bdata"]), dtype="f4")
    z = z.reshape([int(n) for n in heat["z"]["shape"].split(",")])
    assert (heat["x0"], heat["dx"], heat["y0"], heat["dy"]) == (0, 1, 0, 1)
    assert z.shape == (40, 80)
    assert (z[10, 10], z[30, 65]) == (100, 1000)
    assert (heat["zmin"], heat["zmax"]) == (100, 1000)
    assert "&lt;b&gt;W &amp; D" in shown["layout"]["annotations"][0]["text"]
    assert not figure(site, f"id={frame.id}&show_title=false")["layout"].get("annotations")


def test_a_picture_is_as_the_person_likes_it_unless_the_request_says_otherwise(
    site: Site, frame: Any
) -> None:
    def scale(query: str) -> Any:
        (heat,) = [t for t in figure(site, query)["data"] if t["type"] == "heatmap"]
        return heat["colorscale"]

    address = f"id={frame.id}&vmin=100&vmax=1000"
    asked = scale(f"{address}&colormap=Magma")
    assert scale(address) != asked
    visual_options.save(site.people["PI"], colormap="Magma", show_title=False)
    try:
        assert scale(address) == asked
        assert not figure(site, address)["layout"].get("annotations")
        assert figure(site, f"{address}&show_title=true")["layout"]["annotations"]
    finally:
        User.update(visual={}).where(User.username == "pi").execute()


def test_a_png_has_its_pixels_where_they_belong(site: Site, frame: Any) -> None:
    pixels = picture_of(site, f"id={frame.id}&vmin=100&vmax=1000&colormap=Magma&width=600")
    assert pixels.shape[1] == 600
    left, right, bottom = picture.LEFT, picture.RIGHT, picture.BOTTOM
    top = 12 + 2 * picture.TITLE_LINE
    area = pixels[top : len(pixels) - bottom, left : 600 - right]

    def colour(x: float, y: float) -> tuple[int, ...]:
        row, column = round((1 - y / 40) * len(area)), round(x / 80 * area.shape[1])
        return tuple(int(c) for c in area[row, column])

    dark, bright = colormaps.colours("Magma", np.array([0.0, 1.0])).tolist()
    assert colour(67, 30) == tuple(bright)
    for x, y in ((67, 10), (20, 30), (57, 30), (67, 22)):
        assert colour(x, y) == tuple(dark), (x, y)
    other = picture_of(site, f"id={frame.id}&vmin=100&vmax=1000&colormap=Gray+inverted&width=600")
    assert tuple(other[top + 200, left + 20]) == (255, 255, 255)


def test_a_part_of_an_image_is_drawn_to_the_edges_asked_for(site: Site, frame: Any) -> None:
    query = f"id={frame.id}&vmin=100&vmax=1000&width=600&show_title=false"
    pixels = picture_of(site, query + "&x0=55&x1=65&y0=20&y1=30")
    area = pixels[12 : len(pixels) - picture.BOTTOM, picture.LEFT : 600 - picture.RIGHT]
    # The square begins at column 60 and row 25: in the middle, both ways.
    bright = (area[2:-2, 2:-2] > 200).all(axis=-1)
    rows, columns = np.nonzero(bright)
    assert columns.min() == pytest.approx(area.shape[1] / 2, abs=4)
    assert rows.max() == pytest.approx(area.shape[0] / 2, abs=4)
    turned = picture_of(site, query + "&x0=55&x1=65&y0=20&y1=30&invert=true")
    assert tuple(turned[len(pixels) - picture.BOTTOM - 9, picture.LEFT + 9]) == (255, 255, 255)
    shown = figure(site, f"id={frame.id}&x0=55&x1=65&y0=20&y1=30")
    assert shown["layout"]["xaxis"]["range"] == [54.5, 64.5]
    for wrong, field in (("x0=70&x1=60", "x0"), ("y0=39.5", "y0"), ("x1=-5", "x0")):
        answer = site.call("PI", "GET", f"/api/files/visualize/?id={frame.id}&{wrong}")
        assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


def test_curves_lie_on_their_pixels() -> None:
    from figures import pyramid

    image = np.zeros((40, 80), np.float32)
    view = pyramid.view(pyramid.build(image), (0, 80), (0, 40), 600, 300)
    curve = picture.Curve(np.array([-0.5, 79.5]), np.array([10.0, 10.0]), (255, 176, 0))
    drawn = picture.image_png(
        view,
        picture.Look(-1, 0),
        lines=[],
        labels=("x", "y"),
        width=600,
        square=False,
        curves=[curve],
    )
    pixels = np.asarray(Image.open(io.BytesIO(drawn)).convert("RGB"))
    area = pixels[12 : len(pixels) - picture.BOTTOM, picture.LEFT : 600 - picture.RIGHT]
    rows, _ = np.nonzero((area == (255, 176, 0)).all(axis=-1))
    assert rows.mean() == pytest.approx((40 - 10.5) / 40 * len(area) - 0.5, abs=1)


def test_saturated_pixels_are_red_unless_not_wanted(site: Site) -> None:
    file = add_file(site.config, "0101_bright.fits", site.own)
    with fits.open(file.full_path, mode="update") as hdus:
        hdus[0].data = np.full((40, 80), 65535, dtype=np.uint16)
    write_goodman_cards(file)
    previews.build(file.id)
    red = np.array(colormaps.SATURATED)
    for wanted in (True, False):
        pixels = picture_of(site, f"id={file.id}&show_saturated={str(wanted).lower()}")
        assert bool((pixels == red).all(axis=-1).any()) is wanted


def test_a_spectrum_is_drawn(site: Site) -> None:
    shown = figure(site, f"id={site.spectrum.id}")
    assert shown["layout"]["xaxis"]["title"]["text"] == "Wavelength in air (Å)"
    assert len(shown["data"]) >= 2
    pixels = picture_of(site, f"id={site.spectrum.id}&width=500&show_title=false")
    line = (pixels == np.array(picture.LINE)).all(axis=-1)
    rows, columns = np.nonzero(line)
    assert columns.max() > 450 and columns.min() < picture.LEFT + 5
    # 100 to 200 electrons from left to right: the line climbs.
    assert rows[columns < 150].mean() > rows[columns > 400].mean() + 50


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("vmin=5&vmax=5", "vmin"),
        ("vmin=nan", "vmin"),
        ("vmax=inf", "vmax"),
        ("colormap=Jet", "colormap"),
        ("stretch=cube", "stretch"),
        ("width=100000", "width"),
        ("format=svg", "format"),
    ],
)
def test_looks_that_do_not_exist(site: Site, frame: Any, query: str, field: str) -> None:
    answer = site.call("PI", "GET", f"/api/files/visualize/?id={frame.id}&{query}")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


def test_an_image_that_is_not_prepared_yet_is_503(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.resources import visualize

    asked = []
    monkeypatch.setattr(visualize, "PATIENCE_S", 0.0)
    monkeypatch.setattr(visualize.queue, "preview", lambda i, *, urgent: asked.append((i, urgent)))
    answer = site.call("PI", "GET", f"/api/files/visualize/?id={site.raw.id}")
    assert (answer.status_code, asked) == (503, [(site.raw.id, True)])
    assert int(answer.headers["Retry-After"]) > 0


def test_the_viewer_has_the_same_colour_maps() -> None:
    script = (ROOT / "assets" / "viewer" / "colormaps.js").read_text()
    theirs = {
        name: " ".join(re.findall(r"#[0-9a-f]{6}", stops))
        for name, stops in re.findall(r'^  "?([\w ]+)"?: \[([^\]]+)\]', script, re.M)
    }
    assert theirs == colormaps.STOPS


@pytest.mark.parametrize("stretch", colormaps.STRETCHES)
def test_stretches_go_from_dark_to_bright(stretch: str) -> None:
    t = colormaps.STRETCHES[stretch](np.linspace(0, 1, 101))
    assert (t[0], t[-1]) == (pytest.approx(0), pytest.approx(1))
    assert (np.diff(t) > 0).all()
    scale = colormaps.colorscale("Gray", stretch)
    assert (scale[0], scale[-1]) == ([0.0, "rgb(0,0,0)"], [1.0, "rgb(255,255,255)"])


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3e-7, 4e-7), (3550, 5270), (1e6, 1e6 + 1)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    found = picture.ticks(low, high, 6)
    assert 3 <= len(found) <= 13
    assert all(low - 1e-9 * abs(low) <= value <= high + 1e-9 * abs(high) for value in found)
