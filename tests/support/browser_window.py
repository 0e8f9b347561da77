"""A real browser for the tests of the pages; one driver for the whole session."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode

import pytest

from jobs.watching import replay

if TYPE_CHECKING:
    from tests.support.live_site import LiveSite

PATIENCE_MS = 60_000
"""How long a page may take before a test gives up, on a machine that does something else too."""

SLOW_MS = 90_000
"""The demo night's first calibrated spectrum, on a loaded machine."""


PAGE_MODULE = """window.pageModule = (path) =>
    import(new URL(path, document.getElementById("_dash-renderer").src).href);"""
"""Gives a test the modules of the page itself: ``await pageModule("viewer/state.js")``."""

BUSY_S = 15
"""How long the server may answer 503 to a login while it indexes a night."""

OVER = re.compile(r"the demo night is over: (\d+) frames")
AT_REST = """
    SELECT (SELECT count(*) FROM file JOIN proposal ON proposal.id = file.proposal_id
            WHERE file.data_type = 0 AND proposal.soar_id = ?1) >= ?2
       AND NOT EXISTS (SELECT 1 FROM run WHERE state IN ('queued', 'running'))
"""


def night_over(site: LiveSite, timeout_s: float = 480.0, quiet_s: float = 1.0) -> None:
    """Wait until the demo night is reduced: what a test does then is not held up by it.

    All its frames are there, and for `quiet_s` no run has been due; what waits for something that
    does not come (frames of other tests) does not count.
    """
    end = time.monotonic() + timeout_s
    since = None
    while (now := time.monotonic()) < end:
        said = OVER.search(site.log.read_text())
        if said and site.rows(AT_REST, replay.PROPOSAL, int(said[1]))[0][0]:
            since = since or now
            if now - since >= quiet_s:
                return
        else:
            since = None
        time.sleep(0.1)
    pytest.fail("the demo night is still being reduced")


def unavailable(reason: str) -> NoReturn:
    """Skip what this machine can't provide; in continuous integration that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


HEADLESS, WITH_WINDOW = "chromium-headless-shell", "chromium"
"""Debian's builds of one browser. The first has no windows, and starts and draws with less work."""


def chromium_path(*names: str) -> str | None:
    """Return the first Chromium of these names on this machine, or the one that is asked for."""
    found = (shutil.which(name) for name in names or (HEADLESS, WITH_WINDOW))
    return os.environ.get("GSP_TEST_CHROMIUM") or next(filter(None, found), None)


@contextmanager
def launched(path: str | None, *, headless: bool = True) -> Iterator[Any]:
    """Run a Chromium, or skip the test where it can't be started."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    playwright.expect.set_options(timeout=PATIENCE_MS)
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(
                executable_path=path, headless=headless, args=["--no-sandbox", "--disable-gpu"]
            )
        except playwright.Error as error:
            unavailable(f"no Chromium can be started: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser of the tests; ``GSP_TEST_HEADED=1`` shows it on the screen."""
    headed = os.environ.get("GSP_TEST_HEADED") == "1"
    names = (WITH_WINDOW,) if headed else (HEADLESS, WITH_WINDOW)
    with launched(chromium_path(*names), headless=not headed) as browser:
        yield browser


def given_focus(page: Any, identity: str) -> None:
    """Wait until a new page has put the focus where one begins to type; it does so when painted."""
    page.wait_for_function("(id) => document.activeElement.id === id", arg=identity)


def new_context(browser: Any, **options: Any) -> Any:
    """Return a browser context: cookies, storage and a cache of its own, on a laptop's screen."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, **options)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(PAGE_MODULE)
    return context


class Window:
    """A page, alone in its browser context or beside others, that notes whatever goes wrong."""

    def __init__(
        self, browser: Any, site: LiveSite, shared: Any | None = None, **options: Any
    ) -> None:
        self.site = site
        self.shares = shared is not None
        self.context = shared or new_context(browser, **options)
        self.page = self.context.new_page()
        self.trouble: list[str] = []
        self.under_way: set[Any] = set()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.trouble.append(f"uncaught: {error}"))
        self.page.on("request", self._request)
        for end in ("requestfinished", "requestfailed"):
            self.page.on(end, self._ended)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            self.trouble.append(f"{message.type}: {message.text} {where}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.site.url, "data:", "blob:")):
            self.trouble.append(f"outside: {request.url}")
        asked = "/_dash-" in request.url or "/live/" in request.url
        if asked or request.resource_type == "script":
            self.under_way.add(request)

    def _ended(self, request: Any) -> None:
        self.under_way.discard(request)

    def submit(self, username: str, password: str) -> int:
        """Fill in the login form that is open, by keys alone; return the status of the answer."""
        given_focus(self.page, "username")
        self.page.keyboard.type(username)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(password)
        with self.page.expect_response(lambda r: r.request.method == "POST") as answer:
            self.page.keyboard.press("Enter")
        return int(answer.value.status)

    def sign_in(self, username: str, password: str, path: str = "/") -> Any:
        """Sign in on the way to a page, as patiently as a person does while a night is indexed."""
        end = time.monotonic() + BUSY_S
        self.open("/login?" + urlencode({"next": path}))
        while self.submit(username, password) == 503 and time.monotonic() < end:
            self.open("/login?" + urlencode({"next": path}))
        self.page.wait_for_url(self.site.url + path)
        return self.page

    def open(self, path: str) -> Any:
        self.under_way.clear()
        self.page.goto(self.site.url + path)
        return self.page

    def close(self) -> None:
        """Close the page, and its context unless others share it: then the storage is emptied."""
        if not self.shares:
            self.context.close()
            return
        if self.page.url.startswith(self.site.url):
            self.page.evaluate("() => localStorage.clear()")
        self.page.close()

    def settle(self, quiet_ms: int = 200, timeout_ms: int = PATIENCE_MS) -> None:
        """Wait until no callback or script of the page has been under way for a while."""
        quiet = 0
        for _ in range(timeout_ms // 50):
            self.page.wait_for_timeout(50)
            quiet = 0 if self.under_way else quiet + 50
            if quiet >= quiet_ms:
                return
        pytest.fail(f"still under way: {[one.post_data for one in self.under_way]}")


@pytest.fixture
def open_window(chromium: Any, live_site: LiveSite) -> Iterator[Callable[..., Window]]:
    windows: list[Window] = []

    def make(**options: Any) -> Window:
        windows.append(Window(chromium, live_site, **options))
        return windows[-1]

    yield make
    trouble = [line for window in windows for line in window.trouble]
    for window in windows:
        window.close()
    assert not trouble, f"the browser's console must stay empty: {trouble}"


@pytest.fixture(scope="session")
def demo_session(chromium: Any, demo_site: LiveSite) -> Any:
    """Sign in once."""
    window = Window(chromium, demo_site)
    window.sign_in("demo", demo_site.demo_password)
    state = window.context.storage_state()
    window.context.close()
    return state


@pytest.fixture(scope="session")
def demo_context(chromium: Any, demo_session: Any) -> Iterator[Any]:
    """The browser context that the tests of the demo's account share.

    It fetches and compiles the scripts of the pages once: half of what a page costs.
    """
    context = new_context(chromium, storage_state=demo_session)
    yield context
    context.close()


@pytest.fixture
def observer(open_window: Callable[..., Window], demo_context: Any) -> Window:
    """A new page of the demo's account, in the context that these pages share."""
    return open_window(shared=demo_context)


@pytest.fixture
def newcomer(open_window: Callable[..., Window], demo_session: Any) -> Window:
    """A page of the demo's account in a browser that has nothing in its cache."""
    return open_window(storage_state=demo_session)
