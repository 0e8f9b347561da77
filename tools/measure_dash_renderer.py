"""Measure what an update of one region costs a browser, drawn by Dash or put in place as HTML.

    .venv/bin/python tools/measure_dash_renderer.py PYTHON [PYTHON …]

Each PYTHON is the interpreter of an environment that holds one release of Dash. The page has about
as many components as the Data page (750). One region is changed at a time, in turn in all releases
and both ways, so that other work on the machine affects all of them alike. Decision record 10 keeps
the figures.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

PAGE = Path(__file__).with_name("dash_renderer_page.py")
REGIONS = ("comments", "runs", "tabs", "calibrations", "index", "facts")
ROUNDS = 12
REST_MS = 250

WATCH = """(region) => {
    window.painted = new Promise((resolve) => {
        const observer = new MutationObserver(() => {
            observer.disconnect();
            requestAnimationFrame(() => resolve(performance.now() - window.start));
        });
        observer.observe(document.getElementById(region),
            { childList: true, subtree: true, characterData: true });
    });
}"""
CHANGE = """async ([region, number]) => {
    window.start = performance.now();
    dash_clientside.set_props("change-" + region, { data: number });
    return await window.painted;
}"""


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(python: str, way: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start the page in one environment; return its process and address once it answers."""
    port = free_port()
    process = subprocess.Popen([python, str(PAGE), str(port), way], stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    for _ in range(600):
        try:
            urlopen(address, timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return process, address
    raise SystemExit(f"{python} does not serve the page.")


def task_ms(session: CDPSession) -> float:
    """Return the processor time of the page's tasks so far, in milliseconds."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


def open_page(browser: Browser, address: str) -> tuple[Page, CDPSession]:
    """Open the page and wait until all of it is drawn."""
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("#comments li", state="attached")
    page.wait_for_load_state("networkidle")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    return page, session


def change(page: Page, session: CDPSession, region: str, number: int) -> tuple[float, float]:
    """Change a region; return ms until it is painted, and ms of processor time."""
    page.evaluate(WATCH, region)
    before = task_ms(session)
    painted = float(page.evaluate(CHANGE, [region, number]))
    page.wait_for_timeout(REST_MS)
    return painted, task_ms(session) - before


def main(pythons: list[str]) -> None:
    """Measure all releases in turn and print the medians."""
    version = "import dash; print(dash.__version__)"
    releases = {
        python: subprocess.check_output([python, "-c", version], text=True).strip()
        for python in pythons
    }
    cases = [(python, way) for python in pythons for way in ("components", "html")]
    figures: dict[tuple[Any, ...], list[tuple[float, float]]] = defaultdict(list)
    servers = [serve(*case) for case in cases]
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            pages = [open_page(browser, address) for _, address in servers]
            for number in range(1, ROUNDS + 1):
                for (python, way), (page, session) in zip(cases, pages, strict=True):
                    page.bring_to_front()
                    for region in REGIONS:
                        case = (region, releases[python], way)
                        figures[case].append(change(page, session, region, number))
    finally:
        for process, _ in servers:
            process.kill()
    print(f"{'region':14s}{'Dash':8s}{'way':12s}{'painted':>10s}{'processor':>12s}")
    for (region, release, way), values in figures.items():
        painted, busy = (statistics.median(column) for column in zip(*values, strict=True))
        print(f"{region:14s}{release:8s}{way:12s}{painted:7.0f} ms{busy:9.0f} ms")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
