"""Mail: what is to be sent, kept until it is."""

# ruff: noqa: D101, ARG001 (what the table means is said in db.models; the runner gives both)

from __future__ import annotations

from typing import Any

from peewee import AutoField, CharField, DateTimeField, IntegerField, Model, TextField


class Mail(Model):
    id = AutoField()
    recipient = CharField(254)
    reply_to = CharField(254)
    subject = CharField(200)
    text = TextField()
    state = CharField(8)
    attempts = IntegerField()
    problem = TextField()
    created = DateTimeField()
    due = DateTimeField()

    class Meta:
        legacy_table_names = False
        indexes = ((("state", "due"), False),)


def up(migrator: Any, db: Any) -> None:
    """Create the table."""
    with db.bind_ctx([Mail]):
        db.create_tables([Mail])


def down(migrator: Any, db: Any) -> None:
    """Drop the table."""
    with db.bind_ctx([Mail]):
        db.drop_tables([Mail])
