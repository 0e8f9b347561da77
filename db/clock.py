"""The clock of the database, which all hosts of a deployment share.

Times that are written by one host and compared by another (heartbeats, arrivals, due times) are
taken from here. The clock of a host may be wrong by minutes without any effect on them.
"""

from __future__ import annotations

import datetime as dt

from peewee import SQL, SqliteDatabase

from db import database

_NO_OFFSET = dt.timedelta(0)


def now_expression(offset: dt.timedelta = _NO_OFFSET) -> SQL:
    """Return the SQL expression of the current instant, in the format of `UtcDateTimeField`.

    It is evaluated when its statement is executed, not when the transaction began.

    Parameters
    ----------
    offset : timedelta
        Added to the current instant; negative for the past.
    """
    seconds = offset.total_seconds()
    if isinstance(database.obj, SqliteDatabase):
        # SQLite counts milliseconds; times are stored, and compared as text, with microseconds.
        shift = f"{seconds:+.6f} seconds"
        return SQL("(strftime('%Y-%m-%d %H:%M:%f', 'now', ?) || '000')", [shift])
    shifted = "((clock_timestamp() AT TIME ZONE 'UTC') + make_interval(secs => %s))"
    return SQL(shifted, [seconds])


def now() -> dt.datetime:
    """Return the current instant by the clock of the database, timezone-aware."""
    expression = now_expression()
    (value,) = database.execute_sql(f"SELECT {expression.sql}", expression.params).fetchone()
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=dt.UTC)
