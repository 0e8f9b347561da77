"""Spectra as an observer works with them, in a real browser on the demo night."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.browser.data_page import calibrated_row, plotted, until, wavelength_tab
from tests.support.browser_window import SLOW_MS, Window
from tests.support.live_site import LiveSite

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser


def drawn(page: Any) -> int:
    """Return the id of the spectrum that is painted, 0 for none."""
    return int(page.locator("#spectrum-plot").get_attribute("data-file") or 0)


def open_spectrum(page: Any) -> int:
    row = calibrated_row(page).first
    expect(row).to_be_visible(timeout=SLOW_MS)
    page.goto(page.url.split("/data")[0] + row.get_attribute("href"))
    wavelength_tab(page).click()
    expect(wavelength_tab(page)).to_have_attribute("aria-current", "true")
    number = int(re.search(r"/data/(\d+)", page.url)[1])
    until(page, lambda: drawn(page) == number, "the spectrum", SLOW_MS)
    return number


def rows(site: LiveSite, page: Any, number: int) -> list[dict[str, str]]:
    answer = page.request.get(f"{site.url}/api/files/data/?id={number}&format=csv")
    return list(csv.DictReader(io.StringIO(answer.text())))


def chip(page: Any, name: str) -> Any:
    return page.locator("#spectrum-tools").get_by_role("button", name=name, exact=True)


def test_the_read_out_tells_the_numbers_of_the_file(observer: Window, demo_site: LiveSite) -> None:
    page = observer.open("/data")
    number = open_spectrum(page)
    box = page.locator("#spectrum-canvas").bounding_box()
    page.mouse.move(box["x"] + 0.41 * box["width"], box["y"] + 0.5 * box["height"])
    pattern = re.compile(r"λ ([\d.]+) Å +(\S+) ± (\S+) electron +S/N (\S+)")
    said = page.get_by_label("Value under the cursor")
    expect(said).to_have_text(pattern)
    found = pattern.match(said.inner_text())
    wavelength, flux, sigma, ratio = map(float, found.groups())
    table = rows(demo_site, page, number)
    row = min(table, key=lambda one: abs(float(one["wavelength"]) - wavelength))
    assert float(row["wavelength"]) == pytest.approx(wavelength, abs=0.006)
    assert float(row["flux"]) == pytest.approx(flux, rel=1e-4)
    assert float(row["uncertainty"]) == pytest.approx(sigma, rel=1e-4)
    assert ratio == pytest.approx(flux / sigma, abs=0.06)
    low, high = plotted(page)["range"]
    assert wavelength == pytest.approx(low + 0.41 * (high - low), abs=(high - low) / 500)
    # with the keys, pixel by pixel
    page.keyboard.press(".")
    at = next(i for i, one in enumerate(table) if one is row)
    expect(page.get_by_label("Value under the cursor")).to_contain_text(
        f"λ {float(table[at + 1]['wavelength']):.2f} Å"
    )


def test_lines_smoothing_and_zoom_are_in_the_address_and_stay_with_the_next_target(
    observer: Window, open_window: Callable[..., Window], demo_session: Any
) -> None:
    page = observer.open("/data")
    open_spectrum(page)
    for name in ("Hydrogen", "Night sky", "Telluric", "Log"):
        chip(page, name).click()
        expect(chip(page, name)).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Redshift, typed").fill("0.0123")
    page.get_by_label("Smooth").select_option("box")
    page.locator("#smooth-n").fill("7")
    box = page.locator("#spectrum-canvas").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.9 * box["height"], steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile("range="))
    zoomed = plotted(page)["range"]
    link = page.url
    for part in ("z=0.0123", "lines=H", "marks=flags,sigma,sky,telluric", "smooth=box7", "log=1"):
        assert part in link
    expect(calibrated_row(page).nth(1)).to_be_visible(timeout=SLOW_MS)
    before = drawn(page)
    other = calibrated_row(page).nth(1)
    if other.get_attribute("aria-current"):
        other = calibrated_row(page).first
    other.click()
    until(page, lambda: drawn(page) != before, "another target")
    assert plotted(page)["range"][:2] == pytest.approx(zoomed[:2], abs=0.5)
    page.wait_for_url(re.compile("smooth=box7"))
    elsewhere = open_window(storage_state=demo_session)
    again = elsewhere.page
    again.goto(link)
    until(again, lambda: drawn(again) == before, "the spectrum of the link")
    assert plotted(again)["range"][:2] == pytest.approx(zoomed[:2], abs=0.5)
    expect(again.get_by_label("Redshift, typed")).to_have_value("0.0123")
    expect(again.get_by_label("Smooth")).to_have_value("box")
    expect(chip(again, "Telluric")).to_have_attribute("aria-pressed", "true")


def test_another_spectrum_is_laid_over_and_the_arc_is_shown(
    observer: Window, demo_site: LiveSite
) -> None:
    page = observer.open("/data")
    number = open_spectrum(page)
    expect(calibrated_row(page).nth(1)).to_be_visible(timeout=SLOW_MS)
    page.get_by_label("Add a spectrum by file name or object").fill("ws_1")
    page.locator("#over-found button").first.click()
    laid = page.locator("#laid-over .over")
    expect(laid).to_have_count(1)
    page.get_by_label("Show as").select_option("ratio")
    until(page, lambda: plotted(page)["y"] == "Ratio", "the axis of a ratio")
    page.wait_for_url(re.compile(r"mode=ratio.*with=\d+|with=\d+.*mode=ratio"))
    laid.get_by_role("button").click()
    expect(laid).to_have_count(0)
    until(page, lambda: plotted(page)["y"] == "Intensity (electron)", "the spectrum alone")
    chip(page, "Arc").click()
    panel = page.get_by_label("Arc of the wavelength calibration")
    expect(panel).to_contain_text("Chebyshev polynomial of order 3")
    ((quality,),) = demo_site.rows("SELECT quality FROM file WHERE id = ?", number)
    used = re.search(r'"lines": ?(\d+)', quality)[1]
    expect(panel).to_contain_text(f"lines used {used}")
    points = panel.locator(".scatterlayer .point")
    until(page, lambda: points.count() >= int(used), "a mark for every line")


def test_pictures_and_numbers_are_saved(observer: Window) -> None:
    page = observer.open("/data")
    open_spectrum(page)
    chip(page, "Hydrogen").click()
    page.keyboard.press("0")
    for name, begin in (("SVG", b"<svg"), ("PNG", b"\x89PNG"), ("CSV", b"wavelength,pixel,flux")):
        with page.expect_download() as saved:
            page.locator("#spectrum-tools").get_by_text(name, exact=True).click()
        assert saved.value.suggested_filename.endswith(f".{name.lower()}")
        with open(saved.value.path(), "rb") as file:
            assert file.read(30).startswith(begin)


def test_a_foreign_spectrum_can_not_be_laid_over(
    open_window: Callable[..., Window], demo_session: Any
) -> None:
    window = open_window(storage_state=demo_session)
    page = window.open("/data")
    number = open_spectrum(page)
    page.goto(f"{window.site.url}/data/{number}?with=2147483000")
    expect(page.get_by_text("cannot be shown: No such file.")).to_be_visible()
    expect(page.locator("#laid-over .over")).to_have_count(0)
    # the browser itself notes the 404 of the refused request
    window.trouble = [line for line in window.trouble if "404" not in line]
