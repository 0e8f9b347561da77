"""Sky-subtracted frames may be stored; the extraction type that nobody chose is the new default.

Settings are stored whole when one of them is changed, so that a proposal may hold the former
default ``fractional`` although nobody selected it. It is removed unless a change of the settings
selected it.
"""

# ruff: noqa: D103 (the runner calls them)

from __future__ import annotations

import json
from typing import Any

SECTION, NAME, FORMER = "extract", "extraction_type", "fractional"
BEFORE, AFTER = "data_type BETWEEN 0 AND 5", "data_type BETWEEN 0 AND 6"


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001 (the runner gives both)
    _allow(db, BEFORE, AFTER)
    _follow_default(db)


def down(migrator: Any, db: Any) -> None:  # noqa: ARG001 (the runner gives both)
    db.execute_sql("DELETE FROM file WHERE data_type = 6")
    _allow(db, AFTER, BEFORE)
    _former_default(db)


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


def _follow_default(db: Any) -> None:
    selected = {
        int(proposal)
        for proposal, before, after in db.execute_sql(
            "SELECT proposal_id, before, after FROM settings_change"
        ).fetchall()
        if _type(before) != _type(after)
    }
    for number, stored in db.execute_sql("SELECT id, settings FROM proposal").fetchall():
        settings = _json(stored)
        if number in selected or settings.get(SECTION, {}).get(NAME) != FORMER:
            continue
        del settings[SECTION][NAME]
        db.execute_sql(
            f"UPDATE proposal SET settings = {db.param} WHERE id = {db.param}",
            [json.dumps(settings), number],
        )


def _former_default(db: Any) -> None:
    for number, stored in db.execute_sql("SELECT id, settings FROM proposal").fetchall():
        settings = _json(stored)
        if settings.get(SECTION) and NAME not in settings[SECTION]:
            settings[SECTION][NAME] = FORMER
            db.execute_sql(
                f"UPDATE proposal SET settings = {db.param} WHERE id = {db.param}",
                [json.dumps(settings), number],
            )


def _type(stored: Any) -> str:
    return str(_json(stored).get(SECTION, {}).get(NAME, FORMER))


def _json(value: Any) -> dict[str, Any]:
    return dict(json.loads(value) if isinstance(value, str) else value or {})
