"""Deployments whose database, queue or raw folder are of another kind than `make run` has."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from jobs.processes import valkey
from reduction.simulation import simulate_night
from tests.support import postgres
from tests.support.live_site import LiveSite, free_port, until

MakeSite = Callable[..., LiveSite]

NIGHT_S = 480


@contextmanager
def own_redis(folder: Path) -> Iterator[str]:
    """Run a Valkey that is not the deployment's, with a password, on a port."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--requirepass", "of-the-site"]
    server = subprocess.Popen(
        [valkey.command()[0], *options, "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://:of-the-site@127.0.0.1:{port}/3"
    try:
        until(lambda: answers(url), 10, "Valkey answers")
        yield url
    finally:
        server.terminate()
        server.wait(10)


def answers(url: str) -> bool:
    try:
        return bool(Redis.from_url(url).ping())
    except RedisError:
        return False


def assert_clean(site: LiveSite) -> None:
    checked = site.flask("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_demo_night_on_postgresql_and_a_redis_of_the_site(
    make_site: MakeSite, tmp_path: Path
) -> None:
    binaries = postgres.server_binaries()
    if binaries is None:
        pytest.skip(postgres.MISSING)
    with postgres.server(binaries) as database, own_redis(tmp_path) as queue:
        site = make_site(
            GSP_DATABASE_URL=database, GSP_REDIS_URL=queue, GSP_DEMO_INTERVAL="0.2"
        ).start()
        assert not (site.home / "gsp.db").exists()
        assert site.pids("valkey-server") == []
        token = site.staff_token()

        def count(query: str) -> int:
            return int(site.api(query, token)["count"])

        until(lambda: "demo night is over" in site.log.read_text(), NIGHT_S, "all frames taken")
        n_frames = len(list(site.home.glob("demo/raw/*/*.fits")))
        until(lambda: count("files/?data_type=0") == n_frames, 60, "all frames indexed")
        live = "runs/?state=waiting,queued,running"
        until(lambda: count(live) == 0, NIGHT_S, "every run has ended")
        assert count("runs/?state=failed") == 0
        assert count("files/?data_type=1") == 2
        assert count("files/?data_type=4") >= 12
        assert_clean(site)

        # The server of the database ends and comes back; what was acknowledged is there.
        folder = Path(database.partition("host=")[2])
        as_user = {"user": postgres.NOBODY, "group": postgres.NOBODY} if os.geteuid() == 0 else {}
        control = [str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-w", "-m", "immediate"]
        subprocess.run(
            [
                *control,
                "restart",
                "-l",
                str(folder / "log"),
                "-o",
                f"-k {folder} -c listen_addresses= -c fsync=off",
            ],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **as_user,
        )
        until(site.healthy, 10, "well again")
        assert count("files/?data_type=0") == n_frames
        site.stop()
        assert site.processes() == {}


def test_a_folder_without_announcements_is_polled(make_site: MakeSite, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    site = make_site(GSP_RAW_DIRS=str(raw), GSP_RAW_POLL="on").start()
    assert "by polling" in until(
        lambda: "watching" in site.log.read_text() and site.log.read_text(), 20, "it watches"
    )
    frames = simulate_night(tmp_path / "night", seed=4, n_bias=1, n_flat=0, n_science=0)
    (raw / "2026-07-06").mkdir()
    part = shutil.copyfile(frames[0], raw / "2026-07-06" / f".{frames[0].name}.part")
    part.rename(part.with_name(frames[0].name))
    until(lambda: site.rows("SELECT outcome FROM arrival") == [("indexed",)], 10, "it is found")
    (watcher,) = site.pids("jobs.watching.watcher")
    os.kill(watcher, signal.SIGTERM)
    until(
        lambda: site.pids("jobs.watching.watcher") not in ([], [watcher]), 10, "it is started again"
    )
    assert_clean(site)
