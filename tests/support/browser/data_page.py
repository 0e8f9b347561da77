"""What tests of the page Data share: finding a spectrum, and what image and plot show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.browser_window import PATIENCE_MS, SLOW_MS
from tests.support.live_site import LiveSite
from tests.support.live_site import until as wait_for

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect


def calibrated_row(page: Any) -> Any:
    """Return the newest row of the file index whose spectrum is calibrated."""
    rows = page.get_by_label("Files, the newest first").get_by_role("link")
    return rows.filter(has=page.locator(".stage.s4, .stage.s5"))


def wavelength_tab(page: Any) -> Any:
    """Return the tab of the newest wavelength-calibrated spectrum of the frame on show."""
    return page.locator("#view-head .tabs a").filter(has_text="Wavelength Calibrated").first


def show_calibrated(page: Any) -> None:
    """Open the newest frame with a calibrated spectrum: that, without its flux calibration."""
    row = calibrated_row(page).first
    expect(row).to_be_visible(timeout=SLOW_MS)
    href = row.get_attribute("href")
    page.locator(f'#file-list a[href="{href}"]').click()
    expect(page.locator(f'#view-head a[href="{href}"][aria-current]')).to_be_visible()
    wavelength_tab(page).click()
    expect(wavelength_tab(page)).to_have_attribute("aria-current", "true")


def plotted(page: Any) -> dict[str, Any]:
    """Return what the plot on show says of itself."""
    return page.evaluate(
        """async () => {
            const isSpectrum = document.getElementById("stage").dataset.kind === "spectrum";
            const place = isSpectrum ? "#spectrum-plot" : "#graph .js-plotly-plot";
            const plot = document.querySelector(place);
            if (!plot || !plot._fullLayout || !plot._fullLayout.xaxis) return {};
            const { xaxis, yaxis } = plot._fullLayout;
            const { shown } = await pageModule("spectrum/state.js");
            const numbers = isSpectrum ? shown.main : null;
            return { x: xaxis.title.text, y: yaxis.title.text, range: [...xaxis.range],
                     points: numbers ? numbers.x.length : 0 };
        }"""
    )


def painted_shades(page: Any) -> int:
    """Return how many different colours the image's canvas shows."""
    return page.evaluate(
        """() => {
            const canvas = document.getElementById("canvas");
            if (!canvas || !canvas.width) return 0;
            const copy = new OffscreenCanvas(canvas.width, canvas.height);
            const context = copy.getContext("2d", { willReadFrequently: true });
            context.drawImage(canvas, 0, 0);
            const data = context.getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.data.buffer)).size;
        }"""
    )


UNTOUCHED = """
    SELECT original_id, max(CASE WHEN data_type = 2 THEN id END) FROM file
    WHERE data_type IN (2, 3, 4) AND original_id IS NOT NULL
    GROUP BY original_id
    HAVING sum(data_type = 2) = 1 AND sum(data_type = 3) = ?1 AND sum(data_type = 4) = ?1
       AND sum(file_name GLOB '*_v[0-9]*') = 0
    LIMIT 1
"""


def untouched(site: LiveSite, targets: int) -> tuple[int, int]:
    """Return ids of a raw and its reduced frame that nobody has worked on.

    It has so many targets, of each one extracted and one calibrated spectrum.
    """
    what = f"a frame with {targets} targets that no test has worked on"
    ((raw, reduced),) = wait_for(lambda: site.rows(UNTOUCHED, targets), SLOW_MS / 1000, what)
    return int(raw), int(reduced)


def until(
    page: Any, condition: Callable[[], Any], what: str, timeout_ms: int = PATIENCE_MS
) -> None:
    for _ in range(timeout_ms // 100):
        if condition():
            return
        page.wait_for_timeout(100)
    pytest.fail(f"not seen: {what}")
