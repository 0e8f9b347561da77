"""What is killed in the middle is done again, once; nothing half-made is ever visible."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reduction.simulation import simulate_night
from tests.support.live_site import LiveSite, until

MakeSite = Callable[..., LiveSite]

LIVE = "('waiting', 'queued', 'running')"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A target and two arcs; no calibrations, so that nothing waits for a master."""
    out = tmp_path_factory.mktemp("night")
    return simulate_night(out, seed=3, n_bias=0, n_flat=0, n_science=1)


def site_of(make_site: MakeSite, raw: Path, **settings: str) -> LiveSite:
    raw.mkdir(exist_ok=True)
    return make_site(GSP_RAW_DIRS=str(raw), **settings)


def drop(frame: Path, raw: Path) -> Path:
    """Let a frame appear as the camera's computer does: under another name, then renamed."""
    part = raw / f".{frame.name}.part"
    shutil.copyfile(frame, part)
    return part.rename(raw / frame.name)


def all_ended(site: LiveSite, at_least: int) -> bool:
    n_runs, n_live = site.rows(f"SELECT count(*), coalesce(sum(state IN {LIVE}), 0) FROM run")[0]
    return n_runs >= at_least and n_live == 0


def assert_clean(site: LiveSite) -> None:
    checked = site.flask("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def copy_slowly(frame: Path, folder: Path, site: LiveSite) -> None:
    """Write a frame bit by bit into a folder that is new itself; it is not indexed meanwhile."""
    content = frame.read_bytes()
    step = len(content) // 8 + 1
    folder.mkdir()
    with (folder / frame.name).open("wb") as slow:
        for start in range(0, len(content), step):
            assert site.rows("SELECT count(*) FROM arrival") == [(0,)]
            slow.write(content[start : start + step])
            slow.flush()
            time.sleep(0.1)


@pytest.mark.alone
def test_a_killed_worker_and_a_lost_queue_cost_no_run_and_double_none(
    make_site: MakeSite, night: list[Path], tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    site = site_of(make_site, raw, GSP_WORKERS="1").start()
    copy_slowly(night[0], raw / "2026-07-06", site)

    def running() -> list[tuple[int, str]]:
        return site.rows("SELECT id, worker FROM run WHERE state = 'running' AND block = 'reduce'")

    # Reduce of a small frame lasts a fifth of a second.
    run_id, worker = until(running, 20, "the frame is being reduced", every=0.005)[0]
    assert site.rows("SELECT outcome FROM arrival") == [("indexed",)]
    horse = int(worker.rsplit(":", 1)[1])
    parent = int(Path(f"/proc/{horse}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(parent, signal.SIGKILL)  # the process of the job dies with it
    killed = time.monotonic()

    for frame in night[1:]:
        drop(frame, raw)
    (valkey,) = site.pids("valkey-server")
    shutil.rmtree(site.home / "queue" / "appendonlydir")
    os.kill(valkey, signal.SIGKILL)

    def done() -> bool:
        return site.rows("SELECT state FROM run WHERE id = ?", run_id) == [("done",)]

    until(done, 30, f"run {run_id} is done again")
    assert time.monotonic() - killed < 30
    assert site.rows("SELECT attempt FROM run WHERE id = ?", run_id) == [(2,)]
    n_raw = len(night)
    until(lambda: all_ended(site, n_raw), 60, "every run has ended")
    runs = site.rows("SELECT state, notice FROM run WHERE block = 'reduce'")
    assert runs == [("done", None)] * n_raw
    reduced = site.rows("SELECT count(*), count(DISTINCT parent_id) FROM file WHERE data_type = 2")
    assert reduced == [(n_raw, n_raw)]
    assert_clean(site)


def test_frames_that_arrive_in_a_kill_are_indexed_once_and_reduced(
    make_site: MakeSite, night: list[Path], tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    site = site_of(make_site, raw).start()
    for frame in night[:2]:
        drop(frame, raw)
    until(lambda: site.rows(f"SELECT 1 FROM run WHERE state IN {LIVE}"), 30, "a run is due")
    site.process.kill()
    site.process.wait()
    until(lambda: not site.processes(), 3, "all processes are gone")
    for frame in night[2:]:
        drop(frame, raw)  # while nobody watches

    site.start()
    n_raw = len(night)
    query = "SELECT file_name FROM file WHERE data_type = 0 ORDER BY file_name"
    until(lambda: len(site.rows(query)) >= n_raw, 60, "every frame is indexed")
    until(lambda: all_ended(site, n_raw), 60, "every run has ended")
    names = site.rows(query)
    assert names == [(name,) for name in sorted(path.name for path in night)]
    reduced = site.rows("SELECT count(*), count(DISTINCT parent_id) FROM file WHERE data_type = 2")
    assert reduced == [(n_raw, n_raw)]
    assert_clean(site)
