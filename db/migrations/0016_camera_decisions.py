"""Decisions of staff on the camera of the frames of a night."""

# ruff: noqa: D101 (what the tables mean is said in db.models)

from __future__ import annotations

from typing import Any

from peewee import AutoField, CharField, DateField, DateTimeField, ForeignKeyField, Model


class Table(Model):
    id = AutoField()

    class Meta:
        legacy_table_names = False


class User(Table):
    pass


class CameraDecision(Table):
    night = DateField()
    readout = CharField(60)
    camera = CharField(16)
    user = ForeignKeyField(User, null=True, on_delete="SET NULL")
    created = DateTimeField()

    class Meta:
        indexes = ((("night", "readout"), True),)


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001 (the runner gives both)
    """Create the table."""
    with db.bind_ctx([User, CameraDecision]):
        db.create_tables([CameraDecision])


def down(migrator: Any, db: Any) -> None:  # noqa: ARG001 (the runner gives both)
    """Drop it."""
    with db.bind_ctx([User, CameraDecision]):
        db.drop_tables([CameraDecision])
