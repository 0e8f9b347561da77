"""From the first superuser to a collaborator who is taken out again, in real browsers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from services.accounts import passwords
from tests.support import builders
from tests.support.browser_window import Window
from tests.support.live_site import LiveSite, until

pytestmark = pytest.mark.browser

SOAR_ID = "SOAR2026B-777"
FRAME = "0777_journey.fits"
GOOD = {
    "root": "seven clear nights",
    "sofia": "eight windy evenings",
    "petra": "nine cloudy mornings",
    "carlos": "ten frosty domes",
}
BAD = (
    ("petra@observatory", passwords.TOO_SIMILAR),
    ("k7%pQ", passwords.TOO_SHORT),
    ("password123", passwords.TOO_COMMON),
    ("7402918365", passwords.ALL_DIGITS),
)


def set_password(page: Any, password: str) -> None:
    page.get_by_label("New Password", exact=True).fill(password)
    page.get_by_label("New Password Confirmation").fill(password)
    page.keyboard.press("Enter")


def first_password(window: Window, address: str, password: str) -> Any:
    window.page.goto(window.site.link_mailed_to(address))
    assert "/password/set/" not in window.page.url  # the key is in no history
    set_password(window.page, password)
    window.page.wait_for_url(window.site.url + "/")
    return window.page


def add_user(page: Any, first: str, last: str, username: str, *, staff: bool = False) -> None:
    page.get_by_role("link", name="Management").click()
    page.get_by_role("navigation", name="Management").get_by_role("link", name="Add User").click()
    page.get_by_label("First Name").fill(first)
    page.get_by_label("Last Name").fill(last)
    page.get_by_label("Username").fill(username)
    page.get_by_label("Email").fill(f"{username}@observatory.example")
    if staff:
        page.get_by_label("Staff", exact=True).check()
        page.get_by_role("button", name="Create user").click()
    else:
        page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/management/proposals/new\?pi=\d+"))
    page.wait_for_function(
        "address => (document.querySelector('#newproposal-pi') || {}).value?.includes(address)",
        arg=f"{username}@observatory.example",
    )


def begin(site: LiveSite) -> None:
    """Make the first superuser, and let a frame arrive whose proposal nobody has registered."""
    site.add_user("root", GOOD["root"], "--superuser")
    builders.write_frame(site.raw / FRAME, PROPID=SOAR_ID)


def seen_by(page: Any) -> list[dict[str, Any]]:
    """Return the files that the person of a page sees."""
    answer = page.evaluate("fetch('/api/files/?page_size=1000').then(answer => answer.json())")
    return list(answer["results"])


def test_from_a_superuser_to_a_collaborator_who_is_taken_out(
    open_window: Callable[..., Window], live_site: LiveSite
) -> None:
    site = live_site
    begin(site)
    add_user(open_window().sign_in("root", GOOD["root"]), "Sofia", "Rivas", "sofia", staff=True)

    page = first_password(open_window(), "sofia@observatory.example", GOOD["sofia"])
    add_user(page, "Petra", "Valdés", "petra")
    assert re.fullmatch(r"SOAR\d{4}[AB]-\d{3}", page.get_by_label("SOAR ID").input_value())
    assert page.get_by_text("Make sure the SOAR ID is correct or PI").is_visible()
    page.get_by_label("SOAR ID").fill(SOAR_ID)
    page.get_by_label("Title").fill("A journey")
    until(lambda: site.rows("SELECT 1 FROM file WHERE file_name = ?", FRAME), 60, "the frame")
    page.get_by_role("button", name="Create proposal").click()
    page.wait_for_url(site.url + "/management/proposals")
    ((proposal,),) = site.rows("SELECT id FROM proposal WHERE soar_id = ?", SOAR_ID)

    leader = open_window()
    page = leader.page
    page.goto(site.link_mailed_to("petra@observatory.example"))
    for password, sentence in BAD:
        set_password(page, password)
        page.wait_for_function(
            "sentence => document.querySelector('#wrong')?.innerText.trim() === sentence",
            arg=sentence,
        )
    set_password(page, GOOD["petra"])
    page.wait_for_url(site.url + "/")
    page.get_by_role("cell", name="A journey").wait_for()
    assert page.get_by_role("link", name="Management").count() == 0
    leader.open("/management/users").get_by_text("No such page").wait_for()

    leader.open(f"/proposals/{proposal}/collaborators")
    page.get_by_label("Collaborator Email").fill(" Carlos@Observatory.example ")
    page.keyboard.press("Enter")
    page.get_by_role("cell", name="carlos@observatory.example").last.wait_for()

    other = open_window()
    first_password(other, "carlos@observatory.example", GOOD["carlos"])
    other.open("/data")
    listed = other.page.locator("#file-list a")
    listed.filter(has_text="0777_journey").first.wait_for()
    owners = {row["proposal_id"] for row in seen_by(other.page) if row["data_type"] != "1"}
    assert owners == {SOAR_ID}
    other.open(f"/proposals/{proposal}/collaborators")
    other.page.get_by_text("Only the PI and the observatory's staff").wait_for()
    assert not other.page.get_by_label("Collaborator Email").is_visible()

    other.open("/data")
    listed.filter(has_text="0777_journey").first.wait_for()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    # No reload: the open page loses it by itself, and the next request finds nothing.
    other.page.get_by_text("No frames yet").wait_for()
    assert listed.filter(has_text="0777_journey").count() == 0
    assert {row["data_type"] for row in seen_by(other.page)} <= {"1"}
    other.open(f"/proposals/{proposal}/collaborators").get_by_text("No such").first.wait_for()
    # What the picture asked for at that very moment was refused, which the browser notes by itself.
    other.trouble = [line for line in other.trouble if not ("404" in line and "/img/" in line)]
