"""The own account: what the user page shows, and changes of names, partner and password."""

from __future__ import annotations

from dataclasses import dataclass

from db.models import User
from services.accounts import accounts, partners, sessions, visual_options
from services.errors import NotAuthenticated, Unacceptable

WRONG_OLD = "The old password is incorrect."
DIFFERENT = "The two passwords do not match."
UNCHANGED = "The new password is the same as the old one."


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as its owner sees it."""

    username: str
    first_name: str
    last_name: str
    email: str
    partner: str
    visual: visual_options.VisualOptions
    has_token: bool


def of(user: User) -> Profile:
    """Return a person's own account."""
    return Profile(
        username=user.username,
        first_name=user.first_name,
        last_name=user.last_name,
        email=user.email,
        partner=user.partner or partners.OTHER,
        visual=visual_options.of(user),
        has_token=sessions.has_token(user),
    )


def edit(user: User, *, first_name: str, last_name: str, partner: str) -> None:
    """Save a person's names and partner.

    Raises
    ------
    Unacceptable
        A name is too long or contains characters that cannot be printed, or the partner is not
        in the list; `field` names the input.
    """
    user.first_name = accounts.tidy_name(first_name, "first_name")
    user.last_name = accounts.tidy_name(last_name, "last_name")
    user.partner = partners.check(partner)
    user.save(only=[User.first_name, User.last_name, User.partner])


def change_password(user: User, old: str, new: str, confirmation: str, address: str) -> None:
    """Set a new password; end all sessions of the account and revoke its API token.

    A wrong old password counts as a failed login from `address`, so an open session cannot be used
    to guess the password.

    Parameters
    ----------
    user : User
        The account.
    old, new, confirmation : str
        As typed.
    address : str
        Network address of the client.

    Raises
    ------
    Unacceptable
        The old password is wrong, the new ones differ, or rules are violated. `field` names the
        input; `detail` lists the messages of the rules.
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
