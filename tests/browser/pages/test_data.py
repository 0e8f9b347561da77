"""The areas of the Data page that are no journey of their own, on the demo night."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from tests.support.browser.data_page import painted_shades, show_calibrated, until, untouched
from tests.support.browser_window import SLOW_MS, Window
from tests.support.live_site import LiveSite
from tests.support.live_site import until as wait_for

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
        re.compile(r"Delete cf.* and the products made from it \(ecf.*, wecf")
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
    expect(listed.first).not_to_have_attribute("href", newest)


SPECTRA = "SELECT id, file_name, full_path, data_type FROM file WHERE original_id = ? AND data_type"
AT_WORK = """
    SELECT count(*) FROM run JOIN file ON file.id = run.file_id
    WHERE file.original_id = ? AND run.state IN ('waiting', 'queued', 'running')
"""
SEND = """async ([method, path, body]) => {
    const token = (await pageModule("core/session.js")).cookie("_csrf_token");
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    const answer = await fetch("/api/" + path, { method, headers, body: JSON.stringify(body) });
    return [answer.status, await answer.text()];
}"""
DRAWN = """async (id) => {
    if (Number(document.getElementById("spectrum-plot").dataset.file) !== id) return null;
    return Array.from((await pageModule("spectrum/state.js")).shown.main.flux);
}"""


def send(page: Any, method: str, path: str, body: dict[str, Any]) -> None:
    """Ask the API as the person of the page."""
    status, said = page.evaluate(SEND, [method, path, body])
    assert status < 300, said


def test_every_target_and_version_has_a_tab_with_its_own_spectrum(
    observer: Window, demo_site: LiveSite
) -> None:
    original, reduced = untouched(demo_site, targets=2)
    page = observer.open(f"/data/{original}")
    tabs = page.get_by_label("Related files").get_by_role("link")
    expect(tabs).to_have_count(8)
    wider = {"max_targets": 2, "aperture_width": 3.5}
    send(page, "POST", "files/spectrum/extract/", {"id": reduced, "settings": wider})
    wait_for(
        lambda: (
            len(demo_site.rows(f"{SPECTRA} = 5", original)) == 4
            and not demo_site.rows(AT_WORK, original)[0][0]
        ),
        SLOW_MS / 1000,
        "second versions of both spectra",
    )
    products = demo_site.rows(f"{SPECTRA} IN (3, 4, 5)", original)
    expect(tabs).to_have_count(len(products) + 2)

    levels, labels = set(), set()
    for number, name, path, _ in products:
        tab = page.get_by_label("Related files").locator(f'a[href^="/data/{number}"]')
        target = re.search(r"_(?:target|ws)_(\d)", name)[1]
        tab.click()
        expect(tab).to_have_attribute("aria-current", "true")
        labels.add(tab.inner_text())
        assert re.search(r" (\d)( v2)?$", tab.inner_text())[1] == target
        until(page, lambda number=number: page.evaluate(DRAWN, number), f"the spectrum of {name}")
        flux = np.asarray(fits.getdata(path), dtype=np.float32)
        np.testing.assert_array_equal(page.evaluate(DRAWN, number), flux)
        levels.add(float(np.nanmedian(flux)))
        expect(page.locator("#view-notes .file-name")).to_have_text(name)
    assert len(levels) == len(labels) == len(products), "no two are alike"

    tabs.filter(has_text="Observed Raw").click()
    for number, name, _, data_type in products:
        if data_type == 3 and "_v2" in name:
            send(page, "DELETE", "files/", {"id": number})
    expect(tabs).to_have_count(8)


def words_of(card: fits.Card) -> str:
    return f"{card.keyword} {card.value} {card.comment}".lower()


def test_each_hdu_has_a_header_of_its_own(observer: Window, demo_site: LiveSite) -> None:
    reduced = "SELECT max(id), full_path FROM file WHERE data_type = 2 AND file_name LIKE 'cf%'"
    wait_for(lambda: demo_site.rows(reduced)[0][0], SLOW_MS / 1000, "a reduced frame")
    ((number, path),) = demo_site.rows(reduced)
    with fits.open(path) as hdus:
        headers = {hdu.name: [card for card in hdu.header.cards if card.keyword] for hdu in hdus}
    assert len(headers) >= 3, "data, uncertainty, mask"

    def holders(words: list[str]) -> list[str]:
        """Return the HDU of each card that has all of the words."""
        return [
            name
            for name, cards in headers.items()
            for card in cards
            if all(word in words_of(card) for word in words)
        ]

    page = observer.open(f"/data/{number}")
    page.get_by_role("button", name="Header").click()
    choice = page.get_by_role("group", name="HDU").get_by_role("button")
    expect(choice).to_have_text(["All HDUs", *(f"HDU {name}" for name in headers)])
    rows = page.locator("#header-table tbody tr:has(td):visible")
    for name, cards in headers.items():
        own = next(
            card
            for card in cards
            if isinstance(card.value, str)
            and re.fullmatch(r"\w{3,}", card.value)
            and holders([card.keyword.lower(), card.value.lower()]) == [name]
        )
        choice.filter(has_text=re.compile(rf"HDU {name}$")).click()
        expect(page.locator("#header-table tbody:visible")).to_have_count(1)
        page.get_by_label("Search the header").fill(f"{own.keyword} {own.value}")
        expect(rows).to_have_count(1)
        expect(rows.locator("td").first).to_have_text(own.keyword)
        expect(rows.locator("td").nth(1)).to_have_text(own.value)
        other = next(one for one in headers if one != name)
        choice.filter(has_text=re.compile(rf"HDU {other}$")).click()
        expect(rows).to_have_count(0)
        page.get_by_label("Search the header").fill("")
        expect(page.locator("#header-table tbody:visible")).to_have_count(1)
        expect(rows).to_have_count(len(headers[other]))
