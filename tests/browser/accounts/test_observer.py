"""One observer with two proposals and two nights: follows what comes, goes back, chooses one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from services.data_page.file_index import PAGE_SIZE
from tests.support import builders
from tests.support.browser_window import Window
from tests.support.live_site import LiveSite
from tests.support.live_site import until as wait_for

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser

NAME, PASSWORD = "ximena", "eleven slow sunsets"
FIRST, SECOND = "SOAR2025A-611", "SOAR2025A-612"
FOREIGN = "SOAR2025A-613"
"""Somebody else's, with a frame."""
EARLIER, BETWEEN, LATER = dt.date(2025, 5, 2), dt.date(2025, 5, 3), dt.date(2025, 5, 4)
MANY, FEW = 23, 3
"""Frames of the two proposals, more and less than a page of the index has."""
INDEX = "Files, the newest first"


@dataclass(frozen=True)
class Person:
    """Somebody who is PI of both proposals; `state` is the session."""

    site: LiveSite
    state: Any

    def frames(self, *proposals: str) -> list[tuple[int, str]]:
        """Return id and name of the raw frames of proposals, the newest first."""
        marks = ", ".join("?" * len(proposals))
        return self.site.rows(
            "SELECT f.id, f.file_name FROM file f JOIN proposal p ON p.id = f.proposal_id WHERE "
            f"f.data_type = 0 AND p.soar_id IN ({marks}) ORDER BY f.date_obs DESC, f.id DESC",
            *proposals,
        )


def arrive(site: LiveSite, name: str, proposal: str, night: dt.date, minute: int) -> str:
    """Let a frame come that nothing is made of; return what the index calls it."""
    taken = dt.datetime.combine(night, dt.time(23, 0)) + dt.timedelta(minutes=minute)
    cards = {"PROPID": proposal, "DATE_OBS": taken.isoformat(timespec="milliseconds")}
    builders.write_frame(site.raw / f"{name}.fits", "FOCUS", **cards)
    return name


@pytest.fixture(scope="module")
def ximena(live_site: LiveSite, chromium: Any) -> Person:
    live_site.add_user(NAME, PASSWORD)
    for proposal in (FIRST, SECOND):
        live_site.add_proposal(proposal, NAME)
    for number in range(MANY):
        arrive(live_site, f"{number:04}_first", FIRST, EARLIER, number)
    for number in range(FEW):
        arrive(live_site, f"{number:04}_second", SECOND, LATER, number)
    arrive(live_site, "0001_foreign", FOREIGN, LATER, 0)
    window = Window(chromium, live_site)
    window.sign_in(NAME, PASSWORD)
    person = Person(live_site, window.context.storage_state())
    window.context.close()
    proposals = (FIRST, SECOND, FOREIGN)
    wait_for(lambda: len(person.frames(*proposals)) == MANY + FEW + 1, 60, "the frames")
    return person


@pytest.fixture
def window(open_window: Callable[..., Window], ximena: Person) -> Window:
    return open_window(storage_state=ximena.state)


def listed(page: Any) -> Any:
    return page.get_by_label(INDEX).get_by_role("link")


def choose(page: Any, name: str) -> None:
    """Choose one proposal, or all, beside the index."""
    chooser = page.get_by_role("navigation", name="Proposals")
    chooser.locator("summary").click()
    chooser.get_by_role("link", name=name).click()
    expect(chooser.locator("summary")).to_have_text(name)


def shows(page: Any, frames: list[tuple[int, str]], first: int = 0) -> None:
    """Wait until the index shows these frames, and no others, from the `first` on."""
    expect(page.get_by_role("link", name=f"Observed {len(frames)}", exact=True)).to_be_visible()
    names = [name.removesuffix(".fits") for _, name in frames[first : first + PAGE_SIZE]]
    expect(listed(page).locator(".name")).to_have_text(names)


