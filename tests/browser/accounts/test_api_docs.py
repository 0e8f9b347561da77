"""The page API Docs in a real browser: found, filtered, authorised, tried out, in both themes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.support.browser_window import Window
from tests.support.live_site import LiveSite

READER = ("reader", "Quiet-Harbour-82")


def test_the_document_is_tried_out(live_site: LiveSite, open_window: Callable[..., Window]) -> None:
    window = open_window()
    live_site.add_user(*READER)
    page = window.sign_in(*READER)
    page.goto(live_site.url + "/api/docs/")
    expect(page.get_by_role("heading", name="GSP Live")).to_be_visible()

    # Dark as the pages are, light with one click.
    shade = "getComputedStyle(document.querySelector('.swagger-ui')).color"
    dark = page.evaluate(shade)
    page.get_by_role("button", name="Light", exact=True).click()
    assert page.evaluate(shade) != dark
    page.get_by_role("button", name="Dark", exact=True).click()

    page.get_by_placeholder("Filter by tag").fill("users")
    expect(page.locator("#operations-files-files_list")).to_have_count(0)
    renew = page.locator("#operations-users-users_me_token")
    renew.locator(".opblock-summary-control").click()
    renew.get_by_role("button", name="Try it out").click()
    renew.get_by_role("button", name="Execute").click()  # as the signed-in person, CSRF included
    shown = renew.locator(".responses-table.live-responses-table")
    expect(shown.locator(".response-col_status").last).to_contain_text("200")

    assert key_works(page, live_site, shown.locator("code.language-json").first.inner_text())


def key_works(page: Any, site: LiveSite, answer: str) -> bool:
    """Authorize with the key that was just made, in a page where nobody else is signed in."""
    key = json.loads(answer)["token"]
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").first.fill(f"Token {key}")
    page.locator(".auth-container").first.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="Close").first.click()
    me = page.locator("#operations-users-users_me")
    me.locator(".opblock-summary-control").click()
    me.get_by_role("button", name="Try it out").click()
    with page.expect_request(lambda request: request.url.endswith("/api/users/me/")) as asked:
        me.get_by_role("button", name="Execute").click()
    answered = asked.value.response()
    assert asked.value.headers["authorization"] == f"Token {key}"
    return bool(answered.status == 200 and answered.json()["username"] == READER[0])
