"""Search and Logs, as an observer meets them in a real browser."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.browser_window import SLOW_MS, Window
from tests.support.live_site import LiveSite
from tests.support.live_site import until as wait_for

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser

STRANGER = ("stranger", "Quiet-Harbour-78")


NAMES = """() => [...document.querySelectorAll(".ag-center-cols-container .ag-row")]
    .sort((a, b) => a.getAttribute("row-index") - b.getAttribute("row-index"))
    .map((row) => row.querySelector("a")?.textContent)
    .filter(Boolean)"""
"""The names in the table, from above."""


def names(page: Any) -> list[str]:
    return list(page.evaluate(NAMES))


def count(page: Any) -> int:
    return int(re.sub(r"\D", "", page.locator("#search-count").inner_text()))


def rows(page: Any) -> Any:
    return page.locator(".ag-center-cols-container .ag-row")


def until(page: Any, condition: str, wanted: Any = None) -> None:
    page.wait_for_function(condition, arg=wanted)


@pytest.fixture
def searching(observer: Window) -> Any:
    """The page, when the demo night has brought more than one page of files."""
    page = observer.open("/search")
    until_more = """() => Number(document.querySelector("#search-count")?.textContent
        .replace(/\\D/g, "")) > 55"""
    page.wait_for_function(until_more, timeout=SLOW_MS)
    return page


def test_filter_sort_share_and_open(searching: Any, demo_site: LiveSite) -> None:
    page = searching
    heads = page.locator(".ag-header-cell-text").filter(has_text=re.compile(r"\w"))
    expect(heads).to_have_text(
        [
            "File Name",
            "Proposal ID",
            "Obstype",
            "Wavmode",
            "Filter",
            "Filter 2",
            "Grating",
            "Slit",
            "ROI",
            "Date",
            "Type",
        ]
    )
    choice = page.locator("#choices-obstype").get_by_role("checkbox", name="BIAS")
    biases = int(choice.locator(".number").inner_text())
    choice.click()
    expect(page.locator("#search-count")).to_have_text(str(biases))
    expect(page).to_have_url(re.compile("obstype=BIAS"))
    # Its own choices stay, with their counts, so that another can be added.
    expect(page.locator("#choices-obstype").get_by_role("checkbox", name="COMP")).to_be_visible()
    page.locator(".ag-header-cell-text", has_text="File Name").click()
    expect(page).to_have_url(re.compile("ordering=file_name"))
    expect(rows(page)).to_have_count(biases)
    ascending = sorted(names(page))
    until(page, f"(wanted) => String(({NAMES})()) === String(wanted)", ascending)
    page.locator(".ag-header-cell-text", has_text="File Name").click()
    expect(page).to_have_url(re.compile("ordering=-file_name"))
    until(
        page,
        "(first) => document.querySelector('[row-index=\"0\"] a')?.textContent === first",
        ascending[-1],
    )
    # Whoever opens the address sees the same.
    address = page.url.removeprefix(demo_site.url)
    page.goto("about:blank")
    page.goto(demo_site.url + address)
    expect(page.locator("#search-count")).to_have_text(str(biases))
    expect(rows(page).first).to_contain_text(ascending[-1])
    assert names(page)[0] == ascending[-1]
    page.locator('[row-index="0"] [col-id="grating"]').click()
    expect(page).to_have_url(re.compile(r"/data/\d+$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(ascending[-1])
    page.go_back()
    expect(page.locator("#search-count")).to_have_text(str(biases))
    page.get_by_role("link", name="clear all filters").click()
    expect(page).to_have_url(re.compile(r"/search\?ordering=-file_name$"))


def test_a_laptop_shows_every_column_and_its_words_whole(searching: Any) -> None:
    page = searching
    page.goto(page.url + "?data_type=4")
    expect(rows(page).first).to_contain_text("Wavelength Calibrated", timeout=SLOW_MS)
    cut = """() => [...document.querySelectorAll(".ag-cell-value, .ag-header-cell-text")]
        .filter((one) => one.scrollWidth > one.clientWidth && !one.querySelector(".file-link"))
        .map((one) => one.textContent)"""
    assert page.evaluate(cut) == []
    wide = "(table) => table.scrollWidth - table.clientWidth"
    assert page.locator("#search-grid .ag-center-cols-viewport").evaluate(wide) == 0


def test_pages_by_go_and_back(searching: Any) -> None:
    page = searching
    page.get_by_label("Page", exact=True).fill("2")
    page.get_by_role("button", name="GO", exact=True).click()
    expect(page).to_have_url(re.compile("page=2"))
    expect(page.locator('[row-index="50"]').first).to_be_visible()
    expect(page.locator("#search-pager [aria-current]")).to_have_text("2")
    page.reload()
    expect(page.locator('[row-index="50"]').first).to_be_visible()
    page.go_back()
    expect(page.locator('[row-index="0"]').first).to_be_visible()
    expect(page.locator("#search-pager [aria-current]")).to_have_text("1")


def test_go_is_heard_before_the_table_has_come(observer: Window) -> None:
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    observer.page.route("**/dash_ag_grid*", hold)
    page = observer.open("/search")
    expect(page.locator("#search-pager a").first).to_be_visible(timeout=SLOW_MS)
    page.get_by_label("Page", exact=True).fill("2")
    page.get_by_role("button", name="GO", exact=True).click()
    expect(page).to_have_url(re.compile("page=2"))
    assert held, "the table's script waits"
    for route in held:
        route.continue_()
    expect(page.locator('[row-index="50"]').first).to_be_visible()


def test_chosen_files_come_as_one_zip(searching: Any) -> None:
    page = searching
    page.locator("#choices-obstype").get_by_role("checkbox", name="BIAS").click()
    expect(page).to_have_url(re.compile("obstype=BIAS"))
    until(page, "() => [...document.querySelectorAll('[row-index] a')].length > 2")
    page.locator('[row-index="0"] .ag-selection-checkbox').click()
    page.locator('[row-index="1"] .ag-selection-checkbox').click()
    tools = page.get_by_role("toolbar", name="Actions on the selected files")
    expect(tools).to_contain_text("2 selected")
    # What does not take a bias is greyed, and says so.
    reduce = tools.get_by_role("button", name="Reduce Raw File")
    expect(reduce).to_be_disabled()
    assert "none is selected" in reduce.get_attribute("title")
    wanted = set(names(page)[:2])
    with page.expect_download() as download:
        tools.get_by_role("link", name="Download zip").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == wanted


def test_a_step_is_run_on_the_chosen(searching: Any, demo_site: LiveSite) -> None:
    page = searching
    page.goto(page.url + "?obstype=OBJECT&data_type=0")
    name = page.locator('[row-index="0"] a')
    expect(name).to_be_visible()
    number = int(name.get_attribute("href").rsplit("/", 1)[1])
    # While the automatic run is under way the same request is that run.
    done = "SELECT count(*) FROM run WHERE file_id = ? AND block = 'reduce' AND state = 'done'"
    wait_for(lambda: demo_site.rows(done, number)[0][0], 60, "the frame is reduced by itself")
    asked = "SELECT count(*) FROM run WHERE file_id = ? AND block = 'reduce' AND NOT automatic"
    before = demo_site.rows(asked, number)[0][0]
    row = rows(page).filter(has=page.locator(f'a[href="/data/{number}"]'))  # others may have come
    place = row.get_attribute("row-index")
    page.locator(f'[row-index="{place}"] .ag-selection-checkbox').click()
    page.get_by_role("button", name="Reduce Raw File (1)").click()
    expect(page.locator("#toasts")).to_contain_text("queued for 1 file")
    assert demo_site.rows(asked, number)[0][0] == before + 1


def test_the_sky_and_what_is_no_position(searching: Any) -> None:
    page = searching
    page.get_by_label("RA", exact=True).fill("25:99")
    page.get_by_label("Dec", exact=True).fill("-54")
    page.get_by_role("button", name="Search cone").click()
    expect(
        page.get_by_role("alert").filter(has_text="is not a valid right ascension")
    ).to_be_visible()
    page.get_by_label("RA", exact=True).fill("00:00:01")
    page.get_by_label("Dec", exact=True).fill("+89:00:00")
    page.get_by_label("Radius (′)").fill('1"')
    page.get_by_role("button", name="Search cone").click()
    expect(page.get_by_text("No files found")).to_be_visible()
    assert count(page) == 0


def test_another_persons_files_are_neither_rows_nor_choices(
    demo_site: LiveSite,
    open_window: Callable[..., Window],
    searching: Any,
) -> None:
    demo_site.add_user(*STRANGER)
    page = open_window().sign_in(*STRANGER)
    page.goto(demo_site.url + "/search?obstype=COMP")
    expect(page.get_by_text("No files found")).to_be_visible()
    expect(page.locator("#choices-slit")).to_have_text("none")
    page.goto(demo_site.url + "/search")
    expect(page.locator("#search-count")).not_to_be_empty()
    shared = "SELECT count(*) FROM file WHERE data_type IN (1, 7) AND state = 'current'"
    wait_for(
        lambda: count(page) == demo_site.rows(shared)[0][0],
        20,
        "masters and sensitivities, and nothing else",
    )
    page.goto(demo_site.url + "/logs")
    expect(page.get_by_text("No messages yet")).to_be_visible()


def test_the_log_is_read_in_sentences(observer: Window) -> None:
    page = observer.open("/logs")
    expect(page.get_by_role("heading", name="Logs")).to_be_visible()
    page.get_by_role("navigation", name="Level").get_by_role("link", name="Errors").click()
    expect(page).to_have_url(re.compile("level=error"))
    page.get_by_label("Words in the message or file name").fill("nothing has this word")
    expect(page).to_have_url(re.compile("text=nothing"))
    expect(page.get_by_text("No message matches these filters.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Words in the message or file name")).to_have_value(
        "nothing has this word"
    )


def test_on_a_telephone_the_filters_are_folded(searching: Any) -> None:
    page = searching
    page.set_viewport_size({"width": 400, "height": 800})
    field = page.get_by_label("Object", exact=True)
    expect(field).to_be_hidden()
    page.get_by_role("button", name="Filters", exact=True).click()
    field.fill("no such object")
    expect(page).to_have_url(re.compile("object_name=no"))
    toggle = page.get_by_role("button", name="Filters (1)", exact=True)
    toggle.click()
    expect(field).to_be_hidden()
    expect(toggle).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_text("No files found")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
    page.set_viewport_size({"width": 1366, "height": 768})
    expect(field).to_have_value("no such object")
    expect(field).to_be_visible()
