"""The history of a proposal's reduction settings; events that concern one person."""

# ruff: noqa: D101 (what the tables mean is said in db.models)

from __future__ import annotations

from typing import Any

from peewee import AutoField, DateTimeField, ForeignKeyField, IntegerField, JSONField, Model


class Table(Model):
    id = AutoField()

    class Meta:
        legacy_table_names = False


class User(Table):
    pass


class Proposal(Table):
    pass


class SettingsChange(Table):
    proposal = ForeignKeyField(Proposal, on_delete="CASCADE")
    user = ForeignKeyField(User, null=True, on_delete="SET NULL")
    created = DateTimeField()
    before = JSONField()
    after = JSONField()
    restored = DateTimeField(null=True)

    class Meta:
        indexes = ((("proposal", "id"), False),)


def up(migrator: Any, db: Any) -> None:
    """Create the table and the column."""
    with db.bind_ctx([User, Proposal, SettingsChange]):
        db.create_tables([SettingsChange])
    migrator.migrate(migrator.add_column("event", "person", IntegerField(null=True)))


def down(migrator: Any, db: Any) -> None:
    """Drop both."""
    migrator.migrate(migrator.drop_column("event", "person"))
    with db.bind_ctx([SettingsChange]):
        db.drop_tables([SettingsChange])
