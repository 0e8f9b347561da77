"""What the pages take in a real browser: images, spectra, the first load, live changes.

Headless Chromium without a GPU, so each painted frame costs about 17 to 33 ms whatever is drawn.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from reduction import fitsio
from reduction.frames import DataType, Product, Spectrum
from tests import builders
from tests.bench.table import row
from tests.e2e.conftest import LiveSite, until
from tests.e2e.planted import insert
from tests.e2e.window import Window

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [pytest.mark.bench, pytest.mark.browser]

N_X, N_Y = 4096, 4112
N_IMAGES = 6
N_PAGES = 20

IMAGE = """(id) => new Promise((done) => {
    performance.clearResourceTimings();
    const began = performance.now();
    window.addEventListener("gsp-view", () => window.addEventListener("gsp-drawn", () => {
        requestAnimationFrame(() => {
            const took = performance.now() - began;
            const sent = performance.getEntriesByType("resource")
                .reduce((sum, entry) => sum + entry.transferSize, 0);
            done([took, sent]);
        });
    }, { once: true }), { once: true });
    gsp.go(`/data/${id}`);
})"""

DRAWN = (
    "const drawn = () => new Promise((d) => window.addEventListener('gsp-drawn', d, {once: true}));"
)

STEPS = f"""async (changes) => {{
    {DRAWN}
    const steps = [];
    for (const change of changes) {{
        const began = performance.now();
        const next = drawn();
        gsp.viewer.set(change);
        await next;
        steps.push(performance.now() - began);
    }}
    return steps;
}}"""

ZOOM = f"""async (edges) => {{
    {DRAWN}
    const began = performance.now();
    const sharp = new Promise((done) => window.addEventListener("gsp-view", () =>
        window.addEventListener("gsp-drawn", () => done(performance.now() - began), {{once: true}}),
        {{once: true}}));
    const first = drawn().then(() => performance.now() - began);
    gsp.viewer.look(edges);
    return [await first, await sharp];
}}"""

SPECTRUM = """(id) => new Promise((done) => {
    const began = performance.now();
    gsp.go(`/data/${id}`);
    const look = () => {
        const main = window.gspSpectrum.main();
        const shown = main && main.facts.id === id && window.gspSpectrum.drawn().length;
        if (shown) requestAnimationFrame(() => done(performance.now() - began));
        else requestAnimationFrame(look);
    };
    look();
})"""


class Planted:
    """A site with large frames in it."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        self.images = [self._image(k) for k in range(N_IMAGES)]
        self.spectra = [self._spectrum(k) for k in range(N_IMAGES)]

    def _image(self, k: int) -> int:
        rng = np.random.default_rng(k)
        pixels = rng.normal(500, 9, (N_Y, N_X)).astype(np.uint16)
        pixels[2000 + k] += 3000
        path = self.site.home / "products" / f"large_{k}.fits"
        fits.PrimaryHDU(pixels, builders.header(CCDSUM="1 1", SEQUENCE=k)).writeto(path)
        facts = {"data_type": int(DataType.RAW), "n_x": N_X, "n_y": N_Y}
        made = insert(self.site.home, path, facts)
        with sqlite3.connect(self.site.home / "gsp.db", timeout=20) as connection:
            own = "UPDATE file SET original_id = id, parent_id = id WHERE id = ?"
            connection.execute(own, [made])
        return made

    def _spectrum(self, k: int) -> int:
        rng = np.random.default_rng(100 + k)
        flux = rng.normal(1000, 30, 4096)
        spectrum = Spectrum(
            flux, np.full(4096, 900.0), np.zeros(4096, np.uint8), fits.Header({"OBJECT": str(k)})
        )
        path = self.site.home / "products" / f"elarge_{k}.fits"
        fitsio.write(Product(path.name, DataType.EXTRACTED, spectrum), path)
        facts = {"data_type": int(DataType.EXTRACTED), "n_x": 4096, "n_y": 1}
        facts |= {"original_id": self.images[k], "parent_id": self.images[k]}
        return insert(self.site.home, path, facts)


@pytest.fixture(scope="module")
def large(demo_site: LiveSite) -> Iterator[Planted]:
    busy = "SELECT count(*) FROM run WHERE state IN ('queued', 'running')"
    spectra = "SELECT count(*) FROM file WHERE data_type = 4"
    until(lambda: demo_site.rows(spectra)[0][0] > 3, 240, "calibrated spectra")
    until(lambda: not demo_site.rows(busy)[0][0], 240, "an idle server")
    yield Planted(demo_site)


