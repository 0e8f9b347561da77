"""What staff does with accounts: make, find, change, switch off and on, send the link again."""

from __future__ import annotations

from peewee import ModelSelect

from db.models import Event, Mail, PasswordLink, User
from services import access, events, logs
from services.access import Action
from services.accounts import accounts, partners
from services.errors import AccessDenied, NotFound, Unacceptable
from services.mail import letters
from services.paging import Page, paginate_within
from services.unit_of_work import transaction

PAGE_SIZE = 25
STAFF_BY_SUPERUSER = "Staff users can only be made by a superuser."
NOT_YOUR_OWN = "You can't do this to your own account."
SUPERUSERS_ONLY = "Only a superuser may change the account of a superuser."


def create(
    user: User,
    *,
    username: str,
    email: str,
    first_name: str = "",
    last_name: str = "",
    partner: str = "",
    staff: bool = False,
) -> User:
    """Make an account, and mail the link to set its password.

    Raises
    ------
    Unacceptable, Conflict
        As `accounts.create_user`; or the partner is not in the list.
    AccessDenied
        One is not staff, or makes staff without being a superuser.
    """
    access.require_site(user, Action.MANAGE)
    if staff:
        access.require_site(user, Action.MAKE_STAFF)
    with transaction() as effects:
        made, _ = accounts.create_user(
            username=username,
            email=email,
            first_name=first_name,
            last_name=last_name,
            partner=partners.check(partner),
            staff=staff,
        )
        letters.welcome(made, user)
        kind = "a staff account" if staff else "an account"
        said = f"{user.full_name} made {kind} for {made.full_name} ({made.email})."
        effects.events.append(logs.write("info", said))
    return made


def _found(text: str) -> ModelSelect:
    query = User.select()
    for word in text.replace("\x00", "").split():
        query = query.where(
            User.first_name.contains(word)
            | User.last_name.contains(word)
            | User.username.contains(word)
            | User.email.contains(word)
        )
    return query.order_by(User.last_name, User.first_name, User.username)


def page(user: User, text: str = "", page: int = 1, page_size: int = PAGE_SIZE) -> Page:
    """Return a page of the accounts, by last name.

    Parameters
    ----------
    text : str
        Words; each of them is part of a name, of the username or of the address.
    page : int
        One beyond the last is the last.
    """
    access.require_site(user, Action.MANAGE)
    return paginate_within(_found(text), page, page_size)


def suggest(user: User, text: str, limit: int = 8) -> list[User]:
    """Return the first active accounts that a few typed characters may mean."""
    access.require_site(user, Action.MANAGE)
    if not text.strip():
        return []
    return list(_found(text).where(User.is_active).limit(limit))


def named(text: str) -> User | None:
    """Return the account that a typed ``Name <address>``, address or username means."""
    start, _, rest = text.strip().rpartition("<")
    return accounts.find(rest.removesuffix(">") if start else text)


def label(person: User) -> str:
    """Return a person as it is offered: ``Name <address>``, which `named` reads."""
    return f"{person.full_name} <{person.email}>"


def get(user: User, user_id: int) -> User:
    """Return an account."""
    access.require_site(user, Action.MANAGE)
    person = User.get_or_none(User.id == user_id)
    if person is None:
        raise NotFound("There is no such account.")
    return person


def _changeable(user: User, user_id: int) -> User:
    person = get(user, user_id)
    if person.is_superuser and not access.may(user, Action.MAKE_STAFF):
        # Else staff could take it over by giving it another address.
        raise AccessDenied(SUPERUSERS_ONLY)
    return person


def last_mail(user: User, user_id: int) -> Mail | None:
    """Return the newest message to a person: whether it went out, and what was wrong."""
    person = get(user, user_id)
    mails = Mail.select().where(Mail.recipient == person.email)
    return mails.order_by(Mail.id.desc()).first()


def edit(
    user: User,
    user_id: int,
    *,
    first_name: str,
    last_name: str,
    email: str,
    partner: str,
    staff: bool | None = None,
) -> User:
    """Change an account.

    Parameters
    ----------
    staff : bool, optional
        Whether it is a staff account; a superuser's to say.
    """
    person = _changeable(user, user_id)
    if staff is not None and staff != person.is_staff:
        access.require_site(user, Action.MAKE_STAFF)
        if person.is_superuser:
            raise Unacceptable("A superuser is staff.", field="staff")
        person.is_staff = staff
    person.first_name = accounts.tidy_name(first_name, "first_name")
    person.last_name = accounts.tidy_name(last_name, "last_name")
    person.partner = partners.check(partner)
    with transaction() as effects:
        if accounts.fold(email) != person.email:
            person.email = accounts.free_email(email, person)
            # What was mailed to the old address opens nothing any more.
            PasswordLink.delete().where(PasswordLink.user == person).execute()
        person.save()
        effects.events.append(_access_event(person))
    return person


def switch(user: User, user_id: int, *, active: bool) -> User:
    """Switch an account off, with its sessions, tokens and links, or on again."""
    person = _changeable(user, user_id)
    if person.id == user.id:
        raise Unacceptable(NOT_YOUR_OWN)
    with transaction() as effects:
        User.update(is_active=active).where(User.id == person.id).execute()
        if not active:
            PasswordLink.delete().where(PasswordLink.user == person).execute()
        said = f"{user.full_name} switched the account of {person.full_name} "
        effects.events.append(logs.write("info", said + ("on." if active else "off.")))
        effects.events.append(_access_event(person))
    person.is_active = active
    return person


def resend(user: User, user_id: int) -> User:
    """Mail a new link to set the password."""
    person = _changeable(user, user_id)
    if not person.is_active:
        raise Unacceptable("The account is switched off.")
    with transaction():
        letters.welcome(person, user)
    return person


def _access_event(person: User) -> Event:
    return events.record("access-changed", person=person)
