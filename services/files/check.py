"""The invariants of data and database: what must hold after anything has gone wrong."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

from peewee import SqliteDatabase, fn

from db import database
from db.models import File, Ingredient, Run
from reduction.frames import DataType
from services.context import site
from services.files.file_integrity import sha256
from services.files.ingredients import Role
from services.files.products import temporary_dir
from services.runs.claiming import has_no_heartbeat
from services.runs.lifecycle import RunState

SILENT = dt.timedelta(seconds=30)
YOUNG_S = 600.0
"""A product file without a row may be one whose row is being committed, or is made again."""


def breaches() -> list[str]:
    """Return a sentence for everything that should not be; empty when all is well."""
    return [
        *_database(),
        *_products(),
        *_lineage(),
        *_raw_once(),
        *_leftovers(),
        *_runs(),
    ]


def _database() -> Iterator[str]:
    if not isinstance(getattr(database, "obj", database), SqliteDatabase):
        return
    for (verdict,) in database.execute_sql("PRAGMA integrity_check").fetchall():
        if verdict != "ok":
            yield f"database: {verdict}"
    for table, row, *_ in database.execute_sql("PRAGMA foreign_key_check").fetchall():
        yield f"database: row {row} of {table} points to a row that does not exist"


def _products() -> Iterator[str]:
    made = File.select().where(File.data_type != DataType.RAW).order_by(File.id)
    for file in made.iterator():
        path = Path(file.full_path)
        if not path.is_file():
            yield f"{file.file_name} (file {file.id}) is missing on disk"
        elif sha256(path) != file.checksum:
            yield f"{file.file_name} (file {file.id}) has other bytes than when it was made"


def _lineage() -> Iterator[str]:
    made = (File.data_type > DataType.MASTER) & (File.parent.is_null() | File.original.is_null())
    lost = (File.data_type == DataType.RAW) & (File.original.is_null() | (File.original != File.id))
    for file in File.select().where(made | lost):
        yield f"{file.file_name} (file {file.id}) has no parent"
    members = Ingredient.select(Ingredient.product).where(Ingredient.role == Role.MEMBER)
    masters = File.select().where(File.data_type == DataType.MASTER, File.id.not_in(members))
    for master in masters:
        yield f"{master.file_name} (file {master.id}) has no members"


def _raw_once() -> Iterator[str]:
    raw = File.select(File.checksum, fn.COUNT(File.id).alias("n_rows"))
    raw = raw.where(File.data_type == DataType.RAW).group_by(File.checksum)
    for checksum, n_rows in raw.having(fn.COUNT(File.id) > 1).tuples():
        yield f"{n_rows} raw files have the same content ({checksum[:12]}…)"


def _leftovers() -> Iterator[str]:
    root = site().products_dir
    if not root.is_dir():
        return
    running = {
        f"{run_id}-{attempt}"
        for run_id, attempt in Run.select(Run.id, Run.attempt)
        .where(Run.state == RunState.RUNNING)
        .tuples()
    }
    known = {path for (path,) in File.select(File.full_path).tuples()}
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        if path.parent == temporary_dir():
            if path.stem.rpartition("-")[0] not in running:
                yield f"{path.name} was left behind by an attempt that has ended"
        elif str(path) not in known and time.time() - path.stat().st_mtime > YOUNG_S:
            yield f"{path.relative_to(root)} belongs to no row"


def _runs() -> Iterator[str]:
    for run in Run.select().where(has_no_heartbeat(SILENT)):
        yield f"run {run.id} ({run.block}) is running without a heartbeat"
    for run in Run.select().where(Run.state == "waiting", Run.notice.is_null()):
        yield f"run {run.id} ({run.block}) waits for nothing"
    orphaned = Run.select().where(Run.state.not_in(list(RunState)))
    for run in orphaned:
        yield f"run {run.id} has the unknown state {run.state}"
