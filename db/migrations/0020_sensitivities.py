"""Sensitivities may be stored: calibrations for everybody, as masters are."""

# ruff: noqa: D103 (the runner calls them)

from __future__ import annotations

from typing import Any

BEFORE, AFTER = "data_type BETWEEN 0 AND 6", "data_type BETWEEN 0 AND 7"


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001 (the runner gives both)
    _allow(db, BEFORE, AFTER)


def down(migrator: Any, db: Any) -> None:  # noqa: ARG001 (the runner gives both)
    db.execute_sql("DELETE FROM file WHERE data_type = 7")
    _allow(db, AFTER, BEFORE)


def _allow(db: Any, old: str, new: str) -> None:
    """Replace the check of the stage of a file."""
    if db.param != "?":  # PostgreSQL
        db.execute_sql("ALTER TABLE file DROP CONSTRAINT IF EXISTS file_data_type_check")
        db.execute_sql(f"ALTER TABLE file ADD CONSTRAINT file_data_type_check CHECK ({new})")
        return
    # The stored rows do not change with a wider check (sqlite.org/lang_altertable.html, 7).
    [(version,)] = db.execute_sql("PRAGMA schema_version").fetchall()
    db.execute_sql("PRAGMA writable_schema = ON")
    db.execute_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'file'",
        [old, new],
    )
    db.execute_sql(f"PRAGMA schema_version = {version + 1}")
    db.execute_sql("PRAGMA writable_schema = OFF")
