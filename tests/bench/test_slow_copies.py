"""200 frames copied slowly into preallocated files: none may be indexed before it is whole."""

from __future__ import annotations

import hashlib
import random
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from astropy.io import fits

from tests.support import builders
from tests.support.arrivals.slow_copy import Manner, copy_slowly
from tests.support.arrivals.watcher_process import WatcherProcess

N_FRAMES, AT_ONCE = 200, 40


@pytest.mark.parametrize("poll", [False, True], ids=["inotify", "polling"])
def test_no_frame_is_indexed_before_it_is_whole(*, poll: bool) -> None:
    watcher, dice = WatcherProcess(poll=poll), random.Random(11)
    watcher.start()
    try:
        sources = []
        for number in range(N_FRAMES):
            pixels = np.random.default_rng(number).normal(1000, 5, (200, 2071)).astype("uint16")
            taken = f"2024-03-11T0{number // 60}:{number % 60:02d}:00.000"
            path = watcher.folder / f"{number:04d}.fits"
            fits.PrimaryHDU(pixels, builders.header(DATE_OBS=taken)).writeto(path)
            sources.append(path)
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for path in sources:
                copied = watcher.raw / path.name
                own = random.Random(path.name)
                pool.submit(copy_slowly, path, copied, Manner.at_random(dice), own)
        found = "SELECT file_name, checksum, notices FROM file"
        watcher.until(lambda: len(watcher.rows(found)) >= N_FRAMES, "all are indexed", 180)
        took = time.monotonic() - began
        whole = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sources}
        rows = watcher.rows(found)
        partial = [name for name, checksum, _ in rows if whole[name] != checksum]
        replaced = watcher.rows("SELECT count(*) FROM former_version")[0][0]
        print(f"{len(rows)} indexed in {took:.0f} s, {len(partial)} partial, {replaced} replaced")
        assert (len(rows), partial, replaced) == (N_FRAMES, [], 0)
        assert {notices for _, _, notices in rows} == {"[]"}
        assert set(watcher.outcomes().values()) == {"indexed"}
    finally:
        watcher.stop()
