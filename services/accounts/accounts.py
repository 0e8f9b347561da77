"""Accounts: creation, lookup by name or address, login, passwords."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from peewee import IntegrityError

from db import database
from db.models import PasswordLink, User, utc_now
from services import events
from services.accounts import login_attempts, passwords, sessions
from services.errors import Conflict, NotAuthenticated, NotFound, Unacceptable, Unavailable
from services.unit_of_work import transaction

WRONG_CREDENTIALS = "Wrong username or password."
ADDRESS_TAKEN = "This address cannot be added. Ask the observatory's staff."

_EMAIL = re.compile(r"[^@\s,;<>\"\x00-\x1f]+@[^@\s,;<>\"\x00-\x1f]+\.[^@\s,;<>\"\x00-\x1f]+")
_USERNAME = re.compile(r"[\w.@+-]{1,150}")
_LONGEST_NAME = 150


def fold(text: str) -> str:
    """Return a username or e-mail address as it is stored and compared."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def tidy_name(value: str, field: str) -> str:
    """Return a first or last name without redundant spaces.

    Raises
    ------
    Unacceptable
        It is longer than 150 characters or contains characters that cannot be printed.
    """
    value = " ".join(value.split())
    if len(value) > _LONGEST_NAME or not value.isprintable():
        raise Unacceptable(f"Enter at most {_LONGEST_NAME} printable characters.", field=field)
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
    """Create an account and its API token.

    The token is returned once; only its hash is stored. Without a password no login is possible
    until one is set.

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
            "Use letters, digits and . @ + - _ only, at most 150 characters.", field="username"
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
            raise Conflict(f"An account with this {field} already exists.", field=field)
    try:
        with database.atomic():
            user.save(force_insert=True)
            return user, sessions.renew_token(user)
    except IntegrityError as error:
        raise Conflict("An account with this username or address already exists.") from error


def check_email(email: str) -> None:
    """Check the form of an e-mail address.

    Raises
    ------
    Unacceptable
        It is not an e-mail address.
    """
    email = fold(email)
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise Unacceptable("This is not a valid e-mail address.", field="email")


def free_email(email: str, owner: User) -> str:
    """Return the new address of an account as it is stored.

    Raises
    ------
    Unacceptable
        It is not an e-mail address.
    Conflict
        It belongs to another account.
    """
    email = fold(email)
    check_email(email)
    other = find(email)
    if other is not None and other.id != owner.id:
        raise Conflict("An account with this email already exists.", field="email")
    return email


def at_address(email: str, *, first_name: str = "", last_name: str = "") -> tuple[User, bool]:
    """Return the account of an e-mail address; create it when there is none.

    A new account has the address as username and no password. Concurrent calls create one account.

    Returns
    -------
    User
        The account.
    bool
        Whether it was created by this call.

    Raises
    ------
    Unacceptable
        It is not an e-mail address, or the username of an account with another address.
    """
    check_email(email)
    known = by_email(email)
    if known is not None:
        return known, False
    username = re.sub(r"[^\w.@+-]", "_", fold(email))[:150]
    try:
        account, _ = create_user(
            username=username, email=email, first_name=first_name, last_name=last_name
        )
    except Conflict as error:  # another process created it meanwhile
        known = by_email(email)
        if known is None:  # it is the username of an account with another address
            raise Unacceptable(ADDRESS_TAKEN, field="email") from error
        return known, False
    return account, True


def find(name: str) -> User | None:
    """Return the account with this username or e-mail address."""
    name = fold(name)
    if "\x00" in name:  # PostgreSQL does not store this character
        return None
    return User.get_or_none((User.username == name) | (User.email == name))


def by_email(email: str) -> User | None:
    """Return the account with this e-mail address; a username leads to nobody."""
    email = fold(email)
    return None if "\x00" in email else User.get_or_none(User.email == email)


def named(text: str) -> User | None:
    """Return the account that a typed ``Name <address>``, address or username refers to."""
    start, _, rest = text.strip().rpartition("<")
    return find(rest.removesuffix(">") if start else text)


def authenticate(name: str, password: str, address: str) -> User:
    """Return the active account of a username (or e-mail address) and password.

    Parameters
    ----------
    name, password : str
        As typed.
    address : str
        Network address of the client; see `login_attempts` for what is counted.

    Raises
    ------
    NotAuthenticated
        With the same message, after the same work, for an unknown name, a wrong password and a
        deactivated account.
    TooManyAttempts
        After 5 failures within 15 minutes, or 20 from the address over all accounts.
    Unavailable
        Too many passwords are being checked at this moment.
    """
    user = find(name)
    attempt = login_attempts.begin(user, fold(name), address)
    try:
        right = passwords.matches(password, user.password_hash if user else "")
    except Unavailable:
        attempt.not_made()
        raise
    if user is None or not right or not user.is_active:
        raise NotAuthenticated(WRONG_CREDENTIALS)
    with database.atomic():
        attempt.succeeded()
        User.update(last_login=utc_now()).where(User.id == user.id).execute()
    return User.get_by_id(user.id)


def check_password_rules(password: str, user: User) -> list[str]:
    """Return the messages of the password rules that `password` violates for this person."""
    personal = (user.username, user.first_name, user.last_name, user.email)
    return passwords.broken_rules(password, personal)


def _check_password(password: str, user: User) -> None:
    if len(password) > passwords.MAX_LENGTH:
        raise Unacceptable(f"Enter at most {passwords.MAX_LENGTH} characters.", field="password")
    broken = check_password_rules(password, user)
    if broken:
        raise Unacceptable(" ".join(broken), field="password", detail=broken)


def set_password(user: User, password: str, *, link: PasswordLink | None = None) -> None:
    """Set a password that satisfies the four rules; end the account's sessions, token and links.

    Parameters
    ----------
    user : User
        The account.
    password : str
        The new password.
    link : PasswordLink, optional
        The link that authorises the change. It works once, so it must still exist.

    Raises
    ------
    Unacceptable
        Rules are violated; `detail` lists their messages.
    NotFound
        The link was used in the meantime.
    """
    _check_password(password, user)
    hashed = passwords.hashed(password)  # deliberately slow: outside the transaction
    with transaction() as work:
        links = PasswordLink.delete().where(PasswordLink.user == user)
        if link is not None and not links.where(PasswordLink.id == link.id).execute():
            raise NotFound("This link was already used.")
        links.execute()
        user.password_hash = hashed
        user.save(only=[User.password_hash])
        sessions.revoke(user, token=True)
        work.events.append(events.record("access-changed", person=user))


def as_dict(user: User) -> dict[str, Any]:
    """Return an account as a serialized proposal contains it."""
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
