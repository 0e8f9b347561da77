"""Links to set a password: sent by e-mail, valid once and for three days, stored as a hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from db.models import PasswordLink, User, utc_now
from services.accounts import accounts
from services.context import site
from services.errors import NotFound, Unacceptable

LIFE = dt.timedelta(days=3)
PATH = "/password/set/"
FORGOT = "/password/forgot"

INVALID = (
    "This link is not valid: it was already used, is older than 3 days, or is incomplete. "
    "Request a new one."
)
DIFFERENT = "The two passwords do not match."


def _hash(key: str) -> str:
    # A key holds 256 random bits, so a fast hash is as safe as a slow one.
    return hashlib.sha256(key.encode()).hexdigest()


def make(user_id: int) -> str:
    """Create a link for an active account.

    Returns
    -------
    str
        The address, for the message only: it is not stored.

    Raises
    ------
    NotFound
        The account is deactivated.
    """
    if not User.select().where(User.id == user_id, User.is_active).exists():
        raise NotFound("The account is deactivated.")
    key, now = secrets.token_urlsafe(32), utc_now()
    PasswordLink.delete().where(PasswordLink.expires < now).execute()
    PasswordLink.create(user=user_id, key_hash=_hash(key), expires=now + LIFE)
    return f"{site().base_url}{PATH}{key}"


def _find(key: str) -> PasswordLink:
    query = PasswordLink.select(PasswordLink, User).join(User)
    valid = (PasswordLink.key_hash == _hash(key)) & (PasswordLink.expires >= utc_now())
    link = query.where(valid, User.is_active).get_or_none()
    if link is None:
        raise NotFound(INVALID)
    return link


def owner(key: str) -> User:
    """Return the account of a link.

    Raises
    ------
    NotFound
        The link was used, has expired or never existed; or the account is deactivated.
    """
    return _find(key).user


def use(key: str, password: str, confirmation: str) -> User:
    """Set the password of a link's owner; invalidate all links of the account.

    Parameters
    ----------
    key : str
        The last part of the link's address.
    password, confirmation : str
        As typed.

    Returns
    -------
    User
        The account.

    Raises
    ------
    NotFound
        As `owner`.
    Unacceptable
        The two differ, or rules are violated (`detail` lists their messages). The link remains
        valid.
    """
    link = _find(key)
    if password != confirmation:
        raise Unacceptable(DIFFERENT, field="confirmation")
    try:
        accounts.set_password(link.user, password, link=link)
    except NotFound as error:
        raise NotFound(INVALID) from error
    return link.user
