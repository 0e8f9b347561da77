"""Mail queue: messages are written in the transaction of the change and sent later.

Nothing waits for a mail server: a message is a row, and `deliver` (called every few seconds by the
reconciler's process) sends what is due. Without a server (`Site.smtp_url` None) messages become
``.eml`` files in ``GSP_HOME/outbox``.
"""

from __future__ import annotations

import datetime as dt
import html
import logging
import os
import re
import smtplib
import ssl
from collections.abc import Iterable
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

from db import clock, database
from db.models import Mail, Membership, Proposal, User
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import access, logs
from services.access import Action
from services.accounts import accounts, password_links
from services.context import site
from services.errors import ServiceError, Unacceptable
from services.unit_of_work import transaction

log = logging.getLogger(__name__)

MAX_SUBJECT = 200
MAX_MESSAGE = 20_000
MAX_RECIPIENTS = 500

LINK = "\ue000"
"""Placeholder of the link to set a password; a private-use character."""

TIMEOUT_S = 10
DELAYS = (30, 120, 600, 3600, 4 * 3600, 12 * 3600)
"""Seconds until the next attempt after each failed one: about 17 hours in total."""
LEASE = dt.timedelta(seconds=120)
"""A message is not attempted by another process for this long."""


# --- writing ----------------------------------------------------------------------------------


def write(
    recipients: Iterable[User],
    subject: str,
    message: str,
    *,
    reply_to: str = "",
    with_link: bool = False,
) -> int:
    """Queue a message to each recipient in the current transaction; return their number.

    Parameters
    ----------
    with_link : bool
        Replace `LINK` by the recipient's own link to set a password.

    Raises
    ------
    Unacceptable
        The subject or message is not valid; `field` names it.
    """
    subject = _header(subject, "subject")
    message = message.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not message:
        raise Unacceptable("The message is empty.", field="message")
    if len(message) > MAX_MESSAGE:
        raise Unacceptable(f"Enter at most {MAX_MESSAGE} characters.", field="message")
    people = {user.email: user.id for user in recipients if user.is_active}
    for address, number in sorted(people.items()):
        Mail.create(
            recipient=address,
            reply_to=reply_to,
            subject=subject,
            text=message,
            account_id=number if with_link else None,
        )
    return len(people)


def _header(value: str, field: str) -> str:
    """Return the text of a header; refuse characters that could start another header."""
    if not value.strip():
        raise Unacceptable(f"The {field} is empty.", field=field)
    if any(ord(character) < 32 or character in "\x7f\x85\u2028\u2029" for character in value):
        raise Unacceptable(f"The {field} must be one line without control characters.", field=field)
    if len(value) > MAX_SUBJECT:
        raise Unacceptable(f"Enter at most {MAX_SUBJECT} characters.", field=field)
    return value.strip()


def send(
    user: User,
    subject: str,
    message: str,
    *,
    proposal_id: int | None = None,
    recipients: Iterable[str] | None = None,
) -> int:
    """Send a message of staff to the people of a proposal, or to registered addresses.

    Raises
    ------
    Unacceptable
        Not exactly one of the two is given, an address has no account, or there is no recipient.
    """
    access.require_site(user, Action.SEND_MAIL)
    if (proposal_id is None) == (recipients is None):
        raise Unacceptable("Give either proposal_id or recipients.", field="recipients")
    if proposal_id is not None:
        people = _people_of(access.proposal_for(user, Action.VIEW, proposal_id))
        field = "proposal_id"
    else:
        people, field = _registered(list(recipients or ())), "recipients"
    with database.atomic():
        sent = write(people, subject, message, reply_to=user.email)
    if not sent:
        raise Unacceptable("The message has no recipient.", field=field)
    return sent


def _people_of(proposal: Proposal) -> list[User]:
    members = User.select().join(Membership).where(Membership.proposal == proposal)
    return [*([proposal.pi] if proposal.pi else []), *members]


def _registered(addresses: list[str]) -> list[User]:
    if len(addresses) > MAX_RECIPIENTS:
        raise Unacceptable(f"At most {MAX_RECIPIENTS} recipients.", field="recipients")
    folded = {accounts.fold(address): address for address in addresses}
    people = list(User.select().where(User.email.in_(list(folded))))
    unknown = sorted(folded.keys() - {user.email for user in people})
    if unknown:
        raise Unacceptable(
            "Some recipients have no account.", field="recipients", detail=unknown[:20]
        )
    return people


# --- sending ----------------------------------------------------------------------------------


