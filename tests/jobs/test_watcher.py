"""The running watcher: bad names, garbage and slow copies cost only themselves."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from tests.support import builders
from tests.support.arrivals.slow_copy import Manner, copy_slowly
from tests.support.arrivals.watcher_process import WatcherProcess


@pytest.fixture(scope="module", params=[False, True], ids=["inotify", "polling"])
def watcher(request: pytest.FixtureRequest) -> Iterator[WatcherProcess]:
    started = WatcherProcess(poll=request.param)
    started.start()
    yield started
    started.stop()


def test_a_bad_name_costs_only_itself(watcher: WatcherProcess) -> None:
    raw = watcher.raw
    content = builders.write_frame(watcher.folder / "frame.fits").read_bytes()
    for name in (b"bad\xff.fits", b"new\nline.fits", b"b\xfe/inside.fits"):
        path = Path(os.fsdecode(os.path.join(os.fsencode(raw / "a"), name)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content + name)
    (raw / "a" / "loop.fits").symlink_to(raw / "a" / "loop.fits")
    (raw / "a" / "loop").symlink_to(raw / "a")
    os.mkfifo(raw / "a" / "pipe.fits")
    builders.write_frame(raw / "a" / "z.fits")
    builders.write_frame(raw / "b" / "0001.fits")
    wanted = {
        r"a/bad\xff.fits": "quarantined",
        r"a/new\nline.fits": "quarantined",
        r"a/b\xfe/inside.fits": "quarantined",
        "a/z.fits": "indexed",
        "b/0001.fits": "indexed",
    }
    watcher.until(lambda: wanted.items() <= watcher.outcomes().items(), "all are judged")
    stored = watcher.rows("SELECT notice FROM log_entry WHERE grouping LIKE '%name_unusable%'")
    assert len(stored) == 1
    said = json.loads(stored[0][0])
    assert said["code"] == "several_files"
    assert said["params"]["count"] == 3
    assert sorted(said["params"]["files"]) == [r"bad\xff.fits", "inside.fits", r"new\nline.fits"]


def test_a_tree_too_deep_for_a_path_costs_only_itself(watcher: WatcherProcess) -> None:
    start = os.getcwd()
    (watcher.raw / "deep").mkdir()
    os.chdir(watcher.raw / "deep")
    try:
        for _ in range(24):  # longer than a path can be
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
    finally:
        os.chdir(start)
    builders.write_frame(watcher.raw / "e" / "0001.fits")
    watcher.until(lambda: watcher.outcomes().get("e/0001.fits") == "indexed", "the next folder")


def test_much_garbage_is_one_entry_of_the_log(watcher: WatcherProcess) -> None:
    folder = watcher.raw / "garbage"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number:04d}.fits").write_bytes(os.urandom(3000))
    judged = "SELECT count(*) FROM arrival WHERE path LIKE '%/garbage/%'"
    watcher.until(lambda: watcher.rows(judged) == [(300,)], "all are judged")
    entries = watcher.rows("SELECT notice FROM log_entry WHERE grouping LIKE '%not_fits%'")
    assert len(entries) == 1
    params = json.loads(entries[0][0])["params"]
    assert (params["count"], len(params["files"])) == (300, 5)
    assert watcher.log.read_text().count("is not a FITS file") == 1


def test_slow_copies_are_indexed_once_and_whole(watcher: WatcherProcess) -> None:
    dice = random.Random(3)
    sources = []
    for number in range(12):
        path = watcher.folder / f"slow{number:02d}.fits"
        pixels = np.random.default_rng(number).normal(1000, 5, (200, 2071)).astype("uint16")
        taken = f"2024-03-11T0{number // 6}:{number % 6}0:00.000"
        fits.PrimaryHDU(pixels, builders.header(DATE_OBS=taken)).writeto(path)
        sources.append(path)
    folder = watcher.raw / "slow"
    folder.mkdir()
    with ThreadPoolExecutor(12) as pool:
        for path in sources:
            manner = Manner.at_random(dice)
            pool.submit(copy_slowly, path, folder / path.name, manner, random.Random(path.name))
    found = "SELECT file_name, checksum, notices FROM file WHERE file_name LIKE 'slow%'"
    watcher.until(lambda: len(watcher.rows(found)) == 12, "all are indexed")
    whole = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sources}
    assert {name: checksum for name, checksum, _ in watcher.rows(found)} == whole
    assert {notices for _, _, notices in watcher.rows(found)} == {"[]"}
    assert watcher.rows("SELECT * FROM former_version") == []
    outcomes = {o for path, o in watcher.outcomes().items() if path.startswith("slow/")}
    assert outcomes == {"indexed"}
