"""Tonight, and why a frame lacks a calibration, as an observer meets them in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.browser.demo_frames import drop, raw_frames
from tests.support.browser_window import SLOW_MS, Window, night_over
from tests.support.live_site import LiveSite

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser

GAIN = 2.9
"""Of a read-out that the demo night has no calibrations of."""


DRAWN = """(against) => {
    const plot = document.querySelector("#night-trends .js-plotly-plot");
    const { uirevision } = (plot && plot._fullLayout) || {};
    return String(uirevision).includes(against)
        && plot.querySelectorAll(".scatterlayer .point").length > 40;
}"""
"""The trends are on the screen, against this."""


AT_REST = """(element) => new Promise((done) => {
    let [before, frames] = [NaN, 0];
    const look = () => {
        const { top } = element.getBoundingClientRect();
        frames = top === before ? frames + 1 : 0;
        before = top;
        if (frames === 10) done();
        else requestAnimationFrame(look);
    };
    look();
})"""
"""An element that has not moved in ten frames of the screen."""


@pytest.fixture
def night(observer: Window, whole_night: None) -> Any:
    """The page, when the whole demo night has come and been worked on."""
    return observer.open("/night")


def row(page: Any, name: str) -> Any:
    return page.locator("#night-rows tr").filter(has=page.get_by_text(name, exact=True))


def place(page: Any, name: str) -> float:
    return float(row(page, name).bounding_box()["y"])


def resting(page: Any, name: str) -> float:
    """Return the place of a row once it no longer moves."""
    row(page, name).evaluate(AT_REST)
    return place(page, name)


def test_rows_fill_in_and_what_one_looks_at_stays(night: Any, demo_site: LiveSite) -> None:
    page = night
    newest = raw_frames(demo_site, "spectrum")[-1]
    watched = raw_frames(demo_site, "spectrum")[0].name.removesuffix(".fits")
    page.evaluate("() => { window.neverReloaded = true; }")
    row(page, watched).scroll_into_view_if_needed()
    page.mouse.wheel(0, 80)
    before = resting(page, watched)
    name = drop(demo_site, newest, "0900_Late_star.fits", 9000).removesuffix(".fits")
    line = row(page, name)
    # A fifth step follows once a standard star of the night has been measured.
    expect(line.locator(".step.done").filter(has_text="λ")).to_be_visible(timeout=SLOW_MS)
    steps = [text[:2] for text in line.locator(".step.done").all_inner_texts()]
    assert [step.strip() for step in steps[:4]] == ["ra", "2D", "1D", "λ"]
    assert abs(place(page, watched) - before) <= 3
    assert page.evaluate("() => window.neverReloaded") is True
    assert line.get_attribute("data-id") == page.locator("#night-rows tr").first.get_attribute(
        "data-id"
    )
    line.get_by_role("link", name="λ").first.click()
    shown = page.get_by_label("Related files").locator("[aria-current]")
    expect(shown).to_contain_text("Wavelength Calibrated")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("night", ignore_case=True)


def test_trends_show_and_lead_to_their_frames(night: Any) -> None:
    page = night
    points = page.locator("#night-trends .scatterlayer .point")
    page.wait_for_function(DRAWN, arg="time")
    page.get_by_text("Limits:").click()
    limit = page.get_by_role("cell", name="Arc shift")
    expect(limit).to_be_visible()
    page.get_by_label("Trends against").get_by_role("link", name="elevation").click()
    expect(page).to_have_url(re.compile("against=elevation"))
    page.wait_for_function(DRAWN, arg="elevation")
    expect(limit).to_be_visible()
    place = points.first.bounding_box()
    page.mouse.click(place["x"] + 2.5, place["y"] + 2.5)
    expect(page).to_have_url(re.compile(r"/data/\d+$"))


def test_a_calibration_that_differs_is_used_until_a_better_one_comes(
    night: Any, demo_site: LiveSite
) -> None:
    page = night
    like = raw_frames(demo_site, "spectrum")[-2]
    name = drop(demo_site, like, "0901_Other_gain.fits", 3600, GAIN=GAIN)
    line = row(page, name.removesuffix(".fits"))
    expect(line.locator(".step.done").nth(1)).to_be_visible(timeout=SLOW_MS)
    expect(line.locator("td.message")).to_have_attribute("data-code", "readout_unknown")
    line.get_by_role("link", name="raw").click()
    page.get_by_text("Calibrations:").click()
    bias = page.get_by_role("row").filter(has_text="master_bias")
    expect(bias.first).to_contain_text(f"gain 1.48 electron/ADU (this frame {GAIN:g}")
    bias.first.get_by_role("button", name="anyway").click()
    page.get_by_role("dialog").get_by_role("button", name="Use anyway").click()
    tabs = page.get_by_label("Related files").get_by_role("link")
    made = tabs.filter(has_text="Reduced v2")
    expect(made).to_be_visible(timeout=SLOW_MS)
    made.click()
    notice = page.locator("#view-notes [data-code=manual_calibration_differs]")
    expect(notice).to_be_visible()
    page.set_viewport_size({"width": 400, "height": 800})  # it names a file, a long word
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
    page.set_viewport_size({"width": 1366, "height": 768})
    for number, frame in enumerate(raw_frames(demo_site, "bias")[:10]):
        drop(demo_site, frame, f"09{number + 10}_bias_other_gain.fits", GAIN=GAIN)
    expect(page.get_by_text("Out of date")).to_be_visible(timeout=SLOW_MS)
    expect(page.locator(".out-of-date [data-code=newer_calibration]")).to_be_visible()
    page.get_by_role("button", name="Reduce again").click()
    made = tabs.filter(has_text="Reduced v3")
    expect(made).to_be_visible(timeout=SLOW_MS)
    night_over(demo_site)
    made.click()
    expect(made).to_have_attribute("aria-current", "true")
    expect(notice).to_have_count(0)
    expect(page.get_by_text("Out of date")).to_have_count(0)


def test_a_failure_leads_from_the_log_to_its_run(observer: Window, demo_site: LiveSite) -> None:
    like = raw_frames(demo_site, "spectrum")[0]
    drop(demo_site, like, "0930_No_gain.fits", 7200, GAIN="unknown")
    drop(demo_site, like, "0931_No_gain.fits", 7260, GAIN=0.0, RDNOISE=0.0)
    page = observer.open("/logs?level=error")
    entry = page.get_by_role("row").filter(has_text="0931_No_gain.fits")
    link = entry.get_by_role("link", name="run", exact=True).first
    expect(link).to_be_visible(timeout=SLOW_MS)
    link.click()
    run = page.get_by_label("Run", exact=True)
    expect(run).to_contain_text("RDNOISE")
    expect(run).to_contain_text("Settings")
    run.get_by_role("link", name="Close").click()
    expect(run).to_have_count(0)


def test_what_waits_says_for_what_and_is_cancelled(observer: Window, demo_site: LiveSite) -> None:
    like = raw_frames(demo_site, "spectrum")[0]
    name = drop(demo_site, like, "0940_No_such_arc.fits", 7320, GRT_TARG=40.0, CAM_TARG=70.0)
    page = observer.open("/night")
    page.evaluate("() => { window.neverReloaded = true; }")
    line = row(page, name.removesuffix(".fits"))
    waits = line.locator(".step.waiting")
    expect(waits).to_contain_text("λ", timeout=SLOW_MS)
    line.get_by_role("link", name="1D").click()
    assert page.evaluate("() => window.neverReloaded") is True, "after the click"
    step = page.get_by_role("button", name="Calibrate Wavelength", exact=True)
    expect(step).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#view-runs .run.waiting")).to_contain_text("arc")
    page.get_by_role("button", name="Cancel: Calibrate Wavelength").click()
    expect(page.locator("#view-runs .run.waiting")).to_have_count(0)
    expect(page.locator("#view-actions .reasons")).to_contain_text("arc")
    assert page.evaluate("() => window.neverReloaded") is True, "before Back"
    page.go_back()
    expect(line.locator(".step.done")).to_have_count(3)
    expect(waits).to_have_count(0)
    assert page.evaluate("() => window.neverReloaded") is True


@pytest.mark.parametrize("path", ["/night", "/night/1999-12-31"])
def test_a_telephone_needs_no_sideways_scrolling(observer: Window, path: str) -> None:
    observer.page.set_viewport_size({"width": 400, "height": 800})
    page = observer.open(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    observer.settle()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
