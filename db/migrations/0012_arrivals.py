"""Entries of the log that stand for many failures of one kind; former versions of raw frames."""

# ruff: noqa: D101 (what the tables mean is said in db.models)

from __future__ import annotations

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    CharField,
    DateTimeField,
    ForeignKeyField,
    JSONField,
    Model,
)


class Table(Model):
    id = AutoField()

    class Meta:
        legacy_table_names = False


class User(Table):
    pass


class File(Table):
    pass


class FormerVersion(Table):
    file = ForeignKeyField(File, on_delete="CASCADE")
    checksum = CharField(64)
    size = BigIntegerField()
    user = ForeignKeyField(User, null=True, on_delete="SET NULL")
    changes = JSONField()
    created = DateTimeField()


def up(migrator: Any, db: Any) -> None:
    """Create the table, the column and its index."""
    migrator.migrate(migrator.add_column("log_entry", "grouping", CharField(160, default="")))
    db.execute_sql(
        'CREATE INDEX "log_entry_grouping_created" ON "log_entry" ("grouping", "created")'
    )
    with db.bind_ctx([User, File, FormerVersion]):
        db.create_tables([FormerVersion])


def down(migrator: Any, db: Any) -> None:
    """Remove them."""
    with db.bind_ctx([User, File, FormerVersion]):
        db.drop_tables([FormerVersion])
    db.execute_sql('DROP INDEX "log_entry_grouping_created"')
    migrator.migrate(migrator.drop_column("log_entry", "grouping"))
