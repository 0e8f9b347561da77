"""People: accounts, logins, sessions and API tokens."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from typing import Any

from peewee import IntegrityError

from db import database
from db.models import PasswordLink, Token, User, utc_now
from figures.colormaps import STOPS
from services.accounts import passwords, rate_limit
from services.errors import Conflict, NotAuthenticated, NotFound, Unacceptable

WRONG_CREDENTIALS = "Wrong username or password."

_EMAIL = re.compile(r"[^@\s,;<>\"\x00-\x1f]+@[^@\s,;<>\"\x00-\x1f]+\.[^@\s,;<>\"\x00-\x1f]+")
_USERNAME = re.compile(r"[\w.@+-]{1,150}")
_LONGEST_NAME = 150
COLORMAPS = tuple(STOPS)
_VISUAL = {
    "theme": ("dark", "light"),
    "colormap": COLORMAPS,
    "show_saturated": bool,
    "show_title": bool,
    "follow_newest": bool,
}


def fold(text: str) -> str:
    """Return a username or e-mail address as it is stored and compared."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def tidy_name(value: str, field: str) -> str:
    """Return a first or last name without needless spaces.

    Raises
    ------
    Unacceptable
        It is longer than 150 characters or holds what can't be shown.
    """
    value = " ".join(value.split())
    if len(value) > _LONGEST_NAME or not value.isprintable():
        raise Unacceptable(
            f"A name has at most {_LONGEST_NAME} characters, all of them printable.", field=field
        )
    return value


def create_user(
    *,
    username: str,
    email: str,
    password: str | None = None,
    first_name: str = "",
    last_name: str = "",
    partner: str = "",
    staff: bool = False,
    superuser: bool = False,
) -> tuple[User, str]:
    """Create an account and its API token, which is shown this once and kept as a hash only.

    Without a password nobody can log in until one is set.

    Raises
    ------
    Unacceptable
        The username, address or password breaks a rule; names the field.
    Conflict
        The username or address has an account already.
    """
    username, email = fold(username), fold(email)
    if not _USERNAME.fullmatch(username):
        raise Unacceptable(
            "A username has letters, digits and . @ + - _ only, at most 150.", field="username"
        )
    check_email(email)
    user = User(
        username=username,
        email=email,
        first_name=tidy_name(first_name, "first_name"),
        last_name=tidy_name(last_name, "last_name"),
        partner=partner,
        is_staff=staff or superuser,
        is_superuser=superuser,
    )
    if password is not None:
        _check_password(password, user)
        user.password_hash = passwords.hashed(password)
    for field, value in (("username", username), ("email", email)):
        if find(value) is not None:  # either can be typed at the login
            raise Conflict(f"There is already an account with this {field}.", field=field)
    try:
        with database.atomic():
            user.save(force_insert=True)
            return user, renew_token(user)
    except IntegrityError as error:
        raise Conflict("There is already an account with this username or address.") from error


def check_email(email: str) -> None:
    """Refuse what is no e-mail address."""
    email = fold(email)
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise Unacceptable("This is not an e-mail address.", field="email")


def free_email(email: str, owner: User) -> str:
    """Return an address as it is stored, for an account that is to get it.

    Raises
    ------
    Unacceptable
        It is no e-mail address.
    Conflict
        It is another account's.
    """
    email = fold(email)
    check_email(email)
    other = find(email)
    if other is not None and other.id != owner.id:
        raise Conflict("There is already an account with this email.", field="email")
    return email


def at_address(email: str, *, first_name: str = "", last_name: str = "") -> tuple[User, bool]:
    """Return the account of an e-mail address, and whether it was made now: one, never two.

    A new one is named like its address and has no password yet.

    Raises
    ------
    Unacceptable
        It is no e-mail address.
    """
    known = find(email)
    if known is not None:
        return known, False
    username = re.sub(r"[^\w.@+-]", "_", fold(email))[:150]
    try:
        made, _ = create_user(
            username=username, email=email, first_name=first_name, last_name=last_name
        )
    except Conflict:  # another process was a moment faster
        known = find(email)
        if known is None:
            raise
        return known, False
    return made, True


def find(name: str) -> User | None:
    """Return the account with this username or e-mail address."""
    name = fold(name)
    if "\x00" in name:  # PostgreSQL knows no such text
        return None
    return User.get_or_none((User.username == name) | (User.email == name))


