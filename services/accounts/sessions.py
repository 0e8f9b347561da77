"""Browser sessions and API tokens: which account a request belongs to."""

from __future__ import annotations

import hashlib
import re
import secrets

from db import database
from db.models import Token, User


def _token_hash(token: str) -> str:
    # A token holds 256 random bits, so a fast hash is as safe as a slow one.
    return hashlib.sha256(token.encode()).hexdigest()


def renew_token(user: User) -> str:
    """Create a new API token; the previous one no longer works.

    Returns
    -------
    str
        The token. Only its hash is stored, so it cannot be shown again.
    """
    token = secrets.token_urlsafe(32)
    with database.atomic():
        Token.delete().where(Token.user == user).execute()
        Token.create(user=user, key_hash=_token_hash(token))
    return token


def user_for_token(token: str) -> User | None:
    """Return the active owner of an API token."""
    query = Token.select(Token, User).join(User)
    row = query.where(Token.key_hash == _token_hash(token), User.is_active).get_or_none()
    return row.user if row else None


def session_id(user: User) -> str:
    """Return the identifier that a browser session stores; a password change invalidates it."""
    return f"{user.id}:{user.session_version}"


def user_for_session(session_id: str) -> User | None:
    """Return the active account of a session, None when the session is no longer valid."""
    match = re.fullmatch(r"(\d{1,9}):(\d{1,9})", session_id)
    if match is None:
        return None
    user = User.get_or_none(User.id == int(match[1]))
    valid = user is not None and user.is_active and user.session_version == int(match[2])
    return user if valid else None


def end_sessions(user: User) -> None:
    """Sign a person out in every browser; the API token remains valid."""
    User.update(session_version=User.session_version + 1).where(User.id == user.id).execute()
    user.session_version = User.get_by_id(user.id).session_version
