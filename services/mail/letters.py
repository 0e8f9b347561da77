"""What the site writes to people by itself: each letter is queued with the rows it tells of."""

from __future__ import annotations

from collections.abc import Sequence

from db import database
from db.models import LoginFailure, Proposal, User, utc_now
from services.accounts import accounts, password_links, rate_limit
from services.accounts.rate_limit import MAX_ATTEMPTS, WINDOW
from services.errors import Unacceptable
from services.mail import outbox
from services.setup import site

ABOUT = "GSP Live, the live reduction of the Goodman spectrograph at SOAR"
LINK_RULE = "The link works once, and for 3 days."
TOO_MANY = "This was asked for too often; try again in {} minutes."


def welcome(
    person: User, inviter: User | None = None, *, collaborates: Proposal | None = None
) -> None:
    """Tell somebody of the new account, with the link to set its password."""
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
        f"{LINK_RULE} Later, ask for a new one at {site().base_url}{password_links.FORGOT}.\n\n"
        "Please don't share your credentials. If you do not know what this is about, there is "
        "nothing for you to do."
    )
    reply_to = inviter.email if inviter else ""
    outbox.write([person], "Your account in GSP Live", text, reply_to=reply_to, with_link=True)


def register_pi(person: User, soar_ids: Sequence[str]) -> None:
    """Tell a PI of the proposals that were registered, with the link if there is no password."""
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
            f"{LINK_RULE} Later, ask for a new one at {site().base_url}{password_links.FORGOT}.\n\n"
            "You can add your collaborators yourself, so please don't share your credentials."
        )
    outbox.write([person], "Your proposals in GSP Live", text, with_link=not person.password_hash)


def collaborate(person: User, proposal: Proposal, inviter: User) -> None:
    """Tell somebody who was made a collaborator; whoever has no password yet gets the link."""
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
    """Mail a link to whoever has this username or e-mail address, if anybody has.

    Nothing tells whether there is such an account: neither the answer nor the work that is done,
    for a message to nobody is written too and taken back.

    Parameters
    ----------
    name : str
        What was typed.
    address : str
        Network address of whoever typed it.

    Raises
    ------
    Unacceptable
        Nothing was typed.
    TooManyAttempts
        More than five times within 15 minutes, from this address or for this name.
    """
    name = accounts.fold(name).replace("\x00", "")
    if not name:
        raise Unacceptable("Give your username or e-mail address.", field="name")
    asked, wanted = rate_limit.key("forgot from", address), rate_limit.key("forgot", name)
    rate_limit.count(asked, wanted, refusal=TOO_MANY)
    found = accounts.find(name)
    nobody = User(id=0, username=name[:150], email="nobody@invalid.invalid", is_active=True)
    person = found if found is not None and found.is_active else nobody
    with database.atomic() as kept:
        _send_link(person)
        if not _may_have_another(person) or person is nobody:
            kept.rollback()


def _send_link(person: User) -> None:
    text = (
        f"{_hello(person)}\n\nSomebody, probably you, asked for a link to set a new password for "
        f"the account {person.username} in {ABOUT}:\n\n{outbox.LINK}\n\n{LINK_RULE} If it was not "
        "you, there is nothing for you to do: your password stays as it is."
    )
    outbox.write([person], "Set your password in GSP Live", text, with_link=True)


def _may_have_another(person: User) -> bool:
    """Count a mailed link of an account, whatever name it was asked for by."""
    mailed = rate_limit.key("mailed to", str(person.id))
    since = utc_now() - WINDOW
    n = LoginFailure.select().where(LoginFailure.key == mailed, LoginFailure.at >= since).count()
    LoginFailure.create(key=mailed)
    return n < MAX_ATTEMPTS


def _hello(person: User) -> str:
    return f"Hello {person.first_name}," if person.first_name else "Hello,"


def _line(text: str) -> str:
    """Return a text as one line that a header can hold."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:120]
