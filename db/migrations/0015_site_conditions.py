"""Conditions that affect the whole site at present."""

# ruff: noqa: D101, ARG001 (what the table means is said in db.models; the runner gives both)

from __future__ import annotations

from typing import Any

from peewee import AutoField, DateTimeField, JSONField, Model, TextField


class SiteCondition(Model):
    id = AutoField()
    key = TextField(unique=True)
    notice = JSONField()
    began = DateTimeField()

    class Meta:
        legacy_table_names = False


def up(migrator: Any, db: Any) -> None:
    """Create the table."""
    with db.bind_ctx([SiteCondition]):
        db.create_tables([SiteCondition])


def down(migrator: Any, db: Any) -> None:
    """Drop the table."""
    with db.bind_ctx([SiteCondition]):
        db.drop_tables([SiteCondition])
