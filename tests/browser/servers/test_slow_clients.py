"""Slow clients, more of each kind than there are threads, and the site goes on for the others."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reduction.simulation import simulate_night
from tests.support.live_site import LiveSite, until
from tests.support.web.slow_clients import SlowClients, at_once, measure, signed_in

pytestmark = pytest.mark.alone

N_OF_EACH = 100
SECONDS = 8.0


def test_slow_clients_cost_only_themselves(
    make_site: Callable[..., LiveSite], tmp_path: Path
) -> None:
    simulate_night(tmp_path, seed=3, n_bias=0, n_flat=0, n_science=4)
    site = make_site(GSP_RAW_DIRS=str(tmp_path)).start()
    name, password = site.add_inspector()
    token = site.staff_token()
    cookies = signed_in(site.port, name, password)
    until(lambda: site.rows("SELECT 1 FROM file WHERE data_type = 0"), 30, "there is a file")
    until(
        lambda: not site.rows("SELECT 1 FROM run WHERE state IN ('waiting', 'queued', 'running')"),
        60,
        "the night is reduced",
    )
    download = "/api/files/download/?data_type=0"
    with SlowClients(site.port, N_OF_EACH, download, token):
        time.sleep(1)
        end = time.monotonic() + SECONDS
        found = at_once(
            {
                path: lambda path=path: measure(site.port, path, cookies, until=end)  # type: ignore[misc]
                for path in ("/", "/api/files/", "/healthz")
            }
        )
    for path, measured in found.items():
        assert not measured.failures, path
        assert len(measured.seconds) > 10, path
    assert site.healthy()

    # The API's own limit of 2,000 files fits into an address, and what does not is said in JSON.
    number = site.rows("SELECT id FROM file WHERE data_type = 0 LIMIT 1")[0][0]
    ids = ",".join([f"{number:08d}"] * 2000)
    for query, status in ((f"ids={ids}", 200), ("ids=" + "1234567," * 9000, 414)):
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
        connection.request("GET", f"/api/files/download/?{query}", headers=cookies)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == status
        if status == 414:
            assert json.loads(body)["error"]["code"] == "too_large"
        connection.close()
