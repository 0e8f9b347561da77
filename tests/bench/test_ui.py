"""What the pages take in a real browser: images, spectra, the first load, live changes.

Headless Chromium without a GPU, so each painted frame costs about 17 to 33 ms whatever is drawn.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.bench import large
from tests.support.bench.large import Planted
from tests.support.bench.table import row
from tests.support.browser_window import Window, night_over
from tests.support.live_site import LiveSite

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [pytest.mark.bench, pytest.mark.browser]

N_PAGES = 20
FEW = 5
"""As many browsers draw on the server's own processors without standing in each other's way."""
N_PEOPLE = 4
ROUNDS = 4
ZOOMS = 12
GATHERED_S = 1.5

IMAGE_THERE = """async () => (await pageModule("viewer/state.js")).viewer.view !== null"""
SPECTRUM_THERE = """async () => (await pageModule("spectrum/state.js")).shown.curves.length"""
HOME = """async () => {
    const { viewer } = await pageModule("viewer/state.js");
    (await pageModule("viewer/zoom.js")).zoomTo(viewer.info.home);
}"""
CHANGED = """(where) => {
    window.painted = new Promise((done) => {
        const watch = new MutationObserver(() => {
            watch.disconnect();
            requestAnimationFrame(() => done(Date.now()));
        });
        watch.observe(document.querySelector(where),
            { childList: true, subtree: true, characterData: true });
    });
}"""


@pytest.fixture(scope="module")
def planted(demo_site: LiveSite) -> Iterator[Planted]:
    night_over(demo_site, quiet_s=6.0)
    yield Planted(demo_site)


@pytest.fixture
def page(observer: Window, planted: Planted) -> Any:
    page = observer.open("/data")
    planted.prepare(page)
    planted.open(page, planted.images[0])
    page.wait_for_function(IMAGE_THERE)
    page.wait_for_timeout(1000)
    return page


def said(what: str, values: list[float], goal: str) -> None:
    middle, worst = statistics.median(values), max(values)
    row(what, f"{middle:.0f} (worst {worst:.0f})", goal, "–")


def load() -> None:
    row("  beside a load average of", f"{os.getloadavg()[0]:.1f}", "–", "–")


def clicks(page: Any, planted: Planted) -> tuple[list[float], list[float]]:
    """Click on each image; return ms until it is on the screen, and bytes sent for all of it."""
    took, sent = [], []
    for number in planted.images[1:] + planted.images[:1]:
        took.append(page.evaluate(large.IMAGE, number))
        page.wait_for_timeout(800)
        sent.append(page.evaluate(large.SENT))
    return took, sent


def spectra(page: Any, planted: Planted) -> list[float]:
    """Click on each spectrum; return ms until it is on the screen. The first draws new axes."""
    took = []
    for number in planted.spectra:
        took.append(page.evaluate(large.SPECTRUM, number))
        page.wait_for_timeout(600)
    return took


def steps(page: Any) -> dict[str, list[float]]:
    """Change what the look-up table is made of; return ms of each step."""
    limits = [{"limits": "typed", "low": 400 + k, "high": 700 + 2 * k} for k in range(20)]
    maps = [{"map": name} for name in ("Viridis", "Inferno", "Gray", "Magma", "Plasma")] * 3
    bends = [{"stretch": name} for name in ("log", "sqrt", "asinh", "linear")] * 4
    changes = {"limits": limits, "colour map": maps, "stretch": bends}
    return {name: page.evaluate(large.STEPS, these) for name, these in changes.items()}


def zooms(page: Any) -> dict[str, list[list[float]]]:
    """Zoom as people do; return ms until it is painted, on the screen, and sharp."""
    box = page.locator("#stage").bounding_box()

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def wheel(k: int) -> None:
        page.mouse.wheel(0, -120)

    def drag(k: int) -> None:
        page.mouse.down()
        page.mouse.move(*at(0.75 - 0.02 * k, 0.8), steps=3)
        page.mouse.up()

    def buttons(k: int) -> None:
        page.locator("#graph .modebar-btn").nth(2).click()

    def measured(event: str, act: Callable[[int], None]) -> list[list[float]]:
        took = []
        for k in range(ZOOMS):
            page.evaluate(HOME)
            page.wait_for_timeout(700)
            page.mouse.move(*at(0.3, 0.3))
            page.wait_for_timeout(100)
            page.evaluate(large.ZOOM, event)
            act(k)
            took.append(page.evaluate("() => window.measured"))
        return took

    return {
        "wheel": measured("wheel", wheel),
        "box": measured("pointerup", drag),
        "button": measured("click", buttons),
    }


def test_the_numbers_of_the_pages(page: Any, planted: Planted, capsys: Any) -> None:
    took, sent = clicks(page, planted)
    stepped = steps(page)
    zoomed = zooms(page)
    drawn = spectra(page, planted)
    with capsys.disabled():
        print()
        said("4096 × 4112 image after the click, ms", took, "≤ 300")
        said("  sent for it, kB", [one / 1000 for one in sent], "≤ 2500")
        for name, values in stepped.items():
            said(f"{name} while dragging, ms a step", values, "≤ 40")
        for name, values in zoomed.items():
            first, screen, sharp = zip(*values, strict=True)
            said(f"zoom by {name}: painted, ms", list(first), "≤ 16")
            said("  the frame is on the screen, ms", list(screen), "–")
            said("  sharp, ms", list(sharp), "≤ 200")
        said("spectrum of 4096 points with σ after the click, ms", drawn, "≤ 150")
        load()


def test_the_first_load(chromium: Any, demo_site: LiveSite, planted: Planted, capsys: Any) -> None:
    window = Window(chromium, demo_site)
    wire = window.context.new_cdp_session(window.page)
    wire.send("Network.enable")
    sent: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    page = window.sign_in("demo", demo_site.demo_password)
    page.goto(f"{demo_site.url}/data/{planted.spectra[0]}")
    page.wait_for_function(SPECTRUM_THERE)
    page.wait_for_timeout(500)
    window.context.close()
    with capsys.disabled():
        row("first load of the app, transferred", f"{sum(sent) / 1e6:.2f} MB", "≤ 2 MB", "–")


def people(chromium: Any, site: LiveSite) -> list[Any]:
    """Return the sessions of some people of the staff."""
    sessions = []
    for k in range(N_PEOPLE):
        name, password = f"watcher{k}", "Quiet-Harbour-77"
        made = site.flask(
            "user",
            "create",
            "--username",
            name,
            "--email",
            f"{name}@example.org",
            "--staff",
            "--password-stdin",
            given=password + "\n",
        )
        assert made.returncode == 0, made.stderr
        window = Window(chromium, site)
        window.sign_in(name, password)
        sessions.append(window.context.storage_state())
        window.context.close()
    return sessions


def watchers(chromium: Any, planted: Planted, shown: int) -> list[Window]:
    """Open a file in browsers, each a context with connections of its own."""
    sessions = people(chromium, planted.site)
    windows = [
        Window(chromium, planted.site, storage_state=sessions[k % N_PEOPLE]) for k in range(N_PAGES)
    ]
    for window in windows:
        planted.open(window.page, shown)
    for window in windows:
        window.page.locator("#lamp[data-state=live]").wait_for()
        window.page.locator("#view-head .tabs a").nth(1).wait_for()
    return windows


def delays(
    windows: list[Window], planted: Planted, doomed: list[int], token: str
) -> dict[str, list[float]]:
    """Let things happen to the file on show; return ms until each browser has painted it."""
    site, host, shown = planted.site, planted.hosts[0], planted.spectra[0]
    events: dict[str, tuple[str, Callable[[int], Any]]] = {
        "comment": (
            "#comments",
            lambda k: site.api("files/comments/", token, {"id": shown, "text": f"no. {k}"}),
        ),
        "run": ("#view-runs", lambda _: site.api("files/reduce/", token, {"id": host})),
        "file": ("#view-head", lambda k: site.api("files/", token, {"id": doomed[k]}, "DELETE")),
    }
    found: dict[str, list[float]] = {}
    for name, (where, act) in events.items():
        for k in range(ROUNDS):
            for window in windows:
                window.page.evaluate(CHANGED, where)
            time.sleep(GATHERED_S)
            began = time.time() * 1000
            act(k)
            painted = [window.page.evaluate("() => window.painted") for window in windows]
            found.setdefault(name, []).extend(when - began for when in painted)
            time.sleep(GATHERED_S)
    return found


def test_an_event_in_twenty_browsers(chromium: Any, planted: Planted, capsys: Any) -> None:
    doomed = [planted.spectrum(1000 + k, planted.hosts[0]) for k in range(2 * ROUNDS)]
    windows = watchers(chromium, planted, planted.spectra[0])
    token = planted.site.staff_token()
    found = delays(windows, planted, doomed[:ROUNDS], token)
    for window in windows[FEW:]:
        window.context.close()
    alone = delays(windows[:FEW], planted, doomed[ROUNDS:], token)
    for window in windows[:FEW]:
        window.context.close()
    with capsys.disabled():
        print()
        for name, values in found.items():
            said(f"{name} painted in {N_PAGES} browsers, ms", values, "≤ 300")
            said(f"  in {FEW} of them", alone[name], "–")
        load()
