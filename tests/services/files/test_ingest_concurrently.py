"""Several processes at once: each raw frame once, each run once."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections import Counter
from pathlib import Path

import pytest
from peewee import Database

import db
from db.models import Arrival, File, Run
from services.calibration import master_selection
from services.context import Site
from services.files import ingest
from services.monitoring import check
from services.runs import claiming, execution
from tests.support import builders

N_FRAMES = 12
N_PROCESSES = 3


def _work(folder: Path, number: int) -> None:
    """Ingest everything, each process from another end, then do what is due."""
    if not db.database.is_closed():
        db.database.close()
    with db.database.connection_context():
        paths = sorted(folder.glob("*.fits"))
        for path in paths[number * 4 :] + paths[: number * 4]:
            ingest.ingest(path)
        while (run := claiming.claim(f"worker {number}")) is not None:
            execution.execute(run)


def test_each_frame_and_each_run_once(
    site: Site, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))
    folder = site.raw_roots[0]
    for i in range(N_FRAMES):
        builders.write_frame(folder / f"{i:04d}.fits", "BIAS" if i < 4 else "OBJECT")
    database.close()
    context = multiprocessing.get_context("fork")
    with builders.small_blocks():
        workers = [context.Process(target=_work, args=(folder, i)) for i in range(N_PROCESSES)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        assert [worker.exitcode for worker in workers] == [0] * N_PROCESSES
        database.connect()
        builders.drain()
    raw = File.select().where(File.data_type == 0)
    assert raw.count() == N_FRAMES == Arrival.select().count()
    assert {run.state for run in Run.select()} <= {"done", "waiting"}
    made = Counter(file.original_id for file in File.select().where(File.data_type == 3))
    assert made == {file.id: 1 for file in raw.where(File.kind == "spectrum")}
    assert File.select().where(File.data_type == 1, File.state == "current").count() == 1
    assert check.violations() == []
