"""The zero points of calibrated spectra."""

# ruff: noqa: D101, ARG001 (what the table means is said in db.models; the runner gives both)

from __future__ import annotations

from typing import Any

from peewee import AutoField, CharField, DateField, DoubleField, ForeignKeyField, Model


class File(Model):
    id = AutoField()

    class Meta:
        legacy_table_names = False


class ZeroPoint(Model):
    id = AutoField()
    file = ForeignKeyField(File, unique=True, on_delete="CASCADE")
    arc = ForeignKeyField(File, backref="+", null=True, on_delete="SET NULL")
    camera = CharField(16)
    night = DateField()
    mask = CharField(60)
    arc_mask = CharField(60)
    source = CharField(12)
    offset = DoubleField(null=True)
    error = DoubleField(null=True)
    evidence = CharField(64, default="")

    class Meta:
        legacy_table_names = False
        indexes = ((("camera", "mask", "night"), False),)


def up(migrator: Any, db: Any) -> None:
    """Create the table."""
    with db.bind_ctx([File, ZeroPoint]):
        db.create_tables([ZeroPoint])


def down(migrator: Any, db: Any) -> None:
    """Drop the table."""
    with db.bind_ctx([File, ZeroPoint]):
        db.drop_tables([ZeroPoint])
