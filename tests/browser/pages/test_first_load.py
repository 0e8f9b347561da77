"""What a browser fetches for the first page, and what it fetches later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.browser_window import SLOW_MS, Window

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser

LIMIT_BYTES = 2_000_000
FETCHED = """() => performance.getEntriesByType("resource")
    .map((one) => [one.name, one.transferSize])"""
TABLE = "/dash_ag_grid."
LIBRARY = "/async-community."
PLOTLY = "/plotly"


def fetched(page: Any, part: str) -> list[str]:
    return [name for name, _ in page.evaluate(FETCHED) if part in name]


def rows(page: Any) -> Any:
    return page.locator("#search-grid .ag-center-cols-container .ag-row a")


def to(page: Any, name: str) -> None:
    page.locator(f".top nav a[data-page={name}]").click()


def test_the_first_page_is_light(newcomer: Window) -> None:
    page = newcomer.open("/data")
    page.locator("#file-list a").first.wait_for(timeout=SLOW_MS)
    page.locator("#graph .main-svg").first.wait_for(state="attached")
    newcomer.settle()
    assert len(fetched(page, PLOTLY)) == 1
    assert not fetched(page, TABLE)
    assert sum(size for _, size in page.evaluate(FETCHED)) < LIMIT_BYTES


def test_what_comes_later_comes_once(newcomer: Window) -> None:
    page = newcomer.open("/proposals")
    page.get_by_role("heading", level=1).wait_for()
    assert not fetched(page, TABLE) + fetched(page, PLOTLY)
    to(page, "search")
    rows(page).first.wait_for(timeout=SLOW_MS)
    assert len(fetched(page, TABLE)) == 1
    page.locator("#q-file_name").fill("no such name")
    expect(page.locator("#search-count")).to_have_text("0")
    page.go_back()
    to(page, "data")
    page.locator("#graph .main-svg").first.wait_for(state="attached")
    to(page, "search")
    rows(page).first.wait_for()
    page.locator(".ag-header-cell-text", has_text="File Name").click()
    page.wait_for_url("**ordering=file_name")
    assert [len(fetched(page, part)) for part in (TABLE, LIBRARY, PLOTLY)] == [1, 1, 1]


def test_the_table_is_fetched_for_one_visit_and_kept_for_the_next(newcomer: Window) -> None:
    sizes = []
    for _ in range(2):
        page = newcomer.open("/search")
        rows(page).first.wait_for(timeout=SLOW_MS)
        found = page.evaluate(FETCHED)
        sizes.append([size for name, size in found if TABLE in name or LIBRARY in name])
    assert [len(visit) for visit in sizes] == [2, 2]
    assert min(sizes[0]) > 100_000
    assert sizes[1] == [0, 0]


@pytest.mark.parametrize("part", [TABLE, LIBRARY])
def test_a_table_that_does_not_come_is_said_and_can_be_asked_for_again(
    open_window: Callable[..., Window], demo_session: Any, part: str
) -> None:
    window = open_window(storage_state=demo_session)
    page = window.open("/proposals")
    page.route(f"**{part}*", lambda route: route.abort())
    to(page, "search")
    expect(page.get_by_role("alert").filter(has_text="could not be loaded")).to_be_visible()
    page.unroute(f"**{part}*")
    page.get_by_role("button", name="Try again").click()
    rows(page).first.wait_for(timeout=SLOW_MS)
    page.locator(".ag-header-cell-text", has_text="File Name").click()
    page.wait_for_url("**ordering=file_name")
    assert [line for line in window.trouble if "Failed to load resource" not in line] == []
    window.trouble.clear()
