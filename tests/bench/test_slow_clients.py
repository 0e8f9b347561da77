"""Two thousand slow clients, 500 of each kind, and what everybody else gets meanwhile."""

from __future__ import annotations

import os
import resource
import selectors
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reduction.simulation import simulate_night
from tests.support.live_site import LiveSite, until
from tests.support.web.slow_clients import SlowClients, at_once, measure, signed_in

pytestmark = pytest.mark.bench

N_OF_EACH = int(os.environ.get("GSP_BENCH_SLOW", "500"))
SECONDS = float(os.environ.get("GSP_BENCH_SECONDS", "60"))
GOAL_S = 0.300


def test_five_hundred_slow_clients_of_each_kind(
    make_site: Callable[..., LiveSite], tmp_path: Path
) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    simulate_night(tmp_path, seed=3, n_bias=0, n_flat=0, n_science=4)
    site = make_site(GSP_RAW_DIRS=str(tmp_path)).start()
    token = site.staff_token()
    name, password = site.add_inspector()
    until(
        lambda: (
            not site.api("runs/?state=waiting,queued,running", token)["count"]
            and site.api("files/?data_type=4", token)["count"]
        ),
        120,
        "the night is reduced",
    )
    cookies = signed_in(site.port, name, password)  # the slow readers are somebody else
    asked = {
        "page": ("/", cookies),
        "API": ("/api/files/", {"Cookie": cookies["Cookie"]}),
        "health": ("/healthz", {}),
    }

    def taken(seconds: float) -> dict[str, tuple[float, float, float]]:
        end = time.monotonic() + seconds
        found = at_once(
            {
                name: lambda path=path, headers=headers: measure(  # type: ignore[misc]
                    site.port, path, headers, until=end
                )
                for name, (path, headers) in asked.items()
            }
        )
        for part, one in found.items():
            failed = f"{len(one.failures)} failed {one.failures[:3]}"
            p50, p95, worst = (1e3 * one.quantile(q) for q in (0.5, 0.95, 1.0))
            print(
                f"  {part:8s} n {len(one.seconds):5d}  p50 {p50:6.1f}  p95 {p95:6.1f}  "
                f"max {worst:6.1f} ms  {failed}"
            )
        assert not any(one.failures for one in found.values())
        return {part: one.quantile(0.95) for part, one in found.items()}

    print("\nnobody is slow:")
    taken(10)
    download = "/api/files/download/?data_type=0"
    with SlowClients(site.port, N_OF_EACH, download, token) as attack:
        print(f"{N_OF_EACH} slow clients of each of four kinds (goal: p95 {1e3 * GOAL_S:.0f} ms):")
        p95 = taken(SECONDS)
        print(f"  {attack.opened} connections were opened")
    assert max(p95.values()) < GOAL_S, p95


N_STREAMS = 200


def test_two_hundred_event_streams(make_site: Callable[..., LiveSite], tmp_path: Path) -> None:
    site = make_site(GSP_RAW_DIRS=str(tmp_path)).start()
    tokens = [site.staff_token()]
    for number in range(N_STREAMS // 25 - 1):
        made = site.flask(
            *("user", "create", "--username", f"u{number}", "--email", f"u{number}@example.org"),
            "--staff",
        )
        tokens.append(made.stdout.strip())
    (web,) = site.pids("jobs.processes.web")

    def memory() -> float:
        status = Path(f"/proc/{web}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    site.api("files/", tokens[0])
    before = memory()
    streams = []
    for number in range(N_STREAMS):
        one = socket.create_connection(("127.0.0.1", site.port))
        key = tokens[number % len(tokens)]
        one.sendall(
            f"GET /api/events/ HTTP/1.1\r\nHost: a\r\nAuthorization: Token {key}\r\n\r\n".encode()
        )
        while b"connected" not in one.recv(65536):
            pass
        streams.append(one)
    print(f"\n{N_STREAMS} event streams: {before:.0f} → {memory():.0f} MB")
    plain = measure(
        site.port,
        "/api/files/",
        {"Authorization": f"Token {tokens[0]}"},
        until=time.monotonic() + 5,
    )
    print(f"  API beside them: p95 {1e3 * plain.quantile(0.95):.0f} ms, {plain.failures}")
    simulate_night(tmp_path, seed=1, n_bias=1, n_flat=0, n_science=0)
    first: dict[int, float] = {}
    selector = selectors.DefaultSelector()
    for number, one in enumerate(streams):
        selector.register(one, selectors.EVENT_READ, number)
    end = time.monotonic() + 30
    while len(first) < N_STREAMS and time.monotonic() < end:
        for key, _ in selector.select(1):
            if b"data: " in key.fileobj.recv(65536):  # type: ignore[union-attr]
                first.setdefault(key.data, time.monotonic())
    spread = max(first.values()) - min(first.values())
    print(f"  an event reached {len(first)} of them; first to last {1e3 * spread:.0f} ms")
    for one in streams:
        one.close()
    assert len(first) == N_STREAMS
