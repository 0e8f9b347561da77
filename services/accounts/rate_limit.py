"""Counts of attempts: logins, and requests for a link to set a password.

The rows are in the database, so that all web processes share them and a restart forgets none. They
are compared and written in one step: requests at the same time cannot pass a limit together.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from peewee import PostgresqlDatabase

from db import clock, database
from db.models import LoginFailure
from services.errors import TooManyAttempts

MAX_ATTEMPTS = 5
MAX_OF_ADDRESS = 20
"""Failed logins from one address, over all accounts."""
WINDOW = dt.timedelta(minutes=15)
TOO_MANY = "Too many failed attempts. Try again in {} minutes."


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter and the attempts that it allows in `WINDOW`; `most` None: it never refuses."""

    key: str
    most: int | None = MAX_ATTEMPTS


def key(*parts: str) -> str:
    """Return the key of a counter: a hash, so that no name or address is stored."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def block(address: str) -> str:
    """Return the network whose failures are counted together: an IPv4 address, an IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def place(account: int, address: str) -> str:
    """Return the hash by which it is known that an account was used from a network."""
    return key("place", str(account), block(address))


def count(*counters: Counter, refusal: str = TOO_MANY) -> list[int]:
    """Count an attempt with each counter, before anything else is checked, or refuse it.

    Parameters
    ----------
    *counters : Counter
        Each has its own limit.
    refusal : str
        The message, with a place for the number of minutes.

    Returns
    -------
    list of int
        The rows of this attempt, for `forget`.

    Raises
    ------
    TooManyAttempts
        A counter has reached its limit within 15 minutes. The attempt is not counted then.
    """
    _refuse(counters, refusal)  # who is refused anyway never waits for the lock of the database
    with database.atomic():
        _lock(counters)
        _refuse(counters, refusal)
        now = clock.now()
        LoginFailure.delete().where(LoginFailure.at < now - WINDOW).execute()
        return [LoginFailure.create(key=counter.key, at=now).id for counter in counters]


def _lock(counters: Sequence[Counter]) -> None:
    """Let one transaction at a time use these counters; SQLite has one writer anyway."""
    if isinstance(database.obj, PostgresqlDatabase):
        for name in sorted(counter.key for counter in counters):
            number = int.from_bytes(bytes.fromhex(name)[:8], "big", signed=True)
            database.execute_sql("SELECT pg_advisory_xact_lock(%s)", [number])


def _refuse(counters: Sequence[Counter], refusal: str) -> None:
    now = clock.now()
    wait = max(_wait(counter, now) for counter in counters)
    if wait:
        raise TooManyAttempts(refusal.format(-(-wait // 60)), retry_after=wait)


def _wait(counter: Counter, now: dt.datetime) -> int:
    """Return the seconds until the next attempt is allowed; 0 when it is allowed now."""
    if counter.most is None:
        return 0
    mine = (LoginFailure.key == counter.key) & (LoginFailure.at >= now - WINDOW)
    newest = LoginFailure.select(LoginFailure.at).where(mine).order_by(LoginFailure.at.desc())
    times = [row.at for row in newest.limit(counter.most)]
    if len(times) < counter.most:
        return 0
    return max(1, int((min(times) + WINDOW - now).total_seconds()) + 1)


def attempts(counter: Counter) -> int:
    """Return how many attempts a counter has within 15 minutes."""
    recent = LoginFailure.at >= clock.now() - WINDOW
    return int(LoginFailure.select().where(LoginFailure.key == counter.key, recent).count())


def forget(rows: Iterable[int]) -> None:
    """Take back an attempt that was no failure."""
    LoginFailure.delete().where(LoginFailure.id.in_(list(rows))).execute()


def reset(counter: Counter) -> None:
    """Clear a counter after a successful attempt."""
    LoginFailure.delete().where(LoginFailure.key == counter.key).execute()
