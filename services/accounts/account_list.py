"""Accounts as staff sees them: the lines of the list, suggestions, and the details of one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from peewee import ModelSelect

from db.models import Mail, User
from services import access
from services.access import Action
from services.accounts import partners
from services.errors import NotFound
from services.paging import Page, paginate_within

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account in staff's list.

    Attributes
    ----------
    last_login : datetime.datetime or None
        UTC; None before the first login.
    """

    id: int
    username: str
    full_name: str
    email: str
    partner: str
    is_staff: bool
    is_superuser: bool
    is_active: bool
    has_password: bool
    last_login: dt.datetime | None


@dataclass(frozen=True, slots=True)
class SentMail:
    """The newest message to an account; `state` is ``queued``, ``sent`` or ``failed``."""

    subject: str
    created: dt.datetime
    state: str
    problem: str


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """An account on its own page."""

    line: AccountLine
    first_name: str
    last_name: str
    created: dt.datetime
    last_mail: SentMail | None

    @property
    def label(self) -> str:
        """The person as a PI field holds it."""
        return label(self.line.full_name, self.line.email)


def line_of(row: User) -> AccountLine:
    """Return the line of an account."""
    return AccountLine(
        id=row.id,
        username=row.username,
        full_name=row.full_name,
        email=row.email,
        partner=row.partner or partners.OTHER,
        is_staff=row.is_staff,
        is_superuser=row.is_superuser,
        is_active=row.is_active,
        has_password=bool(row.password_hash),
        last_login=row.last_login,
    )


def label(full_name: str, email: str) -> str:
    """Return a person as ``Name <address>``, which `services.accounts.accounts.named` reads."""
    return f"{full_name} <{email}>"


def _matching(text: str) -> ModelSelect:
    query = User.select()
    for word in text.replace("\x00", "").split():
        query = query.where(
            User.first_name.contains(word)
            | User.last_name.contains(word)
            | User.username.contains(word)
            | User.email.contains(word)
        )
    return query.order_by(User.last_name, User.first_name, User.username)


def page(
    user: User, text: str = "", page: int = 1, page_size: int = PAGE_SIZE
) -> Page[AccountLine]:
    """Return a page of the accounts, ordered by last name.

    Parameters
    ----------
    user : User
        Who asks; staff.
    text : str
        Words, each of which is part of a name, the username or the address.
    page : int
        From 1; a page beyond the last is the last.
    page_size : int
        Lines per page.

    Raises
    ------
    AccessDenied
        The person is not staff.
    """
    access.require_site(user, Action.MANAGE)
    found = paginate_within(_matching(text), page, page_size)
    return replace(found, rows=[line_of(row) for row in found.rows])


def suggest(user: User, text: str, limit: int = 8) -> list[str]:
    """Return the labels of the first active accounts that match some typed characters."""
    access.require_site(user, Action.MANAGE)
    if not text.strip():
        return []
    matching = _matching(text).where(User.is_active).limit(limit)
    return [label(row.full_name, row.email) for row in matching]


def get(user: User, user_id: int) -> AccountDetails:
    """Return the details of an account.

    Raises
    ------
    NotFound
        There is no such account.
    AccessDenied
        The person is not staff.
    """
    access.require_site(user, Action.MANAGE)
    row = User.get_or_none(User.id == user_id)
    if row is None:
        raise NotFound("No such account.")
    mail = Mail.select().where(Mail.recipient == row.email).order_by(Mail.id.desc()).first()
    return AccountDetails(
        line=line_of(row),
        first_name=row.first_name,
        last_name=row.last_name,
        created=row.date_joined,
        last_mail=mail and SentMail(mail.subject, mail.created, mail.state, mail.problem),
    )
