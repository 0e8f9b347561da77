"""What every room's tests share: a migrated database, and a site whose folders are temporary."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database, PostgresqlDatabase

import db
from db.models import TABLES
from services import dispatch, events, setup
from services.setup import Site


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A migrated, empty database: SQLite, or the PostgreSQL of ``GSP_TEST_DATABASE_URL``."""
    url = os.environ.get("GSP_TEST_DATABASE_URL") or f"sqlite:///{tmp_path / 'gsp.db'}"
    # A test's database need not survive a power cut, and syncing is most of its time.
    monkeypatch.setitem(db.SQLITE_PRAGMAS, "synchronous", "off")
    db.connect(url)
    db.migrate()
    db.database.connect(reuse_if_open=True)
    if isinstance(db.database.obj, PostgresqlDatabase):
        names = ", ".join(f'"{table._meta.table_name}"' for table in TABLES)
        db.database.execute_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    yield db.database.obj
    if not db.database.is_closed():
        db.database.close()


@pytest.fixture
def site(tmp_path: Path, database: Database) -> Iterator[Site]:
    """A site without a queue: its raw root is ``tmp_path / "raw"``."""
    raw = tmp_path / "raw"
    raw.mkdir()
    home = tmp_path / "home"
    configured = Site(
        home=home,
        products_dir=home / "products",
        previews_dir=home / "previews",
        raw_roots=(raw.resolve(),),
    )
    setup.configure(configured)
    dispatch.connect(None)
    events.connect(None)
    yield configured
    setup._Holder.site = None
