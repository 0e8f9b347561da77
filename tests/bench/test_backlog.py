"""Ten thousand frames at once: each indexed once, and a fresh one is not stuck behind them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from reduction.simulation import simulate_night
from tests.support import builders
from tests.support.live_site import LiveSite, until

pytestmark = pytest.mark.bench

N_FRAMES = 10_000
N_PER_NIGHT = 100
FIRST = datetime(2020, 1, 1, 1, tzinfo=UTC)


def write_backlog(folder: Path) -> None:
    """Write small frames of a hundred nights; each has pixels and a date of its own."""
    mark = "2020-01-01T01:00:00.000"
    frame = fits.PrimaryHDU(np.zeros((24, 60), ">i2"), builders.header(DATE_OBS=mark))
    template = folder / "template"
    frame.writeto(template)
    header = template.read_bytes()[: -2 * 1440]
    template.unlink()
    pixels = np.random.default_rng(1)
    for number in range(N_FRAMES):
        night, minute = divmod(number, N_PER_NIGHT)
        taken = FIRST + timedelta(days=night, minutes=3 * minute)
        stamp = taken.replace(tzinfo=None).isoformat(timespec="milliseconds")
        content = pixels.normal(1000, 5, 1440).astype(">i2").tobytes()
        path = folder / f"{night:03d}" / f"{number:05d}_backlog.fits"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(header.replace(mark.encode(), stamp.encode()) + content)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[LiveSite]:
    raw = tmp_path / "raw"
    raw.mkdir()
    made = LiveSite(GSP_RAW_DIRS=str(raw)).start()
    yield made
    made.clean_up()


def test_ten_thousand_frames_at_once(
    site: LiveSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backlog = tmp_path / "backlog"
    backlog.mkdir()
    write_backlog(backlog)
    start = datetime.now(UTC) - timedelta(minutes=2)
    (fresh,) = simulate_night(
        tmp_path / "fresh", seed=2, n_bias=0, n_flat=0, n_science=1, start=start
    )[:1]
    began = time.monotonic()
    os.rename(backlog, tmp_path / "raw" / "backlog")

    def n_indexed() -> int:
        return int(site.rows("SELECT count(*) FROM file WHERE data_type = 0")[0][0])

    until(lambda: n_indexed() > N_FRAMES / 5, 300, "a fifth is indexed")
    dropped = time.monotonic()
    os.rename(fresh, tmp_path / "raw" / fresh.name)
    query = "SELECT id FROM file WHERE file_name = ?"
    (file_id,) = until(lambda: site.rows(query, fresh.name), 60, "the fresh frame is indexed")[0]
    indexed = time.monotonic() - dropped
    query = "SELECT state FROM run WHERE file_id = ? AND state IN ('done', 'failed')"
    until(lambda: site.rows(query, file_id), 60, "the fresh frame is reduced")
    reduced = time.monotonic() - dropped
    n_before = n_indexed()
    until(lambda: n_indexed() == N_FRAMES + 1, 600, "all are indexed")
    total = time.monotonic() - began
    arrivals = site.rows("SELECT outcome, count(*) FROM arrival GROUP BY outcome")
    with capsys.disabled():
        print(f"\n{N_FRAMES} frames at once: indexed in {total:.0f} s ({N_FRAMES / total:.0f}/s)")
        print(f"  a fresh one among them: indexed {indexed:.2f} s, reduced {reduced:.2f} s")
        print(f"  ({n_before} of the others had been indexed by then)")
    assert arrivals == [("indexed", N_FRAMES + 1)]
    assert n_before < N_FRAMES, "the fresh frame came too late to tell"
    assert total < 300
    assert reduced < 60