@pytest.fixture
def page(observer: Window, large: Planted) -> Any:
    page = observer.open(f"/data/{large.images[0]}")
    for number in large.images:  # prepared at ingest as a rule: here on request
        until(lambda n=number: _prepared(page, n), 60, "a pyramid")
    page.reload()
    page.wait_for_function("() => window.gsp && gsp.viewer && gsp.viewer.state.view")
    page.wait_for_timeout(1000)
    return page


def _prepared(page: Any, number: int) -> bool:
    query = f"x0=0&x1={N_X}&y0=0&y1={N_Y}&w=8&h=8"
    return page.evaluate(f"async () => (await fetch('/img/{number}/view?{query}')).status") == 200


def said(what: str, values: list[float], goal: str) -> None:
    middle, worst = statistics.median(values), max(values)
    row(what, f"{middle:.0f} (worst {worst:.0f})", goal, "–")


def test_the_numbers_of_the_pages(page: Any, large: Planted, capsys: Any) -> None:
    clicks = [page.evaluate(IMAGE, number) for number in large.images[1:] + large.images[:1]]
    limits = [{"limits": "typed", "low": 400 + k, "high": 700 + 2 * k} for k in range(20)]
    maps = [{"map": name} for name in ("Viridis", "Inferno", "Gray", "Magma", "Plasma")] * 3
    bends = [{"stretch": name} for name in ("log", "sqrt", "asinh", "linear")] * 4
    steps = [page.evaluate(STEPS, changes) for changes in (limits, maps, bends)]
    zooms = []
    for k in range(8):
        zooms.append(page.evaluate(ZOOM, [100 + k, 2100 - 90 * k, 500, 2500 - 80 * k]))
        page.wait_for_timeout(150)
    spectra = [page.evaluate(SPECTRUM, number) for number in large.spectra]
    with capsys.disabled():
        print()
        said("4096 × 4112 image after the click, ms", [c[0] for c in clicks], "≤ 300")
        said("  sent for it, kB", [c[1] / 1000 for c in clicks], "≤ 2500")
        for name, taken in zip(("limits", "colour map", "stretch"), steps, strict=True):
            said(f"{name} while dragging, ms a step", taken, "≤ 40")
        said("zoom: first, ms", [z[0] for z in zooms], "≤ 16")
        said("zoom: sharp, ms", [z[1] for z in zooms], "≤ 200")
        said("spectrum of 4096 points with σ after the click, ms", spectra, "≤ 150")


def test_the_first_load(chromium: Any, demo_site: LiveSite, large: Planted, capsys: Any) -> None:
    window = Window(chromium, demo_site)
    wire = window.context.new_cdp_session(window.page)
    wire.send("Network.enable")
    sent: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    page = window.sign_in("demo", demo_site.demo_password)
    page.goto(f"{demo_site.url}/data/{large.spectra[0]}")
    page.wait_for_function("() => window.gspSpectrum && window.gspSpectrum.drawn().length")
    page.wait_for_timeout(500)
    window.context.close()
    with capsys.disabled():
        row("first load of the app, transferred", f"{sum(sent) / 1e6:.2f} MB", "≤ 2 MB", "–")


def test_an_event_in_twenty_pages(
    chromium: Any, demo_site: LiveSite, demo_session: Any, large: Planted, capsys: Any
) -> None:
    shown = large.spectra[0]
    windows = [Window(chromium, demo_site, storage_state=demo_session) for _ in range(N_PAGES // 5)]
    pages = [w.page if k == 0 else w.context.new_page() for w in windows for k in range(5)]
    for page in pages:
        page.goto(f"{demo_site.url}/data/{shown}")
    for page in pages:
        page.locator("#lamp[data-state=live]").wait_for()
    token, delays = demo_site.staff_token(), []
    for k in range(4):
        text = f"the {k}th event"
        for page in pages:
            page.evaluate(
                """(text) => {
                    window.painted = new Promise((done) => {
                        const watch = new MutationObserver(() => {
                            const list = document.getElementById("comments");
                            if (!list || !list.textContent.includes(text)) return;
                            watch.disconnect();
                            requestAnimationFrame(() => done(Date.now()));
                        });
                        watch.observe(document.body, { childList: true, subtree: true });
                    });
                }""",
                text,
            )
        time.sleep(1)
        began = time.time() * 1000
        demo_site.api("files/comments/", token, {"id": shown, "text": text})
        delays += [page.evaluate("() => window.painted") - began for page in pages]
    for window in windows:
        window.context.close()
    with capsys.disabled():
        print()
        said(f"event painted in {N_PAGES} pages, ms", delays, "≤ 300")
