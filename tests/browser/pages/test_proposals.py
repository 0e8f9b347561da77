"""Proposals, their settings and their collaborators, as a PI meets them in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.browser.data_page import untouched
from tests.support.browser.keyboard import choose, expect, tab_to
from tests.support.browser_window import SLOW_MS, Window, night_over
from tests.support.live_site import LiveSite
from tests.support.live_site import until as wait_for

pytestmark = pytest.mark.browser

MATE = ("mate", "Quiet-Harbour-79")


@pytest.fixture
def proposal(demo_site: LiveSite, observer: Window, whole_night: None) -> Iterator[int]:
    """The demo's proposal, once its night is over; its settings are put back."""
    night_over(demo_site)
    query = "SELECT min(p.id) FROM proposal p JOIN user u ON u.id = p.pi_id WHERE u.username = ?"
    ((number,),) = demo_site.rows(query, "demo")
    yield number
    page = observer.open(f"/proposals/{number}/settings")
    page.get_by_role("button", name="Reset all to the defaults").click()
    page.get_by_role("button", name="Save settings").click()
    expect(
        page.get_by_text(re.compile("The settings were saved|Nothing was changed"))
    ).to_be_visible()


def header_of(site: LiveSite, observer: Window, file_id: int) -> dict[str, Any]:
    page = observer.page
    answer = page.request.get(f"{site.url}/api/files/header/?id={file_id}")
    return {card["keyword"]: card["value"] for card in answer.json()["header"]}


def newest(site: LiveSite, original: int, data_type: int) -> int:
    query = "SELECT coalesce(max(id), 0) FROM file WHERE original_id = ? AND data_type = ?"
    return int(site.rows(query, original, data_type)[0][0])


def change_by_keys(page: Any, site: LiveSite) -> None:
    """Change four settings by the keyboard alone, one of them wrong at first, and save them."""
    changes = "SELECT count(*) FROM settings_change"
    n_changes = site.rows(changes)
    choose(page, "settings-reduce-cosmic_rays", "DCR")
    tab_to(page, "settings-reduce-ignore_flats")
    page.keyboard.press("Space")
    choose(page, "settings-extract-target_model", "Gaussian")
    tab_to(page, "settings-extract-max_targets")
    page.keyboard.press("Control+A")
    page.keyboard.type("99")
    wrong = page.locator("#settings-extract-max_targets-error")
    expect(wrong).to_have_text("This is a whole number from 1 to 20.")
    tab_to(page, "settings-extract-threshold")
    page.keyboard.press("Enter")
    expect(page.locator("#settings-extract-max_targets")).to_be_focused()
    assert site.rows(changes) == n_changes
    page.keyboard.press("Control+A")
    page.keyboard.type("1")
    expect(wrong).to_have_text("")
    summary = page.locator("#settings-summary")
    expect(summary).to_contain_text("Cosmic ray rejection: Default → DCR")
    expect(summary).to_contain_text("all new frames")
    expect(page.locator(".setting.changed")).to_have_count(4)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The settings were saved.")).to_be_visible()
    expect(summary).to_be_empty()
    expect(page.locator("#settings-again")).to_contain_text("reduced with other settings")


def test_the_settings_form_changes_the_next_reduction_and_restore_undoes_it(
    observer: Window, demo_site: LiveSite, proposal: int
) -> None:
    page = observer.open("/proposals")
    ((soar_id,),) = demo_site.rows("SELECT soar_id FROM proposal WHERE id = ?", proposal)
    page.get_by_role("link", name=f"Data reduction settings of {soar_id}").click()
    expect(page.get_by_role("heading", name="Data reduction settings - ")).to_be_visible()
    change_by_keys(page, demo_site)

    # The next reduction has them: what the product's header says.
    original, _reduced = untouched(demo_site, 1)
    before = newest(demo_site, original, 2), newest(demo_site, original, 3)
    shown = observer.open(f"/data/{original}")
    shown.get_by_role("button", name="Reduce Raw File").click()
    wait_for(lambda: newest(demo_site, original, 3) > before[1], SLOW_MS / 1000, "a new spectrum")
    reduced = header_of(demo_site, observer, newest(demo_site, original, 2))
    assert (reduced["GSP_FLAT"].lower(), reduced["GSP_COSM"]) == ("none", "DCR")
    spectrum = header_of(demo_site, observer, newest(demo_site, original, 3))
    assert (spectrum["GSP_PMOD"], spectrum["GSP_TMAX"]) == ("gaussian", 1)
    old = header_of(demo_site, observer, before[0])
    assert old["GSP_FLAT"].lower() != "none"

    # The history has it, and restore undoes it.
    page = observer.open(f"/proposals/{proposal}/settings")
    history = page.locator("#settings-history")
    expect(history).to_contain_text("Target Fit Model: Moffat → Gaussian")
    expect(history).to_contain_text("current")
    page.get_by_role("button", name="Restore the initial settings").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.locator("#settings-extract-max_targets")).to_have_value("3")
    expect(page.locator(".setting.changed")).to_have_count(0)
    expect(history.locator("ol > li").first).to_contain_text("restored the settings of")


