"""axe-core on every page, dark and light, on a laptop and on a telephone: nothing serious."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.browser_window import Window
from tests.support.live_site import LiveSite

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

pytestmark = pytest.mark.browser

SIZES = ((1366, 768), (400, 800))
STILL = "*, ::before, ::after { transition: none !important; animation: none !important; }"
"""A colour that is fading into another is none to judge."""
THEME = """(theme) => {
    Object.assign(document.documentElement.dataset, { bsTheme: theme, theme }); // theme: the login
    document.documentElement.classList.toggle("dark-mode", theme === "dark"); // the API's document
}"""
AT_REST = """() => new Promise((done) => {
    const end = () => { watch.disconnect(); done(); };
    let quiet = setTimeout(end, 300);
    const watch = new MutationObserver(() => {
        clearTimeout(quiet);
        quiet = setTimeout(end, 300);
    });
    watch.observe(document.body, { subtree: true, childList: true, attributes: true });
    setTimeout(end, 5000); // what changes all the time is judged as it is
})"""
"""A table that is laid out anew for another width has no cells for a moment."""
COLOURS = ["color-contrast", "link-in-text-block"]
OPEN = ("/login", "/password/forgot")
"""Pages for whoever is not signed in."""
PATHS = (
    "/",
    "/data",
    "/data/{file}/advanced",
    "/night",
    "/search",
    "/proposals",
    "/proposals/{proposal}/settings",
    "/proposals/{proposal}/collaborators",
    "/logs",
    "/user",
    "/manual",
    "/nowhere",
    "/api/docs/",
    "/management",
    "/management/users",
    "/management/users/new",
    "/management/users/{person}",
    "/management/proposals",
    "/management/proposals/waiting",
    "/management/proposals/new",
    "/management/proposals/{proposal}",
    "/management/partners",
    "/management/import",
)
"""A path for every page; `test_every_page_is_looked_at` tells when one is missing."""


def test_every_page_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.core import missing, site

    monkeypatch.setattr("callbacks.management.addresses.manages", lambda: True)
    asked = {path.format(proposal=1, person=1, file=1) for path in PATHS}
    pages = {
        next((page for page in site.PAGES if page.answers(path)), missing.PAGE).title
        for path in asked
    }
    absent = {page.title for page in (*site.PAGES, missing.PAGE)} - pages
    assert not absent, f"add paths of the pages {sorted(absent)} to PATHS in {__file__}"


def serious(page: Any, where: str, **options: Any) -> list[str]:
    """Return the serious and critical violations on the page as it is, a line each."""
    asked = {"resultTypes": ["violations"], "selectors": False, "preload": False, **options}
    found = page.evaluate("async (asked) => (await axe.run(asked)).violations", asked)
    return [
        f"{where}: {one['id']}: {one['help']}: {node['html'][:160]}: {node['failureSummary'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:4]
    ]


def look(page: Any, path: str) -> list[str]:
    """Ask axe at both widths; the light theme only for its colours: they are all it changes."""
    found = []
    page.evaluate(axe.Axe().axe_script)
    page.add_style_tag(content=STILL)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(AT_REST)
        for theme, rules in (("dark", {}), ("light", {"runOnly": COLOURS})):
            page.evaluate(THEME, theme)
            found += serious(page, f"{path} {theme} {width}", **rules)
    return found


def test_no_page_has_a_serious_violation(
    open_window: Callable[..., Window],
    demo_site: LiveSite,
    staff: tuple[str, str],
    whole_night: None,
) -> None:
    window = open_window(bypass_csp=True)  # the page's own policy keeps axe out
    window.sign_in(*staff)
    query = "SELECT id, pi_id FROM proposal WHERE pi_id IS NOT NULL LIMIT 1"
    ((proposal, person),) = demo_site.rows(query)
    ((file,),) = demo_site.rows("SELECT max(id) FROM file WHERE data_type = 2")
    found = []
    for path in PATHS:
        page = window.open(path.format(proposal=proposal, person=person, file=file))
        window.settle()
        found += look(page, path)
    assert not found, "\n".join(found)


def test_no_page_before_the_login_has_a_serious_violation(
    open_window: Callable[..., Window],
) -> None:
    window = open_window(bypass_csp=True)
    found = []
    for path in OPEN:
        page = window.open(path)
        found += look(page, path)
    assert not found, "\n".join(found)
