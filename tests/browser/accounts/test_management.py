"""Staff's daily work in a real browser: a semester's table, an account switched off and on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.accounts import password_links
from services.proposals import semester_import
from tests.support.browser_window import Window
from tests.support.live_site import LiveSite
from tests.support.live_site import until as wait_for

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser

ADDRESS = "semina@observatory.example"
GOOD = ("SOAR2026B-901", "Seeds of stars", "Where they grow.", ADDRESS, "Semina", "Rojas", "2026B")
BAD = ("SOAR2026B-902", "", "", "nowhere", "", "", "2026B")


def choose_table(page: Any, *rows: tuple[str, ...]) -> None:
    text = "\n".join(",".join(row) for row in (semester_import.COLUMNS, *rows))
    table = {"name": "semester.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.locator("#import-table input[type=file]").set_input_files(table)


def told(page: Any, sentence: str) -> None:
    expect(page.get_by_role("status").filter(has_text=sentence)).to_be_visible()


def test_a_semester_is_imported_and_an_account_of_it_switched_off(
    open_window: Callable[..., Window], live_site: LiveSite, staff: tuple[str, str]
) -> None:
    window = open_window()
    # The dry run changes nothing, and one bad row holds up all.
    page = window.sign_in(*staff, "/management/import")
    plan = page.locator("#import-plan")
    submit = page.get_by_role("button", name="Import", exact=True)
    expect(submit).to_be_hidden()
    choose_table(page, GOOD, BAD)
    expect(plan).to_contain_text("1 row with an error. Nothing has been changed yet.")
    expect(plan.get_by_role("row").filter(has_text=BAD[0])).to_contain_text("3")
    expect(submit).to_be_disabled()
    choose_table(page, GOOD)
    expect(plan).to_contain_text("1 new proposal, 1 new account, 0 rows with an error.")
    made = "SELECT count(*) FROM proposal WHERE soar_id = ?"
    assert live_site.rows(made, GOOD[0]) == [(0,)]
    submit.click()
    told(page, "1 proposal and 1 account created.")
    page.wait_for_url("**/management/proposals")
    expect(page.get_by_role("row").filter(has_text=GOOD[0])).to_contain_text("Semina Rojas")

    # The link is sent again; it dies with the account.
    first = live_site.link_mailed_to(ADDRESS)
    window.open("/management/users")
    page.get_by_role("link", name="Semina Rojas").click()
    page.get_by_role("button", name="Resend invitation").click()
    told(page, f"A new invitation is sent to {ADDRESS}.")
    wait_for(lambda: live_site.link_mailed_to(ADDRESS) != first, 30, "the second mail")
    link = live_site.link_mailed_to(ADDRESS)
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    state = page.locator("#account-state")
    expect(state).to_contain_text("Deactivated")
    other = open_window().page
    other.goto(link)
    expect(other.get_by_role("alert")).to_contain_text(password_links.INVALID)

    page.get_by_role("button", name="Reactivate").click()
    expect(state).to_contain_text("No password yet")
