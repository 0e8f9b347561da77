"""Field types that behave the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from typing import Any

from peewee import DateTimeField


class UtcDateTimeField(DateTimeField):
    """An instant. Stored as naive UTC, so that text order is time order; read timezone-aware."""

    def db_value(self, value: Any) -> Any:
        """Return the naive UTC time to store.

        Raises
        ------
        ValueError
            `value` is naive: its time zone is unknown.
        """
        if isinstance(value, dt.datetime):
            if value.tzinfo is None:
                raise ValueError(f"{self.name}: a time without a timezone can't be stored")
            # SQLite compares times as text, so the microseconds are always written.
            value = value.astimezone(dt.UTC).replace(tzinfo=None)
            return value.isoformat(sep=" ", timespec="microseconds")
        return super().db_value(value)

    def python_value(self, value: Any) -> Any:
        """Return an aware UTC datetime."""
        value = super().python_value(value)
        if isinstance(value, dt.datetime) and value.tzinfo is None:
            return value.replace(tzinfo=dt.UTC)
        return value


class InsertionTimeField(UtcDateTimeField):
    """When a row was inserted, by the clock of the database; see `db.models.Table.save`."""
