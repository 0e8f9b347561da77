"""Full frames and spectra among the demo night's files, and how long the page takes with them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from reduction.fits import frame_io
from reduction.frames import DataType, Product, Spectrum
from tests.support import builders
from tests.support.live_site import LiveSite, until
from tests.support.planted_frame import insert

N_X, N_Y = 4096, 4112
N_EACH = 6
NAME = "large"

PAINTED = """const painted = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel(); // heard after the frame has been painted
    channel.port1.onmessage = then;
    channel.port2.postMessage(0);
});"""

IMAGE = f"""async (id) => {{
    {PAINTED}
    const {{ viewer, imagePainted }} = await pageModule("viewer/state.js");
    performance.clearResourceTimings();
    const began = performance.now();
    return new Promise((done) => {{
        const stop = imagePainted.listen(() => {{
            if (!viewer.view || viewer.view.id !== id) return;
            stop();
            painted(() => done(performance.now() - began));
        }});
        document.querySelector(`#file-list a[href^="/data/${{id}}?"]`).click();
    }});
}}"""

SPECTRUM = f"""(id) => new Promise((done) => {{
    {PAINTED}
    const began = performance.now();
    const plot = document.getElementById("spectrum-plot");
    const look = () => {{
        if (Number(plot.dataset.file) !== id) return;
        watch.disconnect();
        painted(() => done(performance.now() - began));
    }};
    const watch = new MutationObserver(look);
    watch.observe(plot, {{ attributes: true }});
    document.querySelector(`#file-list a[href^="/data/${{id}}?"]`).click();
}})"""

SENT = """() => performance.getEntriesByType("resource")
    .reduce((sum, entry) => sum + entry.transferSize, 0)"""

STEPS = f"""async (changes) => {{
    {PAINTED}
    const {{ imagePainted }} = await pageModule("viewer/state.js");
    const {{ setOptions }} = await pageModule("viewer/display.js");
    const steps = [];
    for (const change of changes) {{
        const began = performance.now();
        const drawn = new Promise((done) => {{
            const stop = imagePainted.listen(() => {{ stop(); done(); }});
        }});
        setOptions(change);
        await drawn;
        steps.push(performance.now() - began);
        await new Promise(painted);
    }}
    return steps;
}}"""

# From the time that the browser gives the event, which is when the hand moved: to the end of the
# code that draws picture and overlays; to the end of the frame that has them; to that of the sharp
# pixels. A wheel is handed over with the browser's next frame, so its first time has up to 17 ms of
# waiting in it; a click or a pointer's release is handed over at once.
ZOOM = f"""async (event) => {{
    {PAINTED}
    const {{ imagePainted, viewReceived }} = await pageModule("viewer/state.js");
    let began = null;
    const begin = (heard) => {{ began = heard.timeStamp; }};
    window.addEventListener(event, begin, {{ capture: true, once: true }});
    const when = (signal) => new Promise((done) => {{
        const stop = signal.listen(() => {{
            if (began === null) return;
            stop();
            done(performance.now() - began);
        }});
    }});
    window.measured = Promise.all([
        when(imagePainted),
        when(imagePainted).then(() => new Promise(painted)).then(() => performance.now() - began),
        when(viewReceived).then(() => new Promise(painted)).then(() => performance.now() - began),
    ]);
}}"""


class Planted:
    """A site with large frames in it, whose names hold `NAME`."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        self.images = [self._image(k, (N_Y, N_X)) for k in range(N_EACH)]
        self.hosts = [self._image(100 + k, (64, 64)) for k in range(N_EACH)]
        self.spectra = [self.spectrum(k, self.hosts[k]) for k in range(N_EACH)]

    def _image(self, k: int, shape: tuple[int, int]) -> int:
        rng = np.random.default_rng(k)
        pixels = rng.normal(500, 9, shape).astype(np.uint16)
        pixels[shape[0] // 2 + k % 10] += 3000
        path = self._path(f"{NAME}_{k}.fits")
        fits.PrimaryHDU(pixels, builders.header(CCDSUM="1 1", SEQUENCE=k)).writeto(path)
        facts = {"data_type": DataType.RAW, "n_x": shape[1], "n_y": shape[0], "run_id": None}
        made = insert(self.site.home, path, facts)
        with sqlite3.connect(self.site.home / "gsp.db", timeout=20) as connection:
            own = "UPDATE file SET original_id = id, parent_id = id WHERE id = ?"
            connection.execute(own, [made])
        return made

    def spectrum(self, k: int, host: int) -> int:
        """Plant a spectrum as if it had been made of the frame `host`."""
        rng = np.random.default_rng(100 + k)
        flux = rng.normal(1000, 30, 4096)
        spectrum = Spectrum(
            flux, np.full(4096, 900.0), np.zeros(4096, np.uint8), fits.Header({"OBJECT": str(k)})
        )
        path = self._path(f"e{NAME}_{k}.fits")
        frame_io.write(Product(path.name, DataType.EXTRACTED, spectrum), path)
        facts = {"data_type": DataType.EXTRACTED, "n_x": 4096, "n_y": 1}
        return insert(self.site.home, path, facts | {"original_id": host, "parent_id": host})

    def _path(self, name: str) -> Path:
        return self.site.home / "products" / name

    def open(self, page: Any, number: int) -> Any:
        """Show a file, with the index of all of them beside it."""
        page.goto(f"{self.site.url}/data/{number}?name={NAME}")
        page.locator(f'#file-list a[href^="/data/{self.images[0]}?"]').wait_for()
        return page

    def prepare(self, page: Any) -> None:
        """Have the pyramids made: at ingest as a rule, here on request."""
        for number in self.images + self.hosts:
            until(lambda n=number: _prepared(page, n), 60, "a pyramid")


def _prepared(page: Any, number: int) -> bool:
    query = "x0=0&x1=64&y0=0&y1=64&w=8&h=8"
    return page.evaluate(f"async () => (await fetch('/img/{number}/view?{query}')).status") == 200
