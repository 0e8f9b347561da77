"""Another process holds the lock of the database: wait a while, say so, lose nothing."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from peewee import Database, SqliteDatabase

import db
from db.models import Event, File, Run
from services import events, unit_of_work
from services.context import Site
from services.errors import Unavailable
from services.files import ingest
from services.runs import claiming, reconciliation
from tests.support import builders


@pytest.fixture
def path(database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    if not isinstance(database, SqliteDatabase):
        pytest.skip("PostgreSQL has no lock of the whole database")
    monkeypatch.setattr(unit_of_work, "BUSY_TIMEOUT_S", 0.2)
    monkeypatch.setattr(unit_of_work, "PATIENCE_S", 0.3)
    db.database.execute_sql("PRAGMA busy_timeout = 200")
    return Path(database.database)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


def test_a_request_is_told_to_come_back_and_nothing_is_done(path: Path) -> None:
    with (
        locked(path),
        pytest.raises(Unavailable) as refusal,
        unit_of_work.transaction(patience=0.3) as after,
    ):
        after.events.append(events.record("log-added", log=1))
    assert refusal.value.retry_after > 0
    assert Event.select().count() == 0
    with unit_of_work.transaction():
        events.record("log-added", log=2)
    assert Event.select().count() == 1


def test_a_worker_waits_until_the_lock_is_free(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.7, other.rollback).start()  # several times the busy timeout
    with unit_of_work.transaction(patience=30):
        events.record("log-added", log=1)
    other.close()
    assert Event.select().count() == 1


@pytest.mark.usefixtures("path")
def test_looking_for_work_takes_no_lock_when_there_is_none(site: Site, path: Path) -> None:
    with builders.small_blocks():
        frame = ingest.ingest(builders.write_frame(site.raw_roots[0] / "s.fits")).file
        builders.drain()
        builders.drain()
        Run.delete().where(Run.state == "waiting").execute()
        with locked(path):
            assert claiming.claim("idle") is None
            assert reconciliation.reconcile() == []
    assert File.get_by_id(frame.id)
