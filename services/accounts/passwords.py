"""Passwords: hashing and the four rules, worded as in the manual."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

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

_hasher = PasswordHasher()


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
    """Return the argon2id hash to store."""
    return _hasher.hash(password)


@cache
def _dummy_hash() -> str:
    return _hasher.hash("no account has this password")


def matches(password: str, stored: str) -> bool:
    """Return whether a password matches a stored hash; without a hash it takes the same time."""
    try:
        _hasher.verify(stored or _dummy_hash(), password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)
