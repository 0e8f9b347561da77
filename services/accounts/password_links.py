"""Links to set a password: mailed, good for three days and once, never kept in the clear."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from db.models import PasswordLink, User, utc_now
from services.accounts import accounts
from services.errors import NotFound, Unacceptable
from services.setup import site

LIFE = dt.timedelta(days=3)
PATH = "/password/set/"
FORGOT = "/password/forgot"

DEAD = (
    "This link does not work: it was used already, it is older than 3 days, or a part of it is "
    "missing."
)
DIFFERENT = "The password and its confirmation are not the same."


def _hash(key: str) -> str:
    # A key holds 256 random bits, so a fast hash is as good as a slow one.
    return hashlib.sha256(key.encode()).hexdigest()


def make(user_id: int) -> str:
    """Return a new link for an active account; it is told to nobody but its mail.

    Raises
    ------
    NotFound
        The account is switched off.
    """
    if not User.select().where(User.id == user_id, User.is_active).exists():
        raise NotFound("The account is switched off.")
    key, now = secrets.token_urlsafe(32), utc_now()
    PasswordLink.delete().where(PasswordLink.expires < now).execute()
    PasswordLink.create(user=user_id, key_hash=_hash(key), expires=now + LIFE)
    return f"{site().base_url}{PATH}{key}"


def _find(key: str) -> PasswordLink:
    query = PasswordLink.select(PasswordLink, User).join(User)
    alive = (PasswordLink.key_hash == _hash(key)) & (PasswordLink.expires >= utc_now())
    link = query.where(alive, User.is_active).get_or_none()
    if link is None:
        raise NotFound(DEAD)
    return link


def owner(key: str) -> User:
    """Return whose link it is.

    Raises
    ------
    NotFound
        The link was used, is too old, or was never made; or the account is switched off.
    """
    return _find(key).user


def use(key: str, password: str, confirmation: str) -> User:
    """Set the password of a link's owner; the link, and every other one, is spent.

    Raises
    ------
    NotFound
        As `owner`.
    Unacceptable
        The two differ, or rules are broken (`detail` lists their sentences); the link lives on.
    """
    link = _find(key)
    if password != confirmation:
        raise Unacceptable(DIFFERENT, field="confirmation")
    try:
        accounts.set_password(link.user, password, link=link)
    except NotFound as error:
        raise NotFound(DEAD) from error
    return link.user
