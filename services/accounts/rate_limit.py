"""What may be tried a few times only: logins, and asking for a link to set a password."""

from __future__ import annotations

import datetime as dt
import hashlib

from db import database
from db.models import LoginFailure, utc_now
from services.errors import TooManyAttempts

MOST = 5
WINDOW = dt.timedelta(minutes=15)
TOO_MANY = "Too many failed attempts; try again in {} minutes."


def key(*parts: str) -> str:
    """Return what attempts are counted under: a hash, so that no name or address is kept."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def count(*keys: str, refusal: str = TOO_MANY) -> None:
    """Count an attempt under each key, before anything is looked at; refuse the sixth.

    Raises
    ------
    TooManyAttempts
        One of the keys had five within 15 minutes; nothing more is counted then.
    """
    now = utc_now()
    with database.atomic():
        LoginFailure.delete().where(LoginFailure.at < now - WINDOW).execute()
        wait = max(_wait(one, now) for one in keys)
        if not wait:
            for one in keys:
                LoginFailure.create(key=one, at=now)
    if wait:
        raise TooManyAttempts(refusal.format(-(-wait // 60)), retry_after=wait)


def _wait(one: str, now: dt.datetime) -> int:
    """Return the seconds until another attempt under a key counts; 0: now."""
    times = [row.at for row in LoginFailure.select().where(LoginFailure.key == one)]
    if len(times) < MOST:
        return 0
    return max(1, int((min(times) + WINDOW - now).total_seconds()) + 1)


def forget(one: str) -> None:
    """Forget the attempts under a key: one of them was right."""
    LoginFailure.delete().where(LoginFailure.key == one).execute()
