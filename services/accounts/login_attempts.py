"""Attempts to log in: what is counted before the password is checked, and who is slowed.

Three counters, so that neither one account nor many can be tried out, and nobody can lock somebody
else out:

* account and address: five failures. Username and e-mail address of an account count as one.
* address, over all accounts: twenty failures.
* account, over all addresses: never refused, only slowed, and not at the places where its owner
  was signed in before.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from db.models import Session, User
from services.accounts import rate_limit
from services.accounts.rate_limit import Counter
from services.errors import Unavailable

SLOW_FROM = 20
"""Failures of an account over all addresses from which on further attempts are delayed."""
DELAY_S = 0.5
MAX_DELAY_S = 4.0
MAX_DELAYED = 4
"""Attempts that are delayed at a time: each occupies a thread of the web server."""
BUSY = "Too many people are signing in at this moment. Try again in a few seconds."
RETRY_AFTER_S = 5

_delayed = threading.BoundedSemaphore(MAX_DELAYED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted as a failure, until it is known to be none."""

    rows: list[int]
    of_account: Counter

    def succeeded(self) -> None:
        """Take the attempt back, and the earlier failures of the account at this address."""
        rate_limit.forget(self.rows)
        rate_limit.reset(self.of_account)

    def not_made(self) -> None:
        """Take the attempt back: no password was checked."""
        rate_limit.forget(self.rows)


def begin(user: User | None, name: str, address: str) -> Attempt:
    """Count an attempt; slow it down if the account is being tried from many addresses.

    Parameters
    ----------
    user : User or None
        The account that `name` belongs to.
    name : str
        As typed, folded.
    address : str
        Network address of the client.

    Raises
    ------
    TooManyAttempts
        Too many failures of the account at this address, or of the address.
    Unavailable
        Too many attempts are delayed at this moment.
    """
    who = f"account {user.id}" if user is not None else f"name {name}"
    network = rate_limit.block(address)
    of_account = Counter(rate_limit.key("login", who, network))
    of_address = Counter(rate_limit.key("login from", network), rate_limit.MAX_OF_ADDRESS)
    everywhere = Counter(rate_limit.key("login to", who), None)
    attempt = Attempt(rate_limit.count(of_account, of_address, everywhere), of_account)
    excess = rate_limit.attempts(everywhere) - SLOW_FROM
    if excess > 0 and not _is_known_place(user, address):
        _delay(attempt, min(MAX_DELAY_S, DELAY_S * excess))
    return attempt


def _is_known_place(user: User | None, address: str) -> bool:
    if user is None:
        return False
    place = rate_limit.place(user.id, address)
    return bool(Session.select().where(Session.user == user, Session.place == place).exists())


def _delay(attempt: Attempt, seconds: float) -> None:
    if not _delayed.acquire(blocking=False):
        attempt.not_made()
        raise Unavailable(BUSY, retry_after=RETRY_AFTER_S)
    try:
        time.sleep(seconds)
    finally:
        _delayed.release()
