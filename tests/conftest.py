"""What every room's tests share: a migrated database, and a site whose folders are temporary."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from peewee import Database, PostgresqlDatabase

import db
from db.models import TABLES
from services import context
from services.context import Context, Site
from tests.support.databases import fresh_postgres
from tests.support.notices import replace_sentences

pytest_plugins = [
    "tests.support.arriving_frames",
    "tests.support.browser_window",
    "tests.support.live_site",
    "tests.support.web_site",
]

# No test asserts a duration; continuous integration tries the same examples every time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database", action="store_true", help="run only the tests that use the database"
    )
    parser.addoption(
        "--codes-for-sentences",
        action="store_true",
        help="show code and parameters of a notice, no sentence: only test_notice_text may fail",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--codes-for-sentences"):
        replace_sentences()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--only-database"):
        uses = {"database", "deployment"}
        items[:] = [item for item in items if uses & set(getattr(item, "fixturenames", ()))]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a migrated, empty database: SQLite, or PostgreSQL in a run with a server of it."""
    url = fresh_postgres("rows") or f"sqlite:///{tmp_path_factory.mktemp('migrated') / 'gsp.db'}"
    db.connect(url)
    db.migrate()
    return url


@pytest.fixture
def database(tmp_path: Path, migrated: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A migrated, empty database: a copy of the SQLite one, or the PostgreSQL one emptied."""
    # A test's database need not survive a power cut, and syncing is most of its time.
    monkeypatch.setitem(db.SQLITE_PRAGMAS, "synchronous", "off")
    url = migrated
    if url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path / 'gsp.db'}"
        shutil.copyfile(migrated.removeprefix("sqlite:///"), tmp_path / "gsp.db")
    db.connect(url)
    db.database.connect(reuse_if_open=True)
    if isinstance(db.database.obj, PostgresqlDatabase):
        empty(db.database.obj)
    yield db.database.obj
    if not db.database.is_closed():
        db.database.close()


def empty(database: Database) -> None:
    """Delete all rows and let their ids begin at 1: TRUNCATE takes many times as long."""
    names = [table._meta.table_name for table in reversed(TABLES)]
    with database.atomic():
        for name in names:
            database.execute_sql(f'DELETE FROM "{name}"')
        counters = (f"pg_get_serial_sequence('\"{name}\"', 'id')" for name in names)
        restarted = ", ".join(f"setval({counter}, 1, false)" for counter in counters)
        database.execute_sql(f"SELECT {restarted}")


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
    context.bind(Context(configured))
    yield configured
    context.bind(Context())
