"""Sessions as rows, each of which can be ended; requests for a link that the mailer answers."""

# ruff: noqa: D101 (what the tables mean is said in db.models)

from __future__ import annotations

from typing import Any

from peewee import AutoField, CharField, DateTimeField, ForeignKeyField, IntegerField, Model


class Table(Model):
    id = AutoField()

    class Meta:
        legacy_table_names = False


class User(Table):
    pass


class Session(Table):
    user = ForeignKeyField(User, on_delete="CASCADE")
    key_hash = CharField(64, unique=True)
    version = IntegerField()
    browser = CharField(80)
    place = CharField(64)
    created = DateTimeField()
    seen = DateTimeField()


def up(migrator: Any, db: Any) -> None:
    """Create the table and the column."""
    with db.bind_ctx([User, Session]):
        db.create_tables([Session])
    migrator.migrate(migrator.add_column("mail", "asked_for", CharField(254, null=True)))


def down(migrator: Any, db: Any) -> None:
    """Drop both."""
    migrator.migrate(migrator.drop_column("mail", "asked_for"))
    with db.bind_ctx([Session]):
        db.drop_tables([Session])
