"""Failures of the database, identified by class and error code, never by their text."""

from __future__ import annotations

import sqlite3
from typing import Final

from peewee import InterfaceError, OperationalError, PeeweeException

DATABASE_UNAVAILABLE: Final = (OperationalError, InterfaceError)
"""The database is locked, unreachable, or closed the connection; the operation may be repeated."""

_SQLITE_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_POSTGRES_LOCK_NOT_AVAILABLE = "55P03"


def is_locked(error: PeeweeException) -> bool:
    """Return whether another process held a lock until the timeout."""
    # Peewee raises its own exception while it handles that of the driver.
    driver = error.__cause__ or error.__context__
    code = getattr(driver, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_LOCKED  # extended codes differ in the higher bytes
    return getattr(driver, "sqlstate", None) == _POSTGRES_LOCK_NOT_AVAILABLE
