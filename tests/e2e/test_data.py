"""The areas of the Data page that are no journey of their own, on the demo night."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.test_browser import painted_shades, show_calibrated, until
from tests.e2e.window import Window

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser

COLOURED = """() => {
    const canvas = document.getElementById("canvas");
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(canvas.width / 2 - 50, canvas.height / 2 - 50, 100, 100);
    return data.some((value, i) => i % 4 === 0 && value !== data[i + 1]);
}"""


def test_the_areas_of_the_page(
    observer: Window, open_window: Callable[..., Window], demo_session: Any
) -> None:
    page = observer.open("/data")
    show_calibrated(page)

    # A comment is seen by whoever looks at the file.
    path = page.url[len(observer.site.url) :]
    other = open_window(storage_state=demo_session).open(path)
    expect(other.get_by_label("Add new comment")).to_be_visible()
    page.get_by_label("Add new comment").fill("Seen in both windows")
    page.get_by_role("button", name="Add comment").click()
    expect(other.get_by_text("Seen in both windows")).to_be_visible()
    other.close()

    # Options, the time stamp, and what would be deleted with a frame.
    page.get_by_role("link", name="Reduced").first.click()
    until(page, lambda: painted_shades(page) > 20, "the reduced image")
    assert not page.evaluate(COLOURED)
    stamp = page.get_by_text("Last Modified:")
    expect(stamp).to_have_text(re.compile(r"Last Modified: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"))
    page.get_by_role("button", name="Options").click()
    page.get_by_label("Colour map").select_option("Viridis")
    until(page, lambda: page.evaluate(COLOURED), "the colours of the map")
    page.get_by_label("Show title").uncheck()
    expect(page.locator("#stage")).to_have_attribute("data-title", "hidden")
    page.get_by_label("Show title").check()
    page.get_by_label("Colour map").select_option("Gray")
    page.get_by_role("button", name="Delete", exact=True).click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text(
        re.compile(r"Delete cf.*, and what was made from it: ecf.*, wecf")
    )
    asked.get_by_role("button", name="Cancel").click()
    expect(asked).to_be_hidden()

    # The index: calibrations, and GO.
    listed = page.get_by_label("Files, the newest first").get_by_role("link")
    heads = page.get_by_label("Kind of files")
    heads.get_by_role("link", name="Calibrations").click()
    expect(heads.locator("[aria-current]")).to_contain_text("Calibrations")
    listed.filter(has_text="bias").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("master_bias")
    heads.get_by_role("link", name="Observed").click()
    expect(heads.locator("[aria-current]")).to_contain_text("Observed")
    newest = listed.first.get_attribute("href")
    page.keyboard.press("g")
    page.keyboard.type("2")
    page.get_by_role("button", name="GO", exact=True).click()
    page.wait_for_url(re.compile("page=2"))
    expect(page.get_by_label("Pages of the list").locator("[aria-current]")).to_have_text("2")
    assert listed.first.get_attribute("href") != newest
