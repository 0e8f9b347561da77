"""A database of an older release may store sensitivities after its upgrade, and not before."""

from __future__ import annotations

import importlib.util

import pytest
from peewee import IntegrityError, SqliteDatabase

from db import MIGRATIONS


def test_the_new_stage_may_be_stored() -> None:
    spec = importlib.util.spec_from_file_location("step", MIGRATIONS / "0020_sensitivities.py")
    assert spec is not None and spec.loader is not None
    step = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(step)
    db = SqliteDatabase(":memory:")
    db.execute_sql("CREATE TABLE file (data_type INTEGER, CHECK (data_type BETWEEN 0 AND 6))")
    with pytest.raises(IntegrityError):
        db.execute_sql("INSERT INTO file VALUES (7)")
    step.up(None, db)
    db.execute_sql("INSERT INTO file VALUES (7)")
    with pytest.raises(IntegrityError):
        db.execute_sql("INSERT INTO file VALUES (8)")
    step.down(None, db)
    assert db.execute_sql("SELECT count(*) FROM file").fetchone() == (0,)
    with pytest.raises(IntegrityError):
        db.execute_sql("INSERT INTO file VALUES (7)")
