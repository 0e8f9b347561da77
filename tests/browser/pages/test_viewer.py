"""The image viewer in a real browser, against a frame of which every pixel is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import erf, pi, sqrt
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from tests.support import planted_frame
from tests.support.browser.data_page import painted_shades, until
from tests.support.browser_window import SLOW_MS, Window
from tests.support.live_site import LiveSite
from tests.support.planted_frame import Planted, show

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser

SET_OPTIONS = """async (options) =>
    (await pageModule("viewer/display.js")).setOptions(options)"""
BINS = """async () => (await pageModule("viewer/state.js")).viewer.view.bins"""
MEASURE = """async ([x, from, to]) => {
    const { graph } = (await pageModule("viewer/state.js")).viewer;
    const { xaxis, yaxis } = graph._fullLayout;
    const column = (id) => {
        const canvas = document.getElementById(id);
        const scale = canvas.height / graph.clientHeight;
        const copy = new OffscreenCanvas(canvas.width, canvas.height);
        const context = copy.getContext("2d", { willReadFrequently: true });
        context.drawImage(canvas, 0, 0);
        const data = context.getImageData(
            Math.round((xaxis.d2p(x) + xaxis._offset) * scale), 0, 1, canvas.height).data;
        const rows = [];
        for (let i = 0; i < canvas.height; i++) {
            const p = (i + 0.5) / scale - yaxis._offset;  // the middle of the pixel, in the plot
            rows.push([yaxis.p2d(p), data[4 * i], data[4 * i + 3]]);
        }
        return rows.filter((r) => r[0] > from && r[0] < to);
    };
    const centre = (rows, weigh) => {
        let [sum, total] = [0, 0];
        for (const r of rows) { const w = weigh(r); sum += w * r[0]; total += w; }
        return total ? sum / total : NaN;
    };
    const trace = (from + to) / 2;
    const over = column("overlay");
    const line = (r) => (r[2] > 60 ? r[2] : 0);
    const image = column("canvas");
    return {
        image: centre(image, (r) => r[1]),
        low: centre(over.filter((r) => r[0] < trace - 15), line),
        high: centre(over.filter((r) => r[0] > trace + 15), line),
    };
}"""


@pytest.mark.parametrize("ratio", [1, 1.25])
def test_overlays_lie_on_the_pixels_to_a_tenth_at_every_zoom(
    open_window: Any, demo_session: Any, known: Planted, ratio: float
) -> None:
    window = open_window(storage_state=demo_session, device_scale_factor=ratio)
    page = window.open(f"/data/{known.reduced}")
    page.evaluate("() => localStorage.clear()")
    until(page, lambda: painted_shades(page) > 5, "the image", SLOW_MS)
    loaded = """async () => {
        const { viewer } = await pageModule("viewer/state.js");
        const { overlaysOf } = await pageModule("viewer/overlays.js");
        return overlaysOf(viewer.info).apertures.length;
    }"""
    until(page, lambda: page.evaluate(loaded), "the aperture")
    plain = {"limits": "typed", "low": 0, "high": 1000, "map": "Gray", "stretch": "linear"}
    page.evaluate(SET_OPTIONS, plain)
    views = ((0, 2400, 0, 1800.5), (300.3, 1500.7, 700.2, 1100.9), (901.7, 1003.1, 890.3, 975.8))
    for edges in views:
        show(page, edges)
        bins = page.evaluate(BINS)
        left, right = edges[:2]
        misses = []
        for k in range(1, 60):
            x = left + (right - left) * k / 60
            at = float(planted_frame.TRACE(x))
            seen = page.evaluate(MEASURE, [x, at - 40, at + 40])
            misses.append((seen["low"] + seen["high"]) / 2 - seen["image"])
        # The mean takes out how the screen's own pixels sample a line that is narrower than one.
        assert abs(np.mean(misses)) < 0.1, (edges, bins, misses)
        if bins == [1, 1]:
            assert np.std(misses) < 0.1, (edges, misses)


def test_marked_pixels_are_where_they_are(observer: Window, known: Planted) -> None:
    page = observer.open(f"/data/{known.reduced}")
    until(page, lambda: painted_shades(page) > 5, "the image", SLOW_MS)
    page.keyboard.press("c")
    page.evaluate(SET_OPTIONS, {"saturated": True, "cosmic": True, "apertures": False})
    for (x, y), colour in (
        (planted_frame.SATURATED, [255, 64, 64]),
        (planted_frame.COSMIC, [0, 190, 255]),
    ):
        show(page, (x - 8.2, x + 9.1, y - 4.3, y + 5.2))
        seen = page.evaluate(
            """async (colour) => {
                const { graph } = (await pageModule("viewer/state.js")).viewer;
                const canvas = document.getElementById("canvas");
                const { width, height } = canvas;
                const context = new OffscreenCanvas(width, height).getContext("2d");
                context.drawImage(canvas, 0, 0);
                const data = context.getImageData(0, 0, width, height).data;
                let [n, x, y] = [0, 0, 0];
                for (let i = 0; i < data.length / 4; i++) {
                    if ([0, 1, 2].some((c) => data[4 * i + c] !== colour[c])) continue;
                    n += 1; x += (i % canvas.width) + 0.5; y += Math.floor(i / canvas.width) + 0.5;
                }
                const { xaxis, yaxis } = graph._fullLayout;
                const scale = canvas.width / graph.clientWidth;
                return [xaxis.p2d(x / n / scale - xaxis._offset),
                        yaxis.p2d(y / n / scale - yaxis._offset)];
            }""",
            colour,
        )
        assert seen == pytest.approx([x, y], abs=0.1)


def test_the_cursor_reads_the_pixel_and_its_wavelength_from_afar(
    observer: Window, known: Planted
) -> None:
    page = observer.open(f"/data/{known.reduced}")
    until(page, lambda: painted_shades(page) > 5, "the image", SLOW_MS)
    x, y = 1700, round(float(planted_frame.TRACE(1700)))
    assert max(page.evaluate(BINS)) > 1
    place = page.evaluate(
        """async ([x, y]) => {
            const { graph } = (await pageModule("viewer/state.js")).viewer;
            const { xaxis, yaxis } = graph._fullLayout;
            const corner = graph.getBoundingClientRect();
            const [left, top] = [corner.left + xaxis._offset, corner.top + yaxis._offset];
            return [left + xaxis.d2p(x), top + yaxis.d2p(y)];
        }""",
        [x, y],
    )
    page.mouse.move(*place)
    read = page.get_by_label("Value under the cursor")
    expect(read).to_contain_text(re.compile(r"x \d+  y \d+   [\d.]+ electron   [\d.]+ Å"))
    said = re.search(r"x (\d+)  y (\d+)   ([\d.]+) electron   ([\d.]+) Å", read.inner_text())
    assert said is not None
    column, row, value, angstrom = (float(part) for part in said.groups())
    distance = (row - planted_frame.TRACE(column)) / planted_frame.WIDTH
    assert value == pytest.approx(1000 * 2.718281828 ** (-0.5 * distance**2), rel=2e-3)
    # The cursor lies within half a pixel of the column that is named.
    truth = planted_frame.FIRST_ANGSTROM + planted_frame.STEP_ANGSTROM * column
    assert angstrom == pytest.approx(truth, abs=0.51 * planted_frame.STEP_ANGSTROM)


def advanced(window: Window, path: str) -> Any:
    """Open Advanced Visualization and wait until it is all there."""
    page = window.open(path)
    expect(page.get_by_text("these windows, S/N")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_text("Along row")).to_be_visible()
    return page


def fill(page: Any, label: str, value: float) -> None:
    page.get_by_label(label, exact=True).fill(f"{value:g}")
    page.get_by_label(label, exact=True).press("Enter")


def value(page: Any, label: str) -> float:
    return float(page.get_by_label(label, exact=True).input_value())


def drag(page: Any, label: str, start: float, end: float, pads: tuple[float, float]) -> None:
    """Drag on a chart from one share of its width to another; `pads` lie beside its axis."""
    chart = page.get_by_label(label, exact=True)
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    left, width = box["x"] + pads[0], box["width"] - sum(pads)
    page.mouse.move(left + start * width, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(left + end * width, box["y"] + 60, steps=5)
    page.mouse.up()


PAINTED = """() => Object.fromEntries(
    ["canvas", "overlay", "histogram", "row-cut", "column-cut", "profile", "hand-spectrum"]
        .map((id) => [id, document.getElementById(id).toDataURL()]))"""


def test_the_address_restores_limits_colours_cuts_and_windows(
    observer: Window, open_window: Callable[..., Window], demo_session: Any, known: Planted
) -> None:
    page = advanced(observer, f"/data/{known.reduced}/advanced")
    plain = page.evaluate(PAINTED)
    fill(page, "Upper limit", 900)
    fill(page, "Lower limit", 5)
    page.get_by_role("combobox", name="Stretch", exact=True).select_option("asinh")
    page.get_by_role("combobox", name="Colour map", exact=True).select_option("Viridis")
    page.get_by_role("checkbox", name="Invert").check()
    fill(page, "Cut row", 1000)
    fill(page, "Average over", 5)
    fill(page, "Aperture to", 3)
    fill(page, "Background 1 from", -60)
    fill(page, "Columns from", 500)
    show(page, (300, 1500, 700, 1100))
    said = (
        "low=5&high=900",
        "stretch=asinh",
        "map=Viridis",
        "invert=1",
        ",1000,5",
        "windows=-30%3A3,-60",
        "range=500,",
        "profile=",
        "view=",
    )
    expect(page).to_have_url(re.compile("".join(f"(?=.*{re.escape(part)})" for part in said)))
    fresh = advanced(open_window(storage_state=demo_session), page.url[len(observer.site.url) :])
    until(page, lambda: fresh.evaluate(PAINTED) == page.evaluate(PAINTED), "the same pictures")
    assert not plain.items() & page.evaluate(PAINTED).items()
    for label in ("Lower limit", "Upper limit", "Cut column", "Background 1 to", "Columns to"):
        assert value(fresh, label) == value(page, label)
    assert fresh.get_by_role("checkbox", name="Invert").is_checked()
    with fresh.expect_download() as saved:
        fresh.get_by_role("link", name="Save image").click()
    assert saved.value.suggested_filename == "planted.png"


def test_a_dragged_window_gives_a_spectrum_that_is_saved_as_a_new_version(
    observer: Window, known: Planted, demo_site: LiveSite
) -> None:
    page = advanced(observer, f"/data/{known.reduced}/advanced")
    previews = []
    page.on("response", lambda r: r.url.endswith("/extraction-preview") and previews.append(r))

    def light() -> float:
        """Return how much of the star's light the newest preview holds."""
        flux = np.frombuffer(previews[-1].body(), "<f4")[: planted_frame.N_X] if previews else 0.0
        return float(np.median(flux)) / (1000 * planted_frame.WIDTH * sqrt(2 * pi))

    assert value(page, "Aperture to") == planted_frame.HALF
    # The profile shows 1.7 times the aperture; its upper edge is drawn onto the star's flank.
    share = [
        0.5 + row / (1.7 * 2 * planted_frame.HALF)
        for row in (planted_frame.HALF, planted_frame.WIDTH)
    ]
    drag(page, "Profile along the slit with the windows", *share, (68, 12))
    edge = value(page, "Aperture to")
    assert edge == pytest.approx(planted_frame.WIDTH, abs=0.5)
    within = 0.5 * (1 + erf(edge / planted_frame.WIDTH / sqrt(2)))
    until(page, lambda: light() == pytest.approx(within, rel=0.01), "the spectrum of the windows")

    page.get_by_role("button", name="Extract", exact=True).click()
    saved = page.get_by_role("link", name=re.compile(r"^e_planted_target_1.*\.fits$"))
    expect(saved).to_be_visible(timeout=SLOW_MS)
    legend = page.locator("#advanced-windows .legend")
    expect(legend).to_contain_text("eplanted.fits, S/N")
    expect(legend).to_contain_text(re.compile(r"saved as e_planted_target_1.*\.fits, S/N"))
    number = int(str(saved.get_attribute("href")).rsplit("/", 1)[1])
    ((parent, path),) = demo_site.rows("SELECT parent_id, full_path FROM file WHERE id = ?", number)
    assert parent == known.reduced
    header = fits.getheader(path)
    assert (header["GSP_EXTY"], header["GSP_TLO"]) == ("manual", -planted_frame.HALF)
    assert header["GSP_THI"] == pytest.approx(edge, abs=0.01)
    assert np.median(fits.getdata(path)) == pytest.approx(
        1000 * planted_frame.WIDTH * sqrt(2 * pi) * within, rel=0.01
    )
    saved.click()
    tab = page.get_by_label("Related files").locator("[aria-current]")
    expect(tab).to_contain_text(re.compile(r"v\d"))
