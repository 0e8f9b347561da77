"""One command starts everything, keeps it alive, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support.live_site import LiveSite, until

pytestmark = pytest.mark.alone

MakeSite = Callable[..., LiveSite]

PARTS = (
    "valkey-server",
    "jobs.processes.web",
    "jobs.processes.worker",
    "jobs.watching.watcher",
    "jobs.reconciler",
)


def refusal(site: LiveSite) -> str:
    """Start a server that has to refuse; return what it says."""
    assert site.launch().wait(30) == 2
    said = site.log.read_text()
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1, said
    return said


def test_it_starts_refuses_a_second_one_heals_and_stops(make_site: MakeSite) -> None:
    site = make_site(GSP_DEMO="off", GSP_WORKERS="2").start()

    said = site.output.read_text()
    assert f"GSP Live is on {site.url}" in said
    assert "Demo account" not in said
    health = site.health()
    assert {health[part]["state"] for part in ("web", "database", "queue", "workers")} == {"ok"}
    assert health["workers"]["count"] == 2
    assert (site.home / "queue").stat().st_mode & 0o077 == 0

    second = make_site(GSP_HOME=str(site.home), GSP_DEMO="off")
    assert "is in use by a GSP Live that runs already" in refusal(second)
    third = make_site(GSP_PORT=str(site.port), GSP_DEMO="off")
    assert f"GSP_PORT: {site.port} is in use" in refusal(third)

    killed = {part: site.pids(part)[0] for part in PARTS}
    for pid in killed.values():
        os.kill(pid, signal.SIGKILL)

    def replaced() -> bool:
        return all(site.pids(part) and killed[part] not in site.pids(part) for part in PARTS)

    until(replaced, 20, "every part that was killed runs again")
    until(site.healthy, 20, "well again")

    stream = socket.create_connection(("127.0.0.1", site.port))  # a client that hangs on
    try:
        assert site.stop() < 5
    finally:
        stream.close()
    assert site.process.returncode == 0
    assert site.processes() == {}


def test_nothing_outlives_a_killed_supervisor(make_site: MakeSite) -> None:
    site = make_site(GSP_DEMO="off").start()
    until(
        lambda: len(site.pids("jobs.processes.worker")) >= 2, 10, "the pool has forked its workers"
    )

    site.process.kill()
    site.process.wait()
    until(lambda: not site.processes(), 3, "all processes are gone")

    site.start()  # and the lock, the socket and the port are free again
    assert site.flask("check").returncode == 0


@pytest.mark.parametrize(
    ("name", "value"), [("GSP_PORT", "eighty"), ("GSP_HOST", "203.0.113.7"), ("GSP_WORKER", "3")]
)
def test_a_wrong_setting_stops_the_start_with_one_sentence(
    make_site: MakeSite, name: str, value: str
) -> None:
    assert refusal(make_site(**{name: value})).startswith(name)


def test_what_hangs_is_replaced(make_site: MakeSite) -> None:
    site = make_site(GSP_DEMO="off", GSP_WORKERS="2").start()
    until(lambda: len(site.pids("jobs.processes.worker")) == 3, 10, "the pool and its workers")
    pool, hung_worker, other = sorted(site.pids("jobs.processes.worker"))
    until(lambda: "no folder is watched" in site.log.read_text(), 20, "it has begun")
    (watcher,) = site.pids("jobs.watching.watcher")
    (web,) = site.pids("jobs.processes.web")
    for pid in (hung_worker, watcher, web):
        os.kill(pid, signal.SIGSTOP)

    def replaced() -> bool:
        workers = site.pids("jobs.processes.worker")
        watchers = site.pids("jobs.watching.watcher")
        now = {*workers, *watchers, *site.pids("jobs.processes.web")}
        return len(workers) == 3 and len(now) == 5 and not now & {hung_worker, watcher, web}

    until(replaced, 30, "a worker, the watcher and the web server that were stopped are replaced")
    assert {pool, other} <= set(site.pids("jobs.processes.worker")), "those that work are left"

    os.kill(pool, signal.SIGSTOP)
    until(lambda: pool not in site.pids("jobs.processes.worker"), 30, "the pool is replaced")
    until(site.healthy, 30, "well again")


def test_it_says_when_the_queue_does_not_answer_and_serves_pages(make_site: MakeSite) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    site = make_site(GSP_DEMO="off", GSP_REDIS_URL=f"redis://:secret@127.0.0.1:{port}/0")
    site.launch()
    until(lambda: "GSP Live is on" in site.output.read_text(), 20, "it says that it is on")
    said = site.output.read_text()
    assert f"The queue at 127.0.0.1:{port} does not answer" in said
    assert "secret" not in said
    health = until(lambda: "queue" in site.health() and site.health(), 20, "the pages are served")
    assert health["database"]["state"] == "ok"
    assert health["queue"]["state"] == "down"


def test_a_hung_queue_delays_nobody(make_site: MakeSite) -> None:
    site = make_site(GSP_DEMO="off").start()
    token = site.staff_token()
    (valkey,) = site.pids("valkey-server")
    os.kill(valkey, signal.SIGSTOP)
    try:
        for path in ("/healthz", "/api/", "/api/files/", "/healthz", "/api/"):
            asked = Request(site.url + path, headers={"Authorization": f"Token {token}"})
            with contextlib.suppress(HTTPError):  # 503; a timeout is another error
                urlopen(asked, timeout=2).close()
        health = site.health()
        assert health["queue"]["state"] == "down"
        assert health["web"]["state"] == health["database"]["state"] == "ok"
    finally:
        os.kill(valkey, signal.SIGCONT)
    until(site.healthy, 20, "well again")
