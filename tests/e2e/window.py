"""A real browser for the tests of the pages; one driver for the whole session."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import LiveSite

SLOW_MS = 90_000
"""The demo night's first calibrated spectrum, on a loaded machine."""


def night_over(site: LiveSite, timeout_s: float = 240.0, quiet_s: float = 6.0) -> None:
    """Wait until the demo night is reduced: what a test does then is not held up by it."""
    end = time.monotonic() + timeout_s
    before, since = None, time.monotonic()
    while time.monotonic() < end:
        ((live,),) = site.rows("SELECT count(*) FROM run WHERE state IN ('queued', 'running')")
        ((files, spectra),) = site.rows("SELECT count(*), sum(data_type = 4) FROM file")
        if live or not spectra or (live, files) != before:
            before, since = (live, files), time.monotonic()
        elif time.monotonic() - since > quiet_s:
            return
        time.sleep(0.5)
    pytest.fail("the demo night is still being reduced")


def unavailable(reason: str) -> NoReturn:
    """Skip what this machine can't provide; in continuous integration that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        path = os.environ.get("GSP_TEST_CHROMIUM") or shutil.which("chromium")
        try:
            browser = driver.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-gpu"]
            )
        except playwright.Error as error:
            unavailable(f"no Chromium can be started: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


class Window:
    """A browser of its own, which notes whatever goes wrong in it."""

    def __init__(self, browser: Any, site: LiveSite, **options: Any) -> None:
        self.site = site
        self.context = browser.new_context(viewport={"width": 1366, "height": 768}, **options)
        self.context.set_default_timeout(20_000)
        self.page = self.context.new_page()
        self.trouble: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.trouble.append(f"uncaught: {error}"))
        self.page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            self.trouble.append(f"{message.type}: {message.text} {where}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.site.url, "data:", "blob:")):
            self.trouble.append(f"outside: {request.url}")

    def submit(self, username: str, password: str) -> int:
        """Fill in the login form that is open; return the status of the answer."""
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("Password").fill(password)
        with self.page.expect_response(lambda r: r.request.method == "POST") as answer:
            self.page.get_by_role("button", name="Log in").click()
        return int(answer.value.status)

    def sign_in(self, username: str, password: str) -> Any:
        self.page.goto(self.site.url + "/login")
        self.submit(username, password)
        self.page.wait_for_url(lambda url: "/login" not in url)
        return self.page

    def open(self, path: str) -> Any:
        self.page.goto(self.site.url + path)
        return self.page


@pytest.fixture
def open_window(chromium: Any, demo_site: LiveSite) -> Iterator[Callable[..., Window]]:
    windows: list[Window] = []

    def make(**options: Any) -> Window:
        windows.append(Window(chromium, demo_site, **options))
        return windows[-1]

    yield make
    trouble = [line for window in windows for line in window.trouble]
    for window in windows:
        window.context.close()
    assert not trouble, f"the browser's console must stay empty: {trouble}"


@pytest.fixture(scope="session")
def demo_session(chromium: Any, demo_site: LiveSite) -> Any:
    """Sign in once, as patiently as a person does while a backlog is being indexed."""
    window = Window(chromium, demo_site)
    for _ in range(6):
        window.page.goto(demo_site.url + "/login")
        if window.submit("demo", demo_site.demo_password) != 503:
            break
        window.page.wait_for_timeout(2000)
    state = window.context.storage_state()
    window.context.close()
    return state


@pytest.fixture
def observer(open_window: Callable[..., Window], demo_session: Any) -> Window:
    return open_window(storage_state=demo_session)