def authenticate(name: str, password: str, address: str) -> User:
    """Return the active account of a username (or e-mail address) and password.

    Parameters
    ----------
    name, password : str
        What was typed.
    address : str
        Network address of whoever typed it: failures are counted per account and address.

    Raises
    ------
    NotAuthenticated
        With the same words, after the same work, for an unknown name, a wrong password and an
        account that is switched off.
    TooManyAttempts
        After 5 failures within 15 minutes.
    """
    key = rate_limit.key(fold(name), address)
    rate_limit.count(key)
    user = find(name)
    right = passwords.matches(password, user.password_hash if user else "")
    if user is None or not right or not user.is_active:
        raise NotAuthenticated(WRONG_CREDENTIALS)
    with database.atomic():
        rate_limit.forget(key)
        User.update(last_login=utc_now()).where(User.id == user.id).execute()
    return User.get_by_id(user.id)


def _token_hash(token: str) -> str:
    # A token holds 256 random bits, so a fast hash is as good as a slow one.
    return hashlib.sha256(token.encode()).hexdigest()


def renew_token(user: User) -> str:
    """Make a new API token; the old one is dead at once."""
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
    """Return what a browser session keeps; a password change makes the older ones void."""
    return f"{user.id}:{user.session_version}"


def user_for_session(session_id: str) -> User | None:
    """Return the active account of a session, None when the session is void."""
    match = re.fullmatch(r"(\d{1,9}):(\d{1,9})", session_id)
    if match is None:
        return None
    user = User.get_or_none(User.id == int(match[1]))
    valid = user is not None and user.is_active and user.session_version == int(match[2])
    return user if valid else None


def check_password_rules(password: str, user: User) -> list[str]:
    """Return the sentences of the password rules that `password` breaks for this person."""
    personal = (user.username, user.first_name, user.last_name, user.email)
    return passwords.broken_rules(password, personal)


def _check_password(password: str, user: User) -> None:
    if len(password) > passwords.MAX_LENGTH:
        raise Unacceptable(
            f"A password has at most {passwords.MAX_LENGTH} characters.", field="password"
        )
    broken = check_password_rules(password, user)
    if broken:
        raise Unacceptable(" ".join(broken), field="password", detail=broken)


def set_password(user: User, password: str, *, link: PasswordLink | None = None) -> None:
    """Set a password that keeps the four rules; sessions and links of the account end.

    Parameters
    ----------
    link : PasswordLink, optional
        What allows it: it must still be there, for it works once.

    Raises
    ------
    Unacceptable
        Rules are broken; `detail` lists their sentences.
    NotFound
        The link was used in the meantime.
    """
    _check_password(password, user)
    hashed = passwords.hashed(password)  # slow on purpose: not inside the transaction
    with database.atomic():
        links = PasswordLink.delete().where(PasswordLink.user == user)
        if link is not None and not links.where(PasswordLink.id == link.id).execute():
            raise NotFound("This link was used already.")
        links.execute()
        user.password_hash = hashed
        user.session_version = User.session_version + 1
        user.save(only=[User.password_hash, User.session_version])
    user.session_version = User.get_by_id(user.id).session_version


def end_sessions(user: User) -> None:
    """Sign a person out everywhere, in every browser; the API token lives on."""
    User.update(session_version=User.session_version + 1).where(User.id == user.id).execute()
    user.session_version = User.get_by_id(user.id).session_version


def save_visual(user: User, **options: Any) -> dict[str, Any]:
    """Save how a person likes pages and images shown; return all options.

    Raises
    ------
    Unacceptable
        An option that does not exist, or a value of the wrong type; names it.
    """
    for name, value in options.items():
        allowed = _VISUAL.get(name)
        if allowed is None:
            raise Unacceptable(f"{name[:40]} is not a visual option.", field=name[:40])
        fits = value in allowed if isinstance(allowed, tuple) else type(value) is allowed
        if not fits or len(str(value)) > 60:
            raise Unacceptable(f"{name} can't be {str(value)[:40]!r}.", field=name)
    user.visual = {**user.visual, **options}
    user.save(only=[User.visual])
    return user.visual


def as_dict(user: User) -> dict[str, Any]:
    """Return a person as a serialized proposal shows one."""
    return {
        "id": user.id,
        "username": user.username,
        "last_login": user.last_login.isoformat() if user.last_login else None,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "is_staff": user.is_staff,
        "is_active": user.is_active,
        "date_joined": user.date_joined.isoformat(),
    }
