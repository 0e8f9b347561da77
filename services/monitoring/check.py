"""The invariants of data and database, which hold after any failure."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from peewee import SqliteDatabase, fn

from db import database
from db.models import File, Ingredient, Run
from reduction.errors import ReductionError
from reduction.fits import frame_io
from reduction.fits.examination import product_marks
from reduction.frames import DataType
from services import access
from services.context import site
from services.files.file_integrity import sha256
from services.files.ingredients import Role
from services.files.products import temporary_dir
from services.runs.claiming import has_no_heartbeat
from services.runs.lifecycle import RunState

SILENT = dt.timedelta(seconds=30)
YOUNG_S = 600.0
"""A product file without a row may be one whose row is being committed, or is made again."""


class Invariant(Enum):
    """An invariant; its value is the sentence about a subject that violates it."""

    DATABASE_INTACT = "database: {detail}"
    REFERENCES_RESOLVE = "database: {subject} points to a row that does not exist"
    PRODUCT_ON_DISK = "{subject} is missing on disk"
    PRODUCT_UNCHANGED = "{subject} has other bytes than when it was made"
    HAS_PARENT = "{subject} has no parent"
    HAS_MEMBERS = "{subject} has no members"
    HAS_STANDARD = "{subject} has no standard star"
    RAW_IS_NO_PRODUCT = "{subject} is indexed as raw but is a product ({detail})"
    RAW_ONCE = "{subject} have the same content ({detail})"
    ATTEMPT_UNDER_WAY = "{subject} was left behind by an attempt that has ended"
    FILE_HAS_ROW = "{subject} belongs to no row"
    RUN_HAS_HEARTBEAT = "{subject} is running without a heartbeat"
    RUN_WAITS_FOR_SOMETHING = "{subject} waits for nothing"
    RUN_STATE_KNOWN = "{subject} has the unknown state {detail}"


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of an invariant by a file, a row or a run."""

    invariant: Invariant
    subject: str
    detail: str = ""

    def __str__(self) -> str:
        return self.invariant.value.format(subject=self.subject, detail=self.detail)


def violations() -> list[Violation]:
    """Return every violation of an invariant."""
    return [
        *_database(),
        *_products(),
        *_lineage(),
        *_raw_once(),
        *_products_as_raw(),
        *_leftovers(),
        *_runs(),
    ]


def _database() -> Iterator[Violation]:
    if not isinstance(getattr(database, "obj", database), SqliteDatabase):
        return
    for (verdict,) in database.execute_sql("PRAGMA integrity_check").fetchall():
        if verdict != "ok":
            yield Violation(Invariant.DATABASE_INTACT, "database", str(verdict))
    for table, row, *_ in database.execute_sql("PRAGMA foreign_key_check").fetchall():
        yield Violation(Invariant.REFERENCES_RESOLVE, f"row {row} of {table}")


def _products() -> Iterator[Violation]:
    products = File.select().where(File.data_type != DataType.RAW).order_by(File.id)
    for file in products.iterator():
        path = Path(file.full_path)
        if not path.is_file():
            yield Violation(Invariant.PRODUCT_ON_DISK, _named(file))
        elif sha256(path) != file.checksum:
            yield Violation(Invariant.PRODUCT_UNCHANGED, _named(file))


def _named(file: File) -> str:
    return f"{file.file_name} (file {file.id})"


def _lineage() -> Iterator[Violation]:
    incomplete = File.parent.is_null() | File.original.is_null()
    derived = (File.data_type > DataType.MASTER) & ~access.shared() & incomplete
    raw = (File.data_type == DataType.RAW) & (File.original.is_null() | (File.original != File.id))
    for file in File.select().where(derived | raw):
        yield Violation(Invariant.HAS_PARENT, _named(file))
    for kind, role, invariant in (
        (DataType.MASTER, Role.MEMBER, Invariant.HAS_MEMBERS),
        (DataType.SENSITIVITY, Role.STANDARD, Invariant.HAS_STANDARD),
    ):
        having = Ingredient.select(Ingredient.product).where(Ingredient.role == role)
        for file in File.select().where(File.data_type == kind, File.id.not_in(having)):
            yield Violation(invariant, _named(file))


def _raw_once() -> Iterator[Violation]:
    raw = File.select(File.checksum, fn.COUNT(File.id).alias("n_rows"))
    raw = raw.where(File.data_type == DataType.RAW).group_by(File.checksum)
    for checksum, n_rows in raw.having(fn.COUNT(File.id) > 1).tuples():
        yield Violation(Invariant.RAW_ONCE, f"{n_rows} raw files", f"{checksum[:12]}…")


def _products_as_raw() -> Iterator[Violation]:
    for file in File.select().where(File.data_type == DataType.RAW).order_by(File.id).iterator():
        path = Path(file.full_path)
        try:
            _, shape = frame_io.read_header(path)
            every = [header for _, header in frame_io.read_all_headers(path)]
        except (ReductionError, OSError):
            continue  # gone or damaged: what uses it says so
        mark = product_marks.find(every, shape)
        if mark is not None:
            yield Violation(Invariant.RAW_IS_NO_PRODUCT, _named(file), f"{mark.keyword} card")


def _leftovers() -> Iterator[Violation]:
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
                yield Violation(Invariant.ATTEMPT_UNDER_WAY, path.name)
        elif str(path) not in known and time.time() - path.stat().st_mtime > YOUNG_S:
            yield Violation(Invariant.FILE_HAS_ROW, str(path.relative_to(root)))


def _runs() -> Iterator[Violation]:
    for run in Run.select().where(has_no_heartbeat(SILENT)):
        yield Violation(Invariant.RUN_HAS_HEARTBEAT, f"run {run.id} ({run.block})")
    for run in Run.select().where(Run.state == RunState.WAITING, Run.notice.is_null()):
        yield Violation(Invariant.RUN_WAITS_FOR_SOMETHING, f"run {run.id} ({run.block})")
    orphaned = Run.select().where(Run.state.not_in(list(RunState)))
    for run in orphaned:
        yield Violation(Invariant.RUN_STATE_KNOWN, f"run {run.id}", run.state)
