"""Passwords: hashing and the four rules, worded as in the manual."""

from __future__ import annotations

import gzip
import os
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.errors import Unavailable

COMMON_PASSWORDS = Path(__file__).with_name("data") / "common-passwords.txt.gz"
MAX_LENGTH = 4096
MIN_LENGTH = 8
MAX_SIMILARITY = 0.7

TOO_SIMILAR = "Your password can't be too similar to your other personal information."
TOO_SHORT = "Your password must contain at least 8 characters."
TOO_COMMON = "Your password can't be a commonly used password."
ALL_DIGITS = "Your password can't be entirely numeric."
REQUIREMENTS = (
    "Can't be similar to your other personal information",
    "Must contain at least 8 characters",
    "Can't be a commonly used password",
    "Can't be entirely numeric",
)
"""The rules as they are listed beside a field for a new password."""

MAX_HASHING = max(1, min(4, os.cpu_count() or 1))
"""Hashes computed at a time in a process: each takes 64 MiB and a processor."""
MAX_WAITING = 8 * MAX_HASHING
PATIENCE_S = 3.0
BUSY = "Too many people are signing in at this moment. Try again in a few seconds."
RETRY_AFTER_S = 5

_hasher = PasswordHasher()
_queue = threading.BoundedSemaphore(MAX_HASHING + MAX_WAITING)
_slots = threading.BoundedSemaphore(MAX_HASHING)


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for a turn to hash; who would wait too long is refused at once or after `PATIENCE_S`.

    Raises
    ------
    Unavailable
        Nothing was hashed.
    """
    if not _queue.acquire(blocking=False):
        raise Unavailable(BUSY, retry_after=RETRY_AFTER_S)
    try:
        if not _slots.acquire(timeout=PATIENCE_S):
            raise Unavailable(BUSY, retry_after=RETRY_AFTER_S)
        try:
            yield
        finally:
            _slots.release()
    finally:
        _queue.release()


@cache
def common_passwords() -> frozenset[str]:
    """Return the published list of common passwords (see ``services/accounts/data/NOTICE``)."""
    with gzip.open(COMMON_PASSWORDS, "rt", encoding="utf-8") as lines:
        return frozenset(line.strip() for line in lines)


def _similar(password: str, value: str) -> bool:
    """Return whether a password is at least 70 % similar to a value or one of its words."""
    for part in (*re.split(r"\W+", value), value):
        if not part:
            continue
        # The ratio cannot reach the limit when the lengths differ too much.
        if 2 * min(len(part), len(password)) < MAX_SIMILARITY * (len(part) + len(password)):
            continue
        if SequenceMatcher(a=password, b=part).quick_ratio() >= MAX_SIMILARITY:
            return True
    return False


def broken_rules(password: str, personal: Iterable[str]) -> list[str]:
    """Return the messages of the rules that a password violates, in the order of the manual.

    Parameters
    ----------
    password : str
        The password to check.
    personal : iterable of str
        Username, names and e-mail address of its owner.
    """
    folded = password.lower()
    broken = []
    if any(_similar(folded, value.lower()) for value in personal):
        broken.append(TOO_SIMILAR)
    if len(password) < MIN_LENGTH:
        broken.append(TOO_SHORT)
    if folded.strip() in common_passwords():
        broken.append(TOO_COMMON)
    if password.isdigit():
        broken.append(ALL_DIGITS)
    return broken


def hashed(password: str) -> str:
    """Return the argon2id hash to store.

    Raises
    ------
    Unavailable
        Too many passwords are being hashed at this moment.
    """
    with _turn():
        return _hasher.hash(password)


@cache
def _dummy_hash() -> str:
    return _hasher.hash("no account has this password")


def matches(password: str, stored: str) -> bool:
    """Return whether a password matches a stored hash; without a hash it takes the same time.

    Raises
    ------
    Unavailable
        Too many passwords are being hashed at this moment.
    """
    try:
        with _turn():
            _hasher.verify(stored or _dummy_hash(), password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)
