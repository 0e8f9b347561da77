"""Flux calibration as an observer meets it: from the standard star to a flux that is redone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.browser.data_page import plotted, until
from tests.support.browser_window import SLOW_MS, Window
from tests.support.live_site import LiveSite
from tests.support.live_site import until as wait_for

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser

STARS = (
    "SELECT id, file_name, object FROM file WHERE data_type = 7 AND state = 'current' ORDER BY id"
)
FLUX = """
    SELECT flux.id, flux.parent_id, used.input_id FROM file flux
    JOIN ingredient used ON used.product_id = flux.id AND used.role = 'sensitivity'
    WHERE flux.data_type = 5 AND flux.state = 'current' AND flux.object LIKE 'WD%'
    ORDER BY flux.id LIMIT 1
"""


def sensitivities(site: LiveSite) -> dict[int, tuple[str, str]]:
    """Return name and star of the sensitivities of the night, by id."""
    return {number: (name, star) for number, name, star in site.rows(STARS)}


def science(site: LiveSite) -> tuple[int, int, int]:
    """Return a flux-calibrated white dwarf, its spectrum, and the sensitivity that was used."""
    ((flux, parent, used),) = site.rows(FLUX)
    return flux, parent, used


def open_flux(window: Window, number: int) -> Any:
    page = window.open(f"/data/{number}")
    plot = page.locator("#spectrum-plot")
    expect(plot).to_have_attribute("data-file", str(number), timeout=SLOW_MS)
    return page


def tabs(page: Any) -> Any:
    return page.get_by_label("Related files").get_by_role("link")


def test_a_night_with_standard_stars_is_flux_calibrated_without_a_click(
    observer: Window, demo_site: LiveSite, whole_night: None
) -> None:
    number, _, used = science(demo_site)
    assert used in sensitivities(demo_site)
    page = open_flux(observer, number)
    until(page, lambda: "erg s⁻¹ cm⁻² Å⁻¹" in plotted(page)["y"], "the unit of the flux")
    assert re.match(r"Flux \(10⁻¹[⁴⁵⁶⁷⁸] erg", plotted(page)["y"])
    expect(page.locator("[data-grade]")).to_have_text(re.compile("(absolute|relative) flux"))
    star = sensitivities(demo_site)[used][1]
    expect(page.locator("#view-notes")).to_contain_text(f"standard {star}")
    box = page.locator("#spectrum-canvas").bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    pattern = re.compile(r"\((\S+) ± (\S+) stat ± (\S+) sys\) × 10⁻¹\S erg s⁻¹ cm⁻² Å⁻¹ +S/N")
    said = page.get_by_label("Value under the cursor")
    expect(said).to_have_text(pattern)
    flux, own, systematic = map(float, pattern.search(said.inner_text()).groups())
    assert 0 < own < flux
    assert 0 < systematic < 0.3 * flux
    for name in ("σ_stat", "σ_sys"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute(
            "aria-pressed", "true"
        )


def test_a_sensitivity_is_found_among_the_calibrations_and_drawn(
    observer: Window, demo_site: LiveSite, whole_night: None
) -> None:
    known = sensitivities(demo_site)
    number, (name, star) = next(iter(known.items()))
    page = observer.open("/data?list=calibrations")
    row = page.get_by_label("Files, the newest first").get_by_role("link")
    row.filter(has_text=f"{star} · {name.removesuffix('.fits')}").click()
    plot = page.locator("#sensitivity-plot")
    expect(plot).to_have_attribute("data-file", str(number))
    expect(page.locator("#view-notes")).to_contain_text(f"standard {star}")
    expect(plot.locator(".ytitle")).to_have_text("Throughput (%)")
    expect(plot.locator(".tracefit .js-line")).to_be_visible()
    expect(plot.locator(".traceexpected")).to_have_count(1)
    page.get_by_role("button", name="Expected").click()
    expect(plot.locator(".traceexpected")).to_have_count(0)
    page.wait_for_url(re.compile("hide=expected"))
    page.locator("#sensitivity-scale").select_option("sensitivity")
    expect(plot.locator(".ytitle")).to_have_text(re.compile(r"Sensitivity \(10¹\S electron cm²"))
    page.reload()
    expect(plot.locator(".ytitle")).to_have_text(re.compile("Sensitivity"))
    expect(plot.locator(".traceexpected")).to_have_count(0)
    expect(page.locator("#sensitivity-history .point")).not_to_have_count(0)


def test_another_sensitivity_is_chosen_and_a_flux_is_made_again_when_it_is_out_of_date(
    observer: Window, demo_site: LiveSite, whole_night: None
) -> None:
    number, parent, used = science(demo_site)
    known = sensitivities(demo_site)
    other = next(one for one in known if one != used)
    # Another one is chosen: the product of that choice stays as it is.
    page = open_flux(observer, number)
    page.locator("#why > summary").click()
    row = page.locator("#why tr").filter(has_text=known[other][0])
    row.get_by_role("button", name=re.compile("^Use")).click()
    dialog = page.get_by_role("dialog")
    if dialog.is_visible():
        dialog.get_by_role("button", name="Use anyway").click()
    chosen = tabs(page).filter(has_text=re.compile("Flux Calibrated.* v2"))
    expect(chosen).to_be_visible(timeout=SLOW_MS)
    chosen.click()
    expect(page.locator("#view-notes")).to_contain_text(f"standard {known[other][1]}")
    # What one requests without a choice of one's own is out of date when a better one has come.
    page = open_flux(observer, parent)
    page.get_by_role("button", name="Calibrate Flux", exact=True).first.click()
    mine = tabs(page).filter(has_text=re.compile("Flux Calibrated.* v3"))
    expect(mine).to_be_visible(timeout=SLOW_MS)
    mine.click()
    expect(page.locator("#view-notes")).to_contain_text(f"standard {known[used][1]}")
    address = page.url
    measure_again(observer, demo_site, used, known[used][1])
    page = observer.open(address.removeprefix(demo_site.url))
    out_of_date = page.locator(".out-of-date")
    expect(out_of_date).to_be_visible(timeout=SLOW_MS)
    live = "SELECT count(*) FROM run WHERE state IN ('queued', 'running')"
    wait_for(lambda: demo_site.rows(live)[0][0] == 0, SLOW_MS / 1000, "what it concerns made again")
    out_of_date.get_by_role("button", name="Reduce again").click()
    expect(page.get_by_role("status").filter(has_text="Flux calibration queued")).to_be_visible()
    again = tabs(page).filter(has_text=re.compile("Flux Calibrated.* v4"))
    expect(again).to_be_visible(timeout=SLOW_MS)
    again.click()
    expect(page.locator(".out-of-date")).to_have_count(0)
    expect(page.locator("[data-grade]")).to_be_visible()


def measure_again(window: Window, site: LiveSite, sensitivity: int, star: str) -> None:
    """Choose the star of a standard's spectrum, and measure its sensitivity once more."""
    ((spectrum,),) = site.rows(
        "SELECT input_id FROM ingredient WHERE product_id = ? AND role = 'standard'", sensitivity
    )
    before = set(sensitivities(site))
    page = open_flux(window, spectrum)
    page.get_by_text("This is a standard star").click()
    form = page.locator("form[data-block=sensitivity]")
    form.get_by_label("Star").select_option(star)
    form.get_by_role("button", name="Sensitivity").click()
    wait_for(
        lambda: set(sensitivities(site)) - before, SLOW_MS / 1000, "another sensitivity of the star"
    )


def test_tonight_leads_from_the_standard_stars_of_months_to_a_sensitivity(
    observer: Window, demo_site: LiveSite, whole_night: None
) -> None:
    page = observer.open("/night")
    page.get_by_text("Standard stars over months").click()
    point = page.locator("#night-months .scatterlayer .point").first
    expect(point).to_be_visible(timeout=SLOW_MS)
    place = point.bounding_box()
    page.mouse.click(place["x"] + 2.5, place["y"] + 2.5)
    page.wait_for_url(re.compile(r"/data/\d+$"))
    assert int(page.url.rsplit("/", 1)[1]) in sensitivities(demo_site)
    expect(page.locator("#sensitivity-plot")).to_have_attribute(
        "data-file", page.url.rsplit("/", 1)[1]
    )
