"""The database: connection, models and migrations."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from peewee import Database, DatabaseProxy, SqliteDatabase
from playhouse.db_url import connect as connect_url
from playhouse.migrations import Runner

database = DatabaseProxy()

MIGRATIONS = Path(__file__).with_name("migrations")

SQLITE_PRAGMAS = {"foreign_keys": 1, "journal_mode": "wal", "synchronous": "full"}
BUSY_TIMEOUT_S = 5
ANALYSED_FROM, ANALYSED_ROWS = 10_000, 1000


def open_database(url: str) -> Database:
    """Return the database of a ``sqlite:///path`` or ``postgresql://`` URL, without binding it.

    SQLite begins every transaction with IMMEDIATE. A deferred transaction that reads and then
    writes fails with "database is locked" when another process has written in between.
    """
    if urlsplit(url).scheme == "sqlite":
        path = url.removeprefix("sqlite:///")
        opened = _Sqlite(
            path, pragmas=SQLITE_PRAGMAS, lock_type="IMMEDIATE", timeout=BUSY_TIMEOUT_S
        )
        for function in (math.sin, math.cos):  # some builds of SQLite lack them
            opened.register_function(_of_number(function), function.__name__, 1)
        return opened
    return connect_url(url, unquote_password=True, unquote_user=True, prefer_psycopg3=True)


class _Sqlite(SqliteDatabase):
    """SQLite, which ends a transaction by itself when its disk fails.

    Peewee would then fail to roll back, and hide the reason.
    """

    def rollback(self) -> None:
        """Roll back, unless there is no transaction any more."""
        if self.connection().in_transaction:
            super().rollback()


def _of_number(function: Callable[[float], float]) -> Callable[[float | None], float | None]:
    return lambda number: None if number is None else function(number)


def connect(url: str) -> None:
    """Bind the models to the database of `url`; connections are opened on demand."""
    database.initialize(open_database(url))


def analyse() -> None:
    """Update the statistics of SQLite's query planner; PostgreSQL does so automatically.

    A sample suffices and takes about 50 ms. Small tables are not analysed, since their statistics
    would mislead the planner after ten thousand frames arrive at once.
    """
    if not isinstance(database.obj, SqliteDatabase):
        return
    (newest,) = database.execute_sql("SELECT max(id) FROM file").fetchone()
    if newest is not None and newest >= ANALYSED_FROM:
        database.execute_sql(f"PRAGMA analysis_limit = {ANALYSED_ROWS}")
        database.execute_sql("ANALYZE")


def is_migrated() -> bool:
    """Return whether every migration has been applied."""
    with database.connection_context():
        return all(
            migration.applied for migration in Runner(database.obj, str(MIGRATIONS)).status()
        )


def migrate() -> list[str]:
    """Apply the numbered migrations that are pending; return their names."""
    with database.connection_context():
        return Runner(database.obj, str(MIGRATIONS)).up()
