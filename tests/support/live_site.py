"""The real server, as ``python app.py`` starts it, on a free port with a home of its own."""

from __future__ import annotations

import email
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from email import policy
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support.browser_window import SLOW_MS, night_over
from tests.support.paths import ROOT
from tests.support.planted_frame import Planted, plant

START_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], timeout: float, what: str, every: float = 0.1) -> Any:
    """Return the first true value of `condition`; fail the test when there is none in time.

    `every` is the number of seconds between two looks: less than the state lasts that is waited
    for.
    """
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(every)
    pytest.fail(f"not within {timeout} s: {what}")


class LiveSite:
    """One deployment: its folder, its processes, its address."""

    def __init__(self, **settings: str) -> None:
        # A short path: the queue's socket lies in it.
        self.home = Path(tempfile.mkdtemp(prefix="gsp-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GSP_", "COVERAGE"))}
        self.environment = kept | {
            "GSP_HOME": str(self.home),
            "GSP_PORT": str(self.port),
            **settings,
        }
        self.output = self.home / "stdout.txt"
        self.log = self.home / "stderr.txt"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def raw(self) -> Path:
        """The folder in which the demo night arrives, and frames of the tests."""
        return self.home / "demo" / "raw"

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server without waiting for it."""
        with self.output.open("wb") as out, self.log.open("ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=self.environment, stdout=out, stderr=err
            )
        return self.process

    def start(self) -> LiveSite:
        """Start the server and wait until it says that all of its parts are well."""
        self.launch()
        end = time.monotonic() + START_S
        while not self.healthy():
            if self.process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"it did not start: {self.health()}\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)
        return self

    def stop(self) -> float:
        """Stop it as an operator does; return how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        return time.monotonic() - began

    def health(self) -> dict[str, Any]:
        try:
            with urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return json.load(answer)
        except HTTPError as error:
            return json.load(error)
        except OSError:
            return {"ok": False}

    def healthy(self) -> bool:
        return bool(self.health()["ok"])

    @property
    def demo_password(self) -> str:
        found = until(
            lambda: re.search(r"Demo account: demo, password: (\S+)", self.output.read_text()),
            START_S,
            "the demo account on standard output",
        )
        return str(found[1])

    def flask(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run an operator's command against this deployment."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def add_user(self, name: str, password: str, *flags: str) -> None:
        """Make an account that can sign in; `flags` are those of ``flask user create``."""
        person = {flag.removeprefix("--"): True for flag in flags}
        person |= {"username": name, "email": f"{name}@example.org", "password": password}
        self._add(person=person)

    def add_inspector(self) -> tuple[str, str]:
        """Make a staff account; return its username and password."""
        account = ("inspector", "Quiet-Harbour-80")
        self.add_user(*account, "--staff")
        return account

    def add_proposal(self, soar_id: str, pi: str) -> None:
        """Make a proposal of an account that is there."""
        self._add(proposal={"soar_id": soar_id, "pi": pi})

    def _add(self, **rows: dict[str, Any]) -> None:
        made = subprocess.run(
            [sys.executable, "-m", "tests.support.browser.live_rows"],
            cwd=ROOT,
            env=self.environment,
            input=json.dumps(rows),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert made.returncode == 0, made.stderr

    def link_mailed_to(self, address: str) -> str:
        """Return the link in the newest mail to an address, once it lies in the outbox."""

        def found() -> str | None:
            mails = (self.home / "outbox").glob("*.eml")
            for path in sorted(mails, key=lambda path: path.stat().st_mtime_ns, reverse=True):
                message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
                if message["To"] == address:
                    html = message.get_body(("html",)).get_content()
                    return re.search(r'href="([^"]*/password/set/[^"]+)"', html)[1]
            return None

        return str(until(found, 30, f"a mail to {address}"))

    def staff_token(self) -> str:
        made = self.flask(
            "user", "create", "--username", "nina", "--email", "nina@example.org", "--staff"
        )
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def api(
        self, path: str, token: str, body: dict[str, Any] | None = None, method: str | None = None
    ) -> Any:
        named = {"Authorization": f"Token {token}"}
        request = Request(f"{self.url}/api/{path}", headers=named, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the database beside the running server."""
        connection = sqlite3.connect(f"file:{self.home / 'gsp.db'}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def processes(self) -> dict[int, str]:
        """Return pid → command line of every process of this deployment."""
        mark = f"GSP_HOME={self.home}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environment = (folder / "environ").read_bytes().split(b"\0")
                zombie = ") Z " in (folder / "stat").read_text()
            except OSError:
                continue
            # Valkey writes its title over its environment; the title names its socket.
            ours = mark in environment or f"{self.home}/queue" in command
            if ours and not zombie:
                found[int(folder.name)] = command
        return found

    def pids(self, part: str) -> list[int]:
        """Return the processes whose command line contains `part`, the oldest first."""
        return sorted(pid for pid, command in self.processes().items() if part in command)

    def clean_up(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture
def make_site() -> Iterator[Callable[..., LiveSite]]:
    """Make deployments; what is left of them is removed at the end."""
    if not Path("/proc/self/environ").exists():
        pytest.skip("the processes of a deployment are found through /proc (Linux)")
    made: list[LiveSite] = []

    def make(**settings: str) -> LiveSite:
        made.append(LiveSite(**settings))
        return made[-1]

    yield make
    for site in made:
        site.clean_up()


@pytest.fixture(scope="session")
def demo_site() -> Iterator[LiveSite]:
    """A server that replays the demo night, for all tests of a session."""
    site = LiveSite(GSP_DEMO_INTERVAL="0.5")
    try:
        yield site.start()
    finally:
        site.clean_up()


@pytest.fixture(scope="session")
def live_site(demo_site: LiveSite) -> LiveSite:
    """The server whose pages are tested; a folder of tests may have another."""
    return demo_site


@pytest.fixture(scope="session")
def staff(demo_site: LiveSite) -> tuple[str, str]:
    """Username and password of a staff account of the demo's server."""
    return demo_site.add_inspector()


@pytest.fixture(scope="session")
def whole_night(demo_site: LiveSite) -> None:
    """The whole demo night has come and been reduced; who needs it is tested last."""
    night_over(demo_site)


@pytest.fixture(scope="session")
def known(demo_site: LiveSite) -> Planted:
    """The frame of which every pixel is known, once there is a real one to lie beside."""
    first = "SELECT count(*) FROM file WHERE data_type = 2 AND kind = 'spectrum'"
    until(lambda: demo_site.rows(first)[0][0], SLOW_MS / 1000, "a reduced frame")
    return plant(demo_site.home)
