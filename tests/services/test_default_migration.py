"""Proposals that never chose an extraction type follow its new default; a choice is kept."""

from __future__ import annotations

import importlib.util
import json
from types import ModuleType
from typing import Any

import pytest
from peewee import IntegrityError, SqliteDatabase

from db import MIGRATIONS

WHOLE = {"extract": {"extraction_type": "fractional", "max_targets": 3}, "reduce": {}}
OPTIMAL = {"extract": {"extraction_type": "optimal", "max_targets": 3}, "reduce": {}}
OTHER = {"extract": {"extraction_type": "fractional", "max_targets": 5}, "reduce": {}}


@pytest.fixture
def migration() -> ModuleType:
    path = MIGRATIONS / "0019_extraction.py"
    spec = importlib.util.spec_from_file_location("extraction_default", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def database(settings: dict[str, Any], changes: list[tuple[Any, Any]]) -> SqliteDatabase:
    db = SqliteDatabase(":memory:")
    db.execute_sql("CREATE TABLE file (data_type INTEGER, CHECK (data_type BETWEEN 0 AND 5))")
    db.execute_sql("CREATE TABLE proposal (id INTEGER, settings TEXT)")
    db.execute_sql("CREATE TABLE settings_change (proposal_id INTEGER, before TEXT, after TEXT)")
    db.execute_sql("INSERT INTO proposal VALUES (1, ?)", [json.dumps(settings)])
    for before, after in changes:
        db.execute_sql(
            "INSERT INTO settings_change VALUES (1, ?, ?)", [json.dumps(before), json.dumps(after)]
        )
    return db


def stored(db: SqliteDatabase) -> dict[str, Any]:
    [(settings,)] = db.execute_sql("SELECT settings FROM proposal").fetchall()
    return dict(json.loads(settings))


@pytest.mark.parametrize(
    ("settings", "changes", "kept"),
    [
        ({}, [], False),
        (OTHER, [(WHOLE, OTHER)], False),  # another setting was changed
        (OPTIMAL, [(WHOLE, OPTIMAL)], True),
        (WHOLE, [(WHOLE, OPTIMAL), (OPTIMAL, WHOLE)], True),  # returned to it
    ],
)
def test_only_a_choice_is_kept(
    migration: ModuleType,
    settings: dict[str, Any],
    changes: list[tuple[Any, Any]],
    kept: bool,
) -> None:
    db = database(settings, changes)
    migration.up(None, db)
    after = stored(db)
    assert ("extraction_type" in after.get("extract", {})) is kept
    assert {**after.get("extract", {}), "extraction_type": ""} == {
        **settings.get("extract", {}),
        "extraction_type": "",
    }
    db.execute_sql("INSERT INTO file VALUES (6)")
    migration.down(None, db)
    assert stored(db) == settings
    with pytest.raises(IntegrityError):
        db.execute_sql("INSERT INTO file VALUES (6)")