def test_two_people_at_once_lose_nothing(
    observer: Window, demo_session: Any, open_window: Callable[..., Window], proposal: int
) -> None:
    path = f"/proposals/{proposal}/settings"
    first, second = observer.open(path), open_window(storage_state=demo_session).open(path)
    second.get_by_role("textbox", name="Trace Degree").fill("3")
    first.get_by_role("textbox", name="Detection Threshold").fill("7")
    first.get_by_role("button", name="Save settings").click()
    expect(first.get_by_text("The settings were saved.")).to_be_visible()
    second.get_by_role("button", name="Save settings").click()
    conflict = second.locator("#settings-conflict")
    expect(conflict).to_contain_text("while you were editing them")
    expect(conflict).to_contain_text("Detection Threshold: 5 → 7")
    expect(second.get_by_role("textbox", name="Detection Threshold")).to_have_value("7")
    expect(second.get_by_role("textbox", name="Trace Degree")).to_have_value("3")
    second.get_by_role("button", name="Save settings").click()
    expect(second.get_by_text("The settings were saved.")).to_be_visible()
    again = observer.open(path)
    expect(again.get_by_role("textbox", name="Detection Threshold")).to_have_value("7")
    degree = again.get_by_role("textbox", name="Trace Degree")
    expect(degree).to_have_value("3")
    degree.fill("5")
    again.get_by_role("button", name="Discard changes").click()
    expect(degree).to_have_value("3")
    again.get_by_role("button", name="Reset Trace Degree").click()
    expect(degree).to_have_value("2")
    expect(again.locator(".setting.changed")).to_have_count(1)


def test_a_collaborator_comes_and_goes_with_the_page_open(
    observer: Window, open_window: Callable[..., Window], demo_site: LiveSite, proposal: int
) -> None:
    name, password = MATE
    demo_site.add_user(name, password)
    window = open_window()
    theirs = window.sign_in(name, password)
    expect(theirs.get_by_text("No proposals yet.")).to_be_visible()

    # Added by the keyboard alone; upper case and spaces are the same account.
    page = observer.open(f"/proposals/{proposal}/collaborators")
    tab_to(page, "collab-email")
    page.keyboard.type(f" {name.upper()}@Example.org ")
    page.keyboard.press("Enter")
    people = page.locator("#collab-people")
    expect(people).to_contain_text(f"{name}@example.org")
    query = "SELECT count(*) FROM membership WHERE proposal_id = ?"
    ((members,),) = demo_site.rows(query, proposal)
    expect(page.locator("#collab-list [aria-current] .badge")).to_have_text(str(members))
    assert demo_site.rows("SELECT count(*) FROM user WHERE email LIKE '%mate@%'") == [(1,)]
    expect(theirs.locator("#home-list table")).to_be_visible()

    # A collaborator sees who is in it, and why there is nothing to change.
    theirs = window.open(f"/proposals/{proposal}/collaborators")
    expect(theirs.get_by_text("Only the PI and the observatory's staff")).to_be_visible()
    expect(theirs.get_by_label("Collaborator Email")).to_be_hidden()
    expect(theirs.get_by_role("button", name=re.compile("^Remove"))).to_have_count(0)
    theirs = window.open("/data")
    expect(theirs.locator("#file-list a").first).to_be_visible()

    # Taken out: the open page loses it all at once.
    page.get_by_role("button", name=f"Remove {name}").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(people).not_to_contain_text(f"{name}@example.org")
    expect(theirs.get_by_role("link", name="Observed 0")).to_be_visible()
    expect(theirs.locator("#file-list a")).to_have_count(0)
    answer = theirs.request.get(f"{demo_site.url}/api/proposals/{proposal}/")
    assert answer.status == 404
