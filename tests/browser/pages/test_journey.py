"""The pages, as an observer meets them: the demo night arrives in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.browser.data_page import (
    painted_shades,
    plotted,
    show_calibrated,
    until,
    untouched,
)
from tests.support.browser_window import SLOW_MS, Window
from tests.support.live_site import LiveSite
from tests.support.live_site import until as wait_for

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser

OUTSIDER = ("outsider", "Quiet-Harbour-77")


def test_frames_arrive_and_become_calibrated_spectra_without_a_reload(observer: Window) -> None:
    page = observer.open("/data")
    page.evaluate("() => { window.neverReloaded = true; }")
    files = page.get_by_label("Files, the newest first").get_by_role("link")
    expect(files.first).to_be_visible(timeout=SLOW_MS)
    show_calibrated(page)
    until(page, lambda: plotted(page).get("x") == "Wavelength in air (Å)", "a wavelength axis")
    shown = plotted(page)
    assert shown["points"] > 1000
    assert 3000 < shown["range"][0] < shown["range"][1] < 11000
    expect(page.get_by_text("rms", exact=True)).to_be_visible()
    page.get_by_role("link", name="Observed Raw").click()
    until(page, lambda: painted_shades(page) > 20, "the raw image on its canvas")
    assert plotted(page)["x"] == "Dispersion Axis (Pixels)"
    assert page.evaluate("() => window.neverReloaded") is True


def test_the_value_under_the_cursor_and_the_zoom_in_the_url(observer: Window) -> None:
    page = observer.open("/data")
    show_calibrated(page)
    page.get_by_role("link", name="Reduced").first.click()
    until(page, lambda: painted_shades(page) > 20, "the reduced image")
    box = page.locator("#stage").bounding_box()

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    page.mouse.move(*at(0.5, 0.5))
    expect(page.get_by_label("Value under the cursor")).to_contain_text(
        re.compile(r"x \d+ +y \d+ +-?[\d.]+(e-\d+)? electron")
    )
    page.mouse.move(*at(0.3, 0.3))
    page.mouse.down()
    page.mouse.move(*at(0.5, 0.6), steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"view=[-\d.]+,"))
    zoomed = plotted(page)["range"]
    page.reload()
    until(page, lambda: painted_shades(page) > 20, "the image again")
    until(
        page,
        lambda: plotted(page)["range"] == pytest.approx(zoomed, abs=1),
        "the zoom of the URL",
    )


def test_the_header_can_be_searched(observer: Window) -> None:
    page = observer.open("/data")
    show_calibrated(page)
    page.get_by_role("button", name="Header").click()
    page.get_by_label("Search the header").fill("gsp_wrms")
    rows = page.locator("#header-table tbody tr:has(td):visible")
    expect(rows).to_have_count(1, timeout=SLOW_MS)
    expect(rows.first).to_contain_text("GSP_WRMS")


def test_a_step_is_run_by_hand_watched_and_its_product_deleted(
    observer: Window, demo_site: LiveSite
) -> None:
    _, reduced = untouched(demo_site, targets=1)
    page = observer.open(f"/data/{reduced}")
    tabs = page.get_by_label("Related files").get_by_role("link")
    unfolded = page.locator("#why")
    unfolded.locator("summary").click()
    page.get_by_role("button", name="Extract Target").click()
    tabs.last.focus()
    made = tabs.filter(has_text=re.compile(r"Extracted.*v2"))
    expect(made).to_be_visible(timeout=SLOW_MS)
    # What one has unfolded and where one is stay while the page follows.
    observer.settle()
    expect(unfolded).to_have_attribute("open", "")
    expect(tabs.last).to_be_focused()
    made.click()
    until(page, lambda: plotted(page).get("points", 0) > 1000, "the new spectrum")
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("_v2.fits")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status").filter(has_text="Deleted")).to_be_visible()
    expect(made).to_have_count(0)


def test_a_comment_is_text_and_its_author_deletes_it(observer: Window) -> None:
    page = observer.open("/data")
    show_calibrated(page)
    page.get_by_label("Add new comment").fill("<b>clouds</b> at the end")
    page.get_by_role("button", name="Add comment").click()
    said = page.get_by_text("<b>clouds</b> at the end")
    expect(said).to_be_visible()
    expect(page.get_by_label("Add new comment")).to_have_value("")
    page.get_by_role("button", name="Delete the comment").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(said).to_have_count(0)


def test_the_keyboard_walks_the_files_and_back_returns(observer: Window) -> None:
    page = observer.open("/data")
    show_calibrated(page)
    first = page.url
    page.keyboard.press("ArrowDown")
    page.wait_for_url(lambda url: url != first)
    page.go_back()
    page.wait_for_url(first)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("no such name")
    expect(page.get_by_text("No file name contains “no such name”.")).to_be_visible()


def test_the_theme_is_kept_with_the_account(
    observer: Window, open_window: Callable[..., Window], demo_session: Any
) -> None:
    page = observer.open("/")
    theme = page.locator("html").get_attribute("data-bs-theme")
    other = {"dark": "light", "light": "dark"}[theme]
    with page.expect_response(lambda r: r.url.endswith("/options") and r.ok):
        page.get_by_role("button", name="Dark or light theme").click()
    assert page.locator("html").get_attribute("data-bs-theme") == other
    again = open_window(java_script_enabled=False, storage_state=demo_session)
    again.open("/")
    expect(again.page.locator("html")).to_have_attribute("data-bs-theme", other)


def test_another_proposal_does_not_exist(
    open_window: Callable[..., Window], demo_site: LiveSite
) -> None:
    demo_site.add_user(*OUTSIDER)
    window = open_window()
    page = window.sign_in(*OUTSIDER)
    expect(page.get_by_text("No proposals yet.")).to_be_visible()
    page = window.open("/data")
    expect(page.get_by_role("link", name="Observed 0")).to_be_visible()
    oldest = "SELECT min(id) FROM file WHERE data_type = 0"
    theirs = wait_for(lambda: demo_site.rows(oldest)[0][0], SLOW_MS / 1000, "a frame")
    page = window.open(f"/data/{theirs}")
    expect(page.get_by_role("heading", name="No such file")).to_be_visible()
    page = window.open("/data?proposal=" + demo_site.rows("SELECT soar_id FROM proposal")[0][0])
    expect(page.get_by_role("link", name="Observed 0")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/data", "/nowhere"])
def test_a_telephone_needs_no_sideways_scrolling(observer: Window, path: str) -> None:
    observer.page.set_viewport_size({"width": 400, "height": 800})
    page = observer.open(path)
    expect(page.locator("main")).to_be_visible()
    observer.settle()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400


def test_nobody_passes_the_login_page(
    open_window: Callable[..., Window], demo_site: LiveSite
) -> None:
    window = open_window()
    page = window.open("/data/1?page=2")
    assert page.url.endswith("/login?next=%2Fdata%2F1%3Fpage%3D2")
    expect(page.get_by_text("Please don't share your credentials")).to_be_visible()
    window.submit("demo", demo_site.demo_password)
    page.wait_for_url("**/data/1?page=2")
    window.settle()
    page.get_by_role("button", name="Logout").click()
    page.wait_for_url("**/login")
    assert window.open("/").url.endswith("/login?next=%2F")


def test_a_change_of_the_theme_keeps_what_is_typed_before_the_login(
    open_window: Callable[..., Window],
) -> None:
    page = open_window().open("/password/forgot")
    page.get_by_label("Username or e-mail").fill("somebody")
    with page.expect_response(lambda answer: "theme=light" in answer.url):
        page.get_by_role("link", name="Light", exact=True).click()
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    expect(page.get_by_label("Username or e-mail")).to_have_value("somebody")
    page.get_by_role("link", name="Back to the login").click()
    expect(root).to_have_attribute("data-theme", "light")
    page.get_by_role("link", name="Dark", exact=True).click()
    expect(root).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("link", name="Light", exact=True)).to_be_visible()