def deliver(limit: int = 20) -> int:
    """Send the messages that are due, oldest first; return the number of messages sent."""
    due = Mail.select().where(
        Mail.state == "queued", Mail.asked_for.is_null(), Mail.due <= clock.now_expression()
    )
    sent = 0
    for mail in list(due.order_by(Mail.due, Mail.id).limit(limit)):
        mine = Mail.update(attempts=mail.attempts + 1, due=clock.now_expression(LEASE))
        same = (Mail.id == mail.id) & (Mail.attempts == mail.attempts) & (Mail.state == "queued")
        if mine.where(same).execute():
            sent += _try(mail)
    return sent


def _try(mail: Mail) -> bool:
    try:
        _hand_over(compose(mail))
    except (OSError, smtplib.SMTPException, ValueError, MessageError, ServiceError) as error:
        _failed(mail, error)
        return False
    Mail.update(state="sent", problem="").where(Mail.id == mail.id).execute()
    return True


def _failed(mail: Mail, error: Exception) -> None:
    """Schedule another attempt, unless the failure is permanent."""
    problem = " ".join(str(error).split())[:500] or type(error).__name__
    log.warning("mail %d: %s", mail.id, problem)
    attempts = mail.attempts + 1
    if not _is_final(error) and attempts <= len(DELAYS):
        due = clock.now_expression(dt.timedelta(seconds=DELAYS[attempts - 1]))
        Mail.update(due=due, problem=problem).where(Mail.id == mail.id).execute()
        return
    with transaction() as work:
        Mail.update(state="failed", problem=problem).where(Mail.id == mail.id).execute()
        entry = notice(NoticeCode.MAIL_FAILED, recipient=mail.recipient, problem=problem)
        work.events.append(logs.write(entry))


def _is_final(error: Exception) -> bool:
    # An address that is not valid in a header, or an account deactivated meanwhile.
    if isinstance(error, ValueError | MessageError | ServiceError):
        return True
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError | smtplib.SMTPSenderRefused) and (
        error.smtp_code >= 500
    )


def compose(mail: Mail) -> EmailMessage:
    """Return a message as it is sent, in plain text and HTML."""
    message = EmailMessage(policy=policy.SMTP)
    sender = site().mail_from
    message["From"] = Address("GSP Live", addr_spec=sender)
    message["To"] = Address(addr_spec=mail.recipient)
    if mail.reply_to:
        message["Reply-To"] = Address(addr_spec=mail.reply_to)
    message["Subject"] = mail.subject
    message["Date"] = mail.created
    # The same in every attempt, so that mail clients show a duplicate only once.
    message["Message-ID"] = f"<gsp-{mail.id}-{mail.created:%Y%m%d%H%M%S%f}@{_domain(sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    text = mail.text
    if mail.account_id is not None:
        text = text.replace(LINK, password_links.make(mail.account_id))
    message.set_content(f"{text}\n")
    message.add_alternative(_as_html(text), subtype="html")
    return message


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _as_html(text: str) -> str:
    """Return plain text as an HTML page; web addresses become links."""
    escaped = html.escape(text)
    linked = re.sub(r"(https?://[^\s<>\"']+[^\s<>\"'.,;:!?)])", r'<a href="\1">\1</a>', escaped)
    paragraphs = "".join(
        f"<p>{part}</p>" for part in linked.replace("\n\n", "\0").replace("\n", "<br>").split("\0")
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"></head>'
        '<body style="max-width:38em;font:15px/1.5 system-ui,sans-serif">'
        f"{paragraphs}</body></html>"
    )


def _hand_over(message: EmailMessage) -> None:
    url = site().smtp_url
    if url is None:
        _keep(message)
        return
    parts = urlsplit(url)
    host, secure = parts.hostname or "localhost", parts.scheme == "smtps"
    context = ssl.create_default_context()
    if secure:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=TIMEOUT_S, context=context
        )
    else:
        server = smtplib.SMTP(
            host, parts.port or (587 if parts.username else 25), timeout=TIMEOUT_S
        )
    with server:
        if not secure:
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


def _keep(message: EmailMessage) -> None:
    """Write a message to the outbox folder, atomically."""
    outbox = site().home / "outbox"
    outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = re.sub(r"[^\w.@+-]", "_", str(message["Message-ID"]).strip("<>").partition("@")[0])
    part = Path(outbox / f".{name}.part")
    part.write_bytes(message.as_bytes())
    os.replace(part, outbox / f"{name}.eml")
