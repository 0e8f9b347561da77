"""Browser sessions and API tokens: which account a request belongs to."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from dataclasses import dataclass

from db import clock, database
from db.models import Session, Token, User, utc_now
from services import events
from services.accounts import rate_limit
from services.errors import NotFound
from services.unit_of_work import transaction

LIFE = dt.timedelta(days=14)
"""A cookie that is not renewed for this long is no longer accepted."""
_KEPT = 2 * LIFE
_KEY_BYTES = 32
_KEY = re.compile(r"[\w-]{43}", re.ASCII)
_BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("Android", r"Android"),
    ("iOS", r"iPhone|iPad"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux|X11"),
)


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session as its owner sees it."""

    id: int
    browser: str
    created: dt.datetime
    seen: dt.datetime
    is_this: bool


def _key_hash(key: str) -> str:
    # A key holds 256 random bits, so a fast hash is as safe as a slow one.
    return hashlib.sha256(key.encode()).hexdigest()


def is_key(text: str) -> bool:
    """Return whether a text has the form of a token, or of the key of a session or link."""
    return _KEY.fullmatch(text) is not None


# --- API tokens -------------------------------------------------------------------------------


def renew_token(user: User) -> str:
    """Create a new API token; the previous one no longer works.

    Returns
    -------
    str
        The token. Only its hash is stored, so it cannot be shown again.
    """
    token = secrets.token_urlsafe(_KEY_BYTES)
    with database.atomic():
        Token.delete().where(Token.user == user).execute()
        Token.create(user=user, key_hash=_key_hash(token))
    return token


def has_token(user: User) -> bool:
    """Return whether an account has an API token."""
    return bool(Token.select().where(Token.user == user).exists())


def user_for_token(token: str) -> User | None:
    """Return the active owner of an API token."""
    query = Token.select(Token, User).join(User)
    row = query.where(Token.key_hash == _key_hash(token), User.is_active).get_or_none()
    return row.user if row else None


# --- sessions ---------------------------------------------------------------------------------


def start(user: User, *, browser: str = "", address: str = "") -> str:
    """Start the session of a browser.

    It is not valid if the account's sessions were ended since `user` was read.

    Parameters
    ----------
    user : User
        The account, as it was read when the password was checked.
    browser : str
        ``User-Agent`` of the browser.
    address : str
        Its network address.

    Returns
    -------
    str
        The key for the cookie. Only its hash is stored.
    """
    key = secrets.token_urlsafe(_KEY_BYTES)
    with database.atomic():
        _forget_old()
        Session.create(
            user=user,
            key_hash=_key_hash(key),
            version=user.session_version,
            browser=browser_name(browser),
            place=rate_limit.place(user.id, address) if address else "",
        )
    return key


def _forget_old() -> None:
    Session.delete().where(Session.seen < utc_now() - _KEPT).execute()


def browser_name(agent: str) -> str:
    """Return browser and system of a ``User-Agent`` header, as far as they are known."""
    browser = next((name for name, mark in _BROWSERS if re.search(mark, agent[:500])), "")
    system = next((name for name, mark in _SYSTEMS if re.search(mark, agent[:500])), "")
    return " on ".join(filter(None, (browser or "Browser", system)))


def user_for_session(key: str) -> User | None:
    """Return the active account of a session, None when the session is no longer valid."""
    row = (
        Session.select(Session, User)
        .join(User)
        .where(
            Session.key_hash == _key_hash(key),
            Session.version == User.session_version,
            User.is_active,
        )
        .get_or_none()
    )
    return row.user if row else None


def keep_alive(key: str) -> None:
    """Record that a session was used today."""
    seen = clock.now_expression()
    Session.update(seen=seen).where(Session.key_hash == _key_hash(key)).execute()


def of_person(user: User, key: str) -> list[SessionLine]:
    """Return the valid sessions of an account, that of `key` first, then the newest."""
    mine = _key_hash(key)
    rows = Session.select().where(
        Session.user == user,
        Session.version == user.session_version,
        Session.seen >= utc_now() - LIFE,
    )
    lines = [
        SessionLine(row.id, row.browser, row.created, row.seen, row.key_hash == mine)
        for row in rows.order_by(Session.id.desc())
    ]
    return sorted(lines, key=lambda line: not line.is_this)


def end(user: User, key: str) -> None:
    """End the session of one browser with its event streams; a copy of its cookie is worthless."""
    _end(user, Session.key_hash == _key_hash(key))


def end_of_id(user: User, session_id: int) -> None:
    """End one of a person's own sessions.

    Raises
    ------
    NotFound
        It is not a session of this person, or has ended.
    """
    if not _end(user, Session.id == session_id):
        raise NotFound("This session has ended already.")


def _end(user: User, which: object) -> int:
    with transaction() as work:
        ended = int(Session.delete().where((Session.user == user) & which).execute())
        if ended:
            # Wakes the event streams, which then find their session ended.
            work.events.append(events.record("access-changed", person=user))
    return ended


def end_sessions(user: User) -> None:
    """Sign a person out in every browser; the API token remains valid."""
    with transaction() as work:
        revoke(user)
        work.events.append(events.record("access-changed", person=user))


def revoke(user: User, *, token: bool = False) -> None:
    """End all sessions of an account in the current transaction, and its API token if asked."""
    User.update(session_version=User.session_version + 1).where(User.id == user.id).execute()
    Session.delete().where(Session.user == user).execute()
    if token:
        Token.delete().where(Token.user == user).execute()
    user.session_version = User.get_by_id(user.id).session_version
