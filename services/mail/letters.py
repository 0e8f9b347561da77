"""Automatic messages: invitations and notifications, queued in the transaction of the change."""

from __future__ import annotations

from collections.abc import Sequence

from db import database
from db.models import Mail, Proposal, User
from services.accounts import accounts, password_links, rate_limit
from services.accounts.rate_limit import Counter
from services.context import site
from services.errors import TooManyAttempts, Unacceptable
from services.mail import outbox

ABOUT = "GSP Live, the live reduction of the Goodman spectrograph at SOAR"
LINK_RULE = "The link works once and expires after 3 days."
FORGOT_SUBJECT = "Set your password in GSP Live"
TOO_MANY = "Too many requests. Try again in {} minutes."


def welcome(
    person: User, inviter: User | None = None, *, collaborates: Proposal | None = None
) -> None:
    """Invite the owner of a new account, with the link to set a password."""
    if collaborates is not None and inviter is not None:
        why = (
            f"{inviter.full_name} has made you a collaborator of the observing proposal "
            f"{collaborates.soar_id} in {ABOUT}."
        )
    else:
        why = f"You have an account in {ABOUT}."
    text = (
        f"{_hello(person)}\n\n{why}\n\n"
        f"Your username is {person.username}. Set your password here:\n\n{outbox.LINK}\n\n"
        f"{LINK_RULE} Request a new one at {site().base_url}{password_links.FORGOT}.\n\n"
        "Please don't share your credentials. If you did not expect this message, you can "
        "ignore it."
    )
    reply_to = inviter.email if inviter else ""
    outbox.write([person], "Your account in GSP Live", text, reply_to=reply_to, with_link=True)


def register_pi(person: User, soar_ids: Sequence[str]) -> None:
    """Inform a PI of registered proposals, with the link if the account has no password."""
    listed = "\n".join(f"- {soar_id}" for soar_id in soar_ids)
    text = (
        f"{_hello(person)}\n\nYou are the principal investigator of these observing proposals in "
        f"{ABOUT}:\n\n{listed}\n\n"
    )
    if person.password_hash:
        text += f"Their data are at {site().base_url} as they are taken."
    else:
        text += (
            f"Your username is {person.username}. Set your password here:\n\n{outbox.LINK}\n\n"
            f"{LINK_RULE} Request a new one at {site().base_url}{password_links.FORGOT}.\n\n"
            "You can add your collaborators yourself, so please don't share your credentials."
        )
    outbox.write([person], "Your proposals in GSP Live", text, with_link=not person.password_hash)


def collaborate(person: User, proposal: Proposal, inviter: User) -> None:
    """Inform a new collaborator, with the link if the account has no password."""
    if not person.password_hash:
        welcome(person, inviter, collaborates=proposal)
        return
    title = f" ({_line(proposal.title)})" if proposal.title else ""
    text = (
        f"{_hello(person)}\n\n{inviter.full_name} has made you a collaborator of the observing "
        f"proposal {proposal.soar_id}{title} in {ABOUT}.\n\nIts data are at {site().base_url}."
    )
    subject = f"You collaborate in {_line(proposal.soar_id)}"
    outbox.write([person], subject, text, reply_to=inviter.email)


def forgot(name: str, address: str) -> None:
    """Request a link for the owner of a username or e-mail address, if there is one.

    Neither the answer nor its timing reveals whether the account exists: it is looked up by the
    process that sends mail (`answer_requests`).

    Parameters
    ----------
    name : str
        As typed.
    address : str
        Network address of the client.

    Raises
    ------
    Unacceptable
        The name is empty.
    TooManyAttempts
        More than five times within 15 minutes from this address.
    """
    name = accounts.fold(name).replace("\x00", "")
    if not name:
        raise Unacceptable("Enter your username or e-mail address.", field="name")
    asked = rate_limit.key("forgot from", rate_limit.block(address))
    rate_limit.count(Counter(asked), refusal=TOO_MANY)
    Mail.create(recipient="", subject=FORGOT_SUBJECT, text="", asked_for=name[:254])


def answer_requests(limit: int = 100) -> int:
    """Turn requested links into messages; return how many.

    A request without an active account is deleted. An account gets five links within 15 minutes at
    most, whoever asked for them: nobody else can be kept from requesting one.
    """
    answered = 0
    for row in list(Mail.select().where(Mail.asked_for.is_null(False)).limit(limit)):
        with database.atomic():
            found = accounts.find(row.asked_for)
            if found is not None and found.is_active and _may_have_another(found):
                _turn_into_message(row, found)
                answered += 1
            else:
                row.delete_instance()
    return answered


def _turn_into_message(row: Mail, person: User) -> None:
    text = (
        f"{_hello(person)}\n\nA link to set a new password was requested for "
        f"the account {person.username} in {ABOUT}:\n\n{outbox.LINK}\n\n{LINK_RULE} If you did "
        "not request it, ignore this message; your password is not changed."
    )
    Mail.update(recipient=person.email, text=text, account_id=person.id, asked_for=None).where(
        Mail.id == row.id
    ).execute()


def _may_have_another(person: User) -> bool:
    """Count the links sent to an account; return whether another one may be sent."""
    try:
        rate_limit.count(Counter(rate_limit.key("mailed to", str(person.id))))
    except TooManyAttempts:
        return False
    return True


def _hello(person: User) -> str:
    return f"Hello {person.first_name}," if person.first_name else "Hello,"


def _line(text: str) -> str:
    """Return a text as one line for a header."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:120]
