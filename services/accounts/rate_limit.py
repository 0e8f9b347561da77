"""Rate limit of logins and of requests for a link to set a password."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress

from db import database
from db.models import LoginFailure, utc_now
from services.errors import TooManyAttempts

MAX_ATTEMPTS = 5
WINDOW = dt.timedelta(minutes=15)
TOO_MANY = "Too many failed attempts. Try again in {} minutes."


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


def count(*keys: str, refusal: str = TOO_MANY) -> None:
    """Count an attempt under each key, before anything else is checked; refuse the sixth.

    Parameters
    ----------
    *keys : str
        As returned by `key`.
    refusal : str
        The message, with a place for the number of minutes.

    Raises
    ------
    TooManyAttempts
        One of the keys has five attempts within 15 minutes. The attempt is not counted then.
    """
    now = utc_now()
    with database.atomic():
        LoginFailure.delete().where(LoginFailure.at < now - WINDOW).execute()
        wait = max(_wait(counter, now) for counter in keys)
        if not wait:
            for counter in keys:
                LoginFailure.create(key=counter, at=now)
    if wait:
        raise TooManyAttempts(refusal.format(-(-wait // 60)), retry_after=wait)


def _wait(counter: str, now: dt.datetime) -> int:
    """Return the seconds until the next attempt is allowed; 0 when it is allowed now."""
    times = [row.at for row in LoginFailure.select().where(LoginFailure.key == counter)]
    if len(times) < MAX_ATTEMPTS:
        return 0
    return max(1, int((min(times) + WINDOW - now).total_seconds()) + 1)


def reset(counter: str) -> None:
    """Clear a counter after a successful attempt."""
    LoginFailure.delete().where(LoginFailure.key == counter).execute()
