"""Links to set a password, partners, and whose link a mail holds."""

# ruff: noqa: D101, D103 (what the tables mean is said in db.models; the runner calls the functions)

from __future__ import annotations

from typing import Any

from peewee import AutoField, CharField, DateTimeField, ForeignKeyField, IntegerField, Model


class User(Model):
    id = AutoField()

    class Meta:
        legacy_table_names = False


class PasswordLink(Model):
    id = AutoField()
    user = ForeignKeyField(User, on_delete="CASCADE")
    key_hash = CharField(64, unique=True)
    expires = DateTimeField(index=True)

    class Meta:
        legacy_table_names = False


class Partner(Model):
    id = AutoField()
    name = CharField(80, unique=True)

    class Meta:
        legacy_table_names = False


def up(migrator: Any, db: Any) -> None:
    with db.bind_ctx([User, PasswordLink, Partner]):
        db.create_tables([PasswordLink, Partner])
    migrator.migrate(migrator.add_column("mail", "account_id", IntegerField(null=True)))


def down(migrator: Any, db: Any) -> None:
    migrator.migrate(migrator.drop_column("mail", "account_id"))
    with db.bind_ctx([User, PasswordLink, Partner]):
        db.drop_tables([PasswordLink, Partner])
