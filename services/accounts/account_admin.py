"""Administration of accounts by staff: create, edit, deactivate, reactivate, invite again."""

from __future__ import annotations

from db.models import Event, PasswordLink, User
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import access, events, logs
from services.access import Action
from services.accounts import accounts, partners, sessions
from services.accounts.account_list import AccountLine, line_of
from services.errors import AccessDenied, NotFound, Unacceptable
from services.mail import letters
from services.unit_of_work import transaction

STAFF_BY_SUPERUSER = "Only a superuser can create staff accounts."
NOT_YOUR_OWN = "You cannot deactivate your own account."
SUPERUSERS_ONLY = "Only a superuser can change the account of a superuser."


def create(
    user: User,
    *,
    username: str,
    email: str,
    first_name: str = "",
    last_name: str = "",
    partner: str = "",
    staff: bool = False,
) -> AccountLine:
    """Create an account and send the invitation with the link to set a password.

    Raises
    ------
    Unacceptable, Conflict
        As `accounts.create_user`; or the partner is not in the list.
    AccessDenied
        The person is not staff, or creates a staff account without being a superuser.
    """
    access.require_site(user, Action.MANAGE)
    if staff:
        access.require_site(user, Action.MAKE_STAFF)
    with transaction() as work:
        account, _ = accounts.create_user(
            username=username,
            email=email,
            first_name=first_name,
            last_name=last_name,
            partner=partners.check(partner),
            staff=staff,
        )
        letters.welcome(account, user)
        entry = notice(
            NoticeCode.ACCOUNT_CREATED,
            person=user.full_name,
            name=account.full_name,
            email=account.email,
            staff=staff,
        )
        work.events.append(logs.write(entry))
    return line_of(account)


def _changeable(user: User, user_id: int) -> User:
    access.require_site(user, Action.MANAGE)
    account = User.get_or_none(User.id == user_id)
    if account is None:
        raise NotFound("No such account.")
    if account.is_superuser and not access.may(user, Action.MAKE_STAFF):
        # Otherwise staff could take the account over by changing its address.
        raise AccessDenied(SUPERUSERS_ONLY)
    return account


def edit(
    user: User,
    user_id: int,
    *,
    first_name: str,
    last_name: str,
    email: str,
    partner: str,
    staff: bool | None = None,
) -> AccountLine:
    """Change an account.

    Parameters
    ----------
    user : User
        Who asks; staff.
    user_id : int
        The account to change.
    first_name, last_name, email, partner : str
        The new values; all of them are replaced.
    staff : bool, optional
        Whether it is a staff account. Only a superuser can change that.

    Raises
    ------
    Unacceptable, Conflict
        A value is not valid, or the address belongs to another account; `field` names it.
    AccessDenied
        The person may not make this change.
    """
    account = _changeable(user, user_id)
    if staff is not None and staff != account.is_staff:
        access.require_site(user, Action.MAKE_STAFF)
        if account.is_superuser:
            raise Unacceptable("A superuser is always staff.", field="staff")
        account.is_staff = staff
    account.first_name = accounts.tidy_name(first_name, "first_name")
    account.last_name = accounts.tidy_name(last_name, "last_name")
    account.partner = partners.check(partner)
    with transaction() as work:
        if accounts.fold(email) != account.email:
            account.email = accounts.free_email(email, account)
            # Links sent to the previous address must no longer work.
            PasswordLink.delete().where(PasswordLink.user == account).execute()
        account.save()
        work.events.append(_access_event(account))
    return line_of(account)


def set_active(user: User, user_id: int, *, active: bool) -> AccountLine:
    """Deactivate an account and end its sessions, token and links; or reactivate it.

    After a reactivation the person signs in again and creates a new token.

    Raises
    ------
    Unacceptable
        It is the person's own account.
    AccessDenied
        It is a superuser's account and the person is not a superuser.
    """
    account = _changeable(user, user_id)
    if account.id == user.id:
        raise Unacceptable(NOT_YOUR_OWN)
    with transaction() as work:
        User.update(is_active=active).where(User.id == account.id).execute()
        if not active:
            PasswordLink.delete().where(PasswordLink.user == account).execute()
            sessions.revoke(account, token=True)
        code = NoticeCode.ACCOUNT_REACTIVATED if active else NoticeCode.ACCOUNT_DEACTIVATED
        entry = notice(code, person=user.full_name, name=account.full_name)
        work.events.append(logs.write(entry))
        work.events.append(_access_event(account))
    account.is_active = active
    return line_of(account)


def resend(user: User, user_id: int) -> AccountLine:
    """Send a new invitation with a link to set the password.

    Raises
    ------
    Unacceptable
        The account is deactivated.
    """
    account = _changeable(user, user_id)
    if not account.is_active:
        raise Unacceptable("The account is deactivated.")
    with transaction():
        letters.welcome(account, user)
    return line_of(account)


def _access_event(account: User) -> Event:
    return events.record("access-changed", person=account)