def test_one_of_several_proposals_is_chosen(window: Window, ximena: Person) -> None:
    page = window.open("/data")
    shows(page, ximena.frames(FIRST, SECOND))
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(ximena.frames(SECOND)[0][1])
    # Theirs are offered, and nobody else's.
    chooser = page.get_by_role("navigation", name="Proposals")
    offered = chooser.get_by_role("link", include_hidden=True)
    expect(offered).to_have_text(["All proposals", FIRST, SECOND])

    choose(page, FIRST)
    shows(page, ximena.frames(FIRST))
    expect(heading).to_have_text(ximena.frames(FIRST)[0][1])
    page.get_by_label("Page", exact=True).fill("2")
    page.get_by_role("button", name="GO", exact=True).click()
    page.wait_for_url(lambda url: f"proposal={FIRST}" in url and "page=2" in url)
    shows(page, ximena.frames(FIRST), first=PAGE_SIZE)
    listed(page).last.click()
    expect(heading).to_have_text(ximena.frames(FIRST)[-1][1])
    page.wait_for_url(lambda url: f"proposal={FIRST}" in url)

    choose(page, SECOND)
    shows(page, ximena.frames(SECOND))
    page.get_by_label("Page", exact=True).fill("2")  # there is one page
    page.get_by_role("button", name="GO", exact=True).click()
    page.reload()
    shows(page, ximena.frames(SECOND))
    choose(page, "All proposals")
    shows(page, ximena.frames(FIRST, SECOND))
    window.open(f"/data?proposal={FOREIGN}")  # somebody else's
    shows(page, [])


def test_the_newest_is_followed_until_one_wants_to_stay(window: Window, ximena: Person) -> None:
    number, name = ximena.frames(SECOND)[-1]
    page = window.open(f"/data/{number}")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(name)
    follow = page.get_by_role("switch", name="Follow newest")
    expect(follow).not_to_be_checked()
    follow.click()
    page.wait_for_url("**/data")
    expect(follow).to_be_checked()
    expect(heading).to_have_text(ximena.frames(SECOND)[0][1])
    page.evaluate("() => { window.neverReloaded = true; }")
    came = arrive(ximena.site, "0700_followed", SECOND, LATER, 100)
    expect(heading).to_have_text(f"{came}.fits")
    expect(listed(page).first).to_contain_text(came)

    follow.click()
    page.wait_for_url(re.compile(r"/data/\d+$"))
    expect(follow).not_to_be_checked()
    expect(heading).to_have_text(f"{came}.fits")
    later = arrive(ximena.site, "0701_not_followed", SECOND, LATER, 101)
    expect(listed(page).first).to_contain_text(later)
    window.settle()
    expect(heading).to_have_text(f"{came}.fits")
    assert page.evaluate("() => window.neverReloaded") is True


def test_other_nights_by_their_date(window: Window, ximena: Person) -> None:
    page = window.open("/night")
    heading = page.get_by_role("heading", level=1)
    rows = page.locator("#night-rows .file")
    nights = page.get_by_role("navigation", name="Other nights")
    first = [name.removesuffix(".fits") for _, name in ximena.frames(FIRST)]
    expect(heading).to_have_text(f"Latest night{LATER}")
    expect(rows.filter(has_text=re.compile("_second$"))).to_have_count(FEW)
    expect(rows.filter(has_text=re.compile("_first$"))).to_have_count(0)
    expect(nights.get_by_role("link", name="The night after")).to_have_count(0)

    nights.get_by_text("Nights", exact=True).click()
    expect(nights.get_by_role("listitem")).to_have_count(2)
    nights.get_by_role("link", name=f"{EARLIER}").click()
    page.wait_for_url(f"**/night/{EARLIER}")
    expect(heading).to_have_text(f"Night{EARLIER}")
    expect(rows).to_have_text(first)
    page.go_back()
    expect(heading).to_have_text(f"Latest night{LATER}")
    expect(rows.filter(has_text=re.compile("_first$"))).to_have_count(0)

    # A night without frames lies between the others.
    page = window.open(f"/night/{BETWEEN}")
    expect(heading).to_have_text(f"Night{BETWEEN}")
    expect(page.get_by_text("No frames of that night.")).to_be_visible()
    expect(page.get_by_text("No frames yet")).to_have_count(0)
    nights.get_by_role("link", name="The night after").click()
    page.wait_for_url(f"**/night/{LATER}")
    expect(rows.filter(has_text=re.compile("_second$"))).to_have_count(FEW)
    nights.get_by_role("link", name="The night before").click()
    page.wait_for_url(f"**/night/{EARLIER}")
    expect(rows).to_have_text(first)
