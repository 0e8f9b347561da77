"""Zooming an image by hand in a real browser: what is seen, told from its ticks and labels."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.support import planted_frame
from tests.support.browser.data_page import painted_shades, until
from tests.support.browser_window import SLOW_MS, Window
from tests.support.live_site import LiveSite
from tests.support.planted_frame import Planted, show

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser

SEEN = """(shownEdges) => {
    const middle = (element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return [x + width / 2, y + height / 2];
    };
    const shown = (what) => [...document.querySelectorAll("#stage " + what)]
        .filter((element) => element.getClientRects().length);
    const axis = (name, k) => {
        const places = shown(`path.${name}`).map((path) => middle(path)[k]).sort((a, b) => a - b);
        const labels = shown(`g.${name} text`).sort((a, b) => middle(a)[k] - middle(b)[k]);
        return labels.map((text, i) => [places[i], Number(text.textContent.replace("−", "-"))]);
    };
    const canvas = document.getElementById("canvas");
    const { width, height } = canvas;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    let [n, x, y] = [0, 0, 0];
    for (let i = 0; i < data.length / 4; i++) {
        if (data[4 * i] !== 255 || data[4 * i + 1] !== 64 || data[4 * i + 2] !== 64) continue;
        n += 1; x += (i % width) + 0.5; y += Math.floor(i / width) + 0.5;
    }
    const corner = canvas.getBoundingClientRect();
    const plot = document.querySelector("#stage .nsewdrag").getBoundingClientRect();
    return { x: axis("xtick", 0), y: axis("ytick", 1), ranges: shownEdges(),
        plot: [plot.left, plot.right, plot.bottom, plot.top],
        mark: [corner.left + x / n, corner.top + y / n] };
}"""

EDGES = """async () => (await pageModule("viewer/axes.js")).shownEdges()"""
SEEN_NOW = f"""async () => ({SEEN})((await pageModule("viewer/axes.js")).shownEdges)"""
SET_OPTIONS = """async (options) =>
    (await pageModule("viewer/display.js")).setOptions(options)"""


class Reading:
    """What the picture and its axes show, told from their ticks and labels on the screen."""

    def __init__(self, seen: dict[str, Any]) -> None:
        lines = [np.array(seen[name], float).T for name in "xy"]
        self.axes = [np.polyfit(px, values, 1) for px, values in lines]
        self.mark = self.at(seen["mark"])
        self.pixel = [abs(slope) for slope, _ in self.axes]
        left, right, foot, head = seen["plot"]
        corners = [*self.at((left, foot)), *self.at((right, head))]
        self.edges = [corners[k] for k in (0, 2, 1, 3)]
        self.ranges = seen["ranges"]

    def at(self, place: Any) -> list[float]:
        return [float(np.polyval(axis, px)) for axis, px in zip(self.axes, place, strict=True)]

    def agrees(self) -> None:
        """Assert that the picture lies where the axes say, to a pixel of the screen."""
        for k in (0, 1):
            assert self.mark[k] == pytest.approx(
                planted_frame.SATURATED[k], abs=0.75 * self.pixel[k]
            )
        for k, edge in enumerate(self.edges):
            assert edge == pytest.approx(self.ranges[k], abs=0.5 * self.pixel[k // 2])


def gesture(page: Any, act: Callable[[], None]) -> tuple[Reading, Reading]:
    """Do something; return what is seen in the first frame after it, and at rest."""
    page.evaluate(
        f"""async () => {{
            const {{ imagePainted }} = await pageModule("viewer/state.js");
            const {{ shownEdges }} = await pageModule("viewer/axes.js");
            const seen = {SEEN};
            const before = String(shownEdges());
            window.first = new Promise((done) => imagePainted.listen(() => {{
                // Sharper pixels of where one was may come meanwhile.
                if (String(shownEdges()) === before) return;
                requestAnimationFrame(() => done(seen(shownEdges)));
            }}));
        }}"""
    )
    act()
    first = Reading(page.evaluate("() => window.first"))
    page.wait_for_function(
        """async () => {
            const { viewer } = await pageModule("viewer/state.js");
            const { shownEdges } = await pageModule("viewer/axes.js");
            const { xaxis, yaxis } = viewer.graph._fullLayout;
            const drawn = [...xaxis.range, ...yaxis.range];
            return shownEdges().every((edge, k) => edge === drawn[k]);
        }"""
    )
    rest = Reading(page.evaluate(SEEN_NOW))
    for reading in (first, rest):
        reading.agrees()
    return first, rest


Place = Callable[[float, float], tuple[float, float]]


def around_the_mark(window: Window, known: Planted) -> tuple[Any, Place, Reading]:
    """Show the marked pixel and what is about it; return what is seen, and how to find a place.

    A place of the screen is named by its shares of the plot, from its left and its head.
    """
    page = window.open(f"/data/{known.reduced}")
    until(page, lambda: painted_shades(page) > 5, "the image", SLOW_MS)
    page.evaluate(SET_OPTIONS, {"saturated": True, "apertures": False})
    x, y = planted_frame.SATURATED
    show(page, (x - 100, x + 112, y - 40, y + 52))
    plot = page.locator("#stage .nsewdrag").bounding_box()

    def place(u: float, v: float) -> tuple[float, float]:
        return plot["x"] + u * plot["width"], plot["y"] + v * plot["height"]

    return page, place, Reading(page.evaluate(SEEN_NOW))


def test_the_axes_go_with_the_picture_in_every_zoom(observer: Window, known: Planted) -> None:
    page, place, before = around_the_mark(observer, known)

    def drag(*to: float) -> None:
        page.mouse.down()
        page.mouse.move(*place(*to), steps=3)
        page.mouse.up()

    page.mouse.move(*place(0.3, 0.4))
    under = before.at(place(0.3, 0.4))
    for _ in range(2):
        now, rest = gesture(page, lambda: page.mouse.wheel(0, -120))
        assert now.at(place(0.3, 0.4)) == pytest.approx(under, abs=max(now.pixel))
        assert now.ranges == rest.ranges
    span = (rest.ranges[1] - rest.ranges[0]) / (before.ranges[1] - before.ranges[0])
    assert span == pytest.approx(np.exp(-0.2), rel=1e-6)
    expect(page).to_have_url(re.compile("[?&]view="))

    corners = [rest.at(place(*at)) for at in ((0.2, 0.9), (0.8, 0.2))]
    page.mouse.move(*place(0.2, 0.9))
    now, rest = gesture(page, lambda: drag(0.8, 0.2))
    wanted = [corners[0][0], corners[1][0], corners[0][1], corners[1][1]]
    assert now.edges == pytest.approx(wanted, abs=2 * max(now.pixel))

    page.locator("#stage [data-title='Pan']").click()
    expect(page.locator("#stage [data-title='Pan']")).to_have_class(re.compile("active"))
    page.mouse.move(*place(0.5, 0.5))
    under = rest.at(place(0.5, 0.5))
    _, rest = gesture(page, lambda: drag(0.6, 0.3))
    assert rest.at(place(0.6, 0.3)) == pytest.approx(under, abs=2 * max(rest.pixel))

    for button, factor in (("Zoom out", 2), ("Zoom in", 0.5)):
        wide = [rest.ranges[k + 1] - rest.ranges[k] for k in (0, 2)]
        click = page.locator(f"#stage [data-title='{button}']").click
        now, rest = gesture(page, click)
        spans = [now.ranges[k + 1] - now.ranges[k] for k in (0, 2)]
        assert spans == pytest.approx([factor * span for span in wide])

    page.mouse.dblclick(*place(0.5, 0.5))
    home = pytest.approx([-0.5, planted_frame.N_X - 0.5, -0.5, planted_frame.N_Y - 0.5])
    until(page, lambda: page.evaluate(EDGES) == home, "the whole image")
    expect(page).not_to_have_url(re.compile("[?&]view="))


def pinch(page: Any, start: np.ndarray, end: np.ndarray) -> None:
    """Put two fingers on the screen, draw them from places to places, and lift them."""
    touch = page.context.new_cdp_session(page)

    def send(kind: str, places: Any) -> None:
        points = [{"id": k, "x": x, "y": y} for k, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", start[:1].tolist())
    send("touchStart", start.tolist())
    for share in np.linspace(0, 1, 6)[1:]:
        send("touchMove", (start + share * (end - start)).tolist())
    send("touchEnd", end[:1].tolist())
    send("touchEnd", [])
    touch.detach()


def test_what_lies_under_two_fingers_goes_with_them(
    open_window: Callable[..., Window], demo_session: Any, known: Planted
) -> None:
    window = open_window(storage_state=demo_session, has_touch=True)
    page, place, seen = around_the_mark(window, known)
    near = np.array([place(0.42, 0.45), place(0.56, 0.66)])
    # Drawn apart and to the left, then together and to the right, along the line between them.
    far = near + np.array([25, -9])
    for start, factor, way in ((near, 1.8, (-40, 12)), (far, 0.4, (55, -20))):
        middle = start.mean(axis=0)
        end = middle + factor * (start - middle) + way
        under = [seen.at(finger) for finger in start]
        _, rest = gesture(page, partial(pinch, page, start, end))
        for finger, there in zip(end, under, strict=True):
            off = np.subtract(rest.at(finger), there) / rest.pixel
            assert np.abs(off).max() < 1, f"off by {off} pixels of the screen"
        for k in (0, 2):
            spans = [reading.ranges[k + 1] - reading.ranges[k] for reading in (seen, rest)]
            assert spans[0] / spans[1] == pytest.approx(factor, rel=0.01)
        seen = rest
    expect(page).to_have_url(re.compile("[?&]view="))
    expect(page.locator("#stage .zoom-box")).to_be_hidden()


def test_an_image_of_another_shape_is_zoomed_and_goes_home(
    observer: Window, known: Planted, demo_site: LiveSite
) -> None:
    [other] = demo_site.rows("SELECT max(id) FROM file WHERE data_type = 0 AND obstype = 'BIAS'")[0]
    page = observer.open(f"/data/{other}")
    until(page, lambda: painted_shades(page) > 5, "the image of a bias", SLOW_MS)
    page.evaluate(
        "async (href) => (await pageModule('core/address.js')).goTo(href)",
        f"/data/{known.reduced}",
    )
    shown = "async () => (await pageModule('viewer/state.js')).viewer.view?.id"
    until(page, lambda: page.evaluate(shown) == known.reduced, "the planted image", SLOW_MS)
    show(page, (300.3, 1500.7, 700.2, 1100.9))
    page.locator("#stage").hover()
    page.locator("#stage [data-title='Reset axes']").click()
    home = [-0.5, planted_frame.N_X - 0.5, -0.5, planted_frame.N_Y - 0.5]
    until(
        page,
        lambda: page.evaluate(EDGES) == pytest.approx(home),
        "the whole image",
    )
    assert painted_shades(page) > 5
    ground = page.locator("#stage svg.main-svg").first.evaluate(
        "(svg) => getComputedStyle(svg).backgroundColor"
    )
    assert ground == "rgba(0, 0, 0, 0)", "the picture is behind the graph"
