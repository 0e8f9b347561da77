"""What people change of their own account: names, partner and password."""

from __future__ import annotations

from db.models import User
from services.accounts import accounts, partners
from services.errors import NotAuthenticated, Unacceptable

WRONG_OLD = "The old password is not right."
DIFFERENT = "The new password and its confirmation are not the same."
UNCHANGED = "The new password is the old one."


def introduce(user: User, *, first_name: str, last_name: str, partner: str) -> None:
    """Save a person's names and partner.

    Raises
    ------
    Unacceptable
        A name is longer than 150 characters or holds what can't be shown, or the partner is not
        in the list; names the field.
    """
    user.first_name = accounts.tidy_name(first_name, "first_name")
    user.last_name = accounts.tidy_name(last_name, "last_name")
    user.partner = partners.check(partner)
    user.save(only=[User.first_name, User.last_name, User.partner])


def change_password(user: User, old: str, new: str, confirmation: str, address: str) -> None:
    """Set a new password; every other session of the account ends.

    Wrong old passwords count as failed logins of `address`, so that an open browser is no way to
    guess one.

    Raises
    ------
    Unacceptable
        The old password is wrong, the new ones differ, or rules are broken: names the field, and
        `detail` lists the rules' sentences.
    TooManyAttempts
        After 5 wrong old passwords within 15 minutes.
    """
    try:
        accounts.authenticate(user.username, old, address)
    except NotAuthenticated as error:
        raise Unacceptable(WRONG_OLD, field="old") from error
    if new != confirmation:
        raise Unacceptable(DIFFERENT, field="confirmation")
    if new == old:
        raise Unacceptable(UNCHANGED, field="password")
    accounts.set_password(user, new)
