"""Mail goes through a real SMTP server, or into the outbox; and nobody adds a header to it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import email
import socket
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from db.models import LogEntry, Mail, User, utc_now
from reduction.notice_codes import NoticeCode
from services import access, context
from services.context import Context, Site
from services.errors import AccessDenied, NotFound, Unacceptable
from services.mail import outbox
from services.proposals import proposals
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")


class Inbox:
    """What a mail server got; `to` and `answer` are what it says to recipients and messages."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.to = "250 OK"
        self.answer = "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, *to: Any) -> str:
        if self.to.startswith("250"):
            envelope.rcpt_tos.append(to[0])
        return self.to

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002
        if self.answer.startswith("250"):
            self.messages.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return self.answer


@pytest.fixture
def inbox(site: Site) -> Iterator[Inbox]:
    inbox = Inbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    url = f"smtp://127.0.0.1:{port}"
    context.bind(Context(dataclasses.replace(site, smtp_url=url, mail_from="gsp@soar.example")))
    yield inbox
    server.stop()


def later(seconds: float) -> None:
    """Let time pass for what is queued."""
    for row in Mail.select().where(Mail.state == "queued"):
        row.due -= dt.timedelta(seconds=seconds)
        row.save()


def staff() -> User:
    return builders.person("nina", is_staff=True)


def test_a_message_arrives_as_text_and_html(inbox: Inbox) -> None:
    pi, member = builders.person("pi"), builders.person("member")
    proposal = builders.proposal("SOAR2026A-001", pi, member)
    sender = staff()
    text = "Dear all,\n\n<b>clouds</b> & a link: https://soar.example/x?a=1&b=2."
    assert outbox.send(sender, "Señal: 3σ", text, proposal_id=proposal.id) == 2
    assert inbox.messages == []  # nothing is sent while somebody waits for an answer
    assert outbox.deliver() == 2
    assert outbox.deliver() == 0
    assert {message["To"] for message in inbox.messages} == {pi.email, member.email}
    message = inbox.messages[0]
    assert message["Subject"] == "Señal: 3σ"
    assert message["Reply-To"] == sender.email
    assert "gsp@soar.example" in message["From"]
    plain, html = message.iter_parts()
    assert plain.get_content().replace("\r\n", "\n").strip() == text
    shown = html.get_content()
    assert "<b>" not in shown and "&lt;b&gt;clouds" in shown
    assert '<a href="https://soar.example/x?a=1&amp;b=2">' in shown


def test_a_busy_server_is_tried_again_and_a_refusal_is_final(inbox: Inbox) -> None:
    person = builders.person("pi")
    outbox.send(staff(), "a", "b", recipients=[person.email.upper()])
    inbox.answer = "451 try later"
    assert outbox.deliver() == 0
    row = Mail.get()
    assert (row.state, row.attempts) == ("queued", 1)
    assert row.due > utc_now() and "451" in row.problem
    assert outbox.deliver() == 0 and Mail.get().attempts == 1  # not before its time
    inbox.answer = "250 OK"
    later(60)
    assert outbox.deliver() == 1
    assert (Mail.get().state, len(inbox.messages)) == ("sent", 1)
    outbox.send(User.get(User.username == "nina"), "a", "b", recipients=[person.email])
    inbox.answer = "554 never"
    assert outbox.deliver() == 0
    assert Mail.select().where(Mail.state == "failed").count() == 1
    failed = LogEntry.get(LogEntry.level == "error").notice
    assert failed["params"]["recipient"] == person.email


def test_greylisting_is_waited_for_and_an_unknown_recipient_is_told_to_staff(inbox: Inbox) -> None:
    person, sender = builders.person("pi"), staff()
    outbox.send(sender, "a", "b", recipients=[person.email])
    inbox.to = "450 4.7.1 greylisted, come back later"
    assert outbox.deliver() == 0
    assert Mail.get().state == "queued" and "greylisted" in Mail.get().problem
    inbox.to = "250 OK"
    later(60)
    assert outbox.deliver() == 1
    outbox.send(sender, "a", "b", recipients=[person.email])
    inbox.to = "550 5.1.1 no such user"
    assert outbox.deliver() == 0
    entry = LogEntry.get(LogEntry.level == "error")
    assert entry.notice["code"] == NoticeCode.MAIL_FAILED
    told = entry.notice["params"]
    assert "no such user" in told["problem"] and told["recipient"] == person.email
    assert list(access.visible_logs(sender)) == [entry]
    assert list(access.visible_logs(person)) == []


def test_a_server_that_is_away_is_given_up_after_all_tries(site: Site) -> None:
    context.bind(Context(dataclasses.replace(site, smtp_url="smtp://127.0.0.1:1")))
    outbox.send(staff(), "a", "b", recipients=[builders.person("pi").email])
    for tries in range(1, len(outbox.DELAYS) + 2):
        later(24 * 3600)
        assert outbox.deliver() == 0
        assert Mail.get().attempts == tries
    assert Mail.get().state == "failed"


def test_without_a_server_messages_lie_in_the_outbox(site: Site) -> None:
    outbox.send(staff(), "a", "b", recipients=[builders.person("pi").email])
    assert outbox.deliver() == 1
    (path,) = (site.home / "outbox").iterdir()
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (path.suffix, message["To"]) == (".eml", "pi@observatory.example")


@pytest.mark.parametrize(
    "subject",
    ["a\nBcc: x@y.example", "a\rb", "a\r\n\r\nbody", "a\x0bb", "a\u2028b", " ", "x" * 201],
)
def test_no_header_is_slipped_in(subject: str) -> None:
    person = builders.person("pi")
    with pytest.raises(Unacceptable) as refused:
        outbox.send(staff(), subject, "text", recipients=[person.email])
    assert refused.value.field == "subject"
    assert Mail.select().count() == 0


def test_who_may_write_to_whom() -> None:
    pi = builders.person("pi")
    proposal = builders.proposal("SOAR2026A-001", pi)
    with pytest.raises(AccessDenied):
        outbox.send(pi, "a", "b", proposal_id=proposal.id)
    sender = staff()
    with pytest.raises(NotFound):
        outbox.send(sender, "a", "b", proposal_id=999)
    empty = builders.proposal("SOAR2026A-002")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"recipients": ["stranger@elsewhere.example"]}, "recipients"),
        ({"recipients": [pi.email, "pi@observatory.example\nBcc: a@b.example"]}, "recipients"),
        ({"recipients": []}, "recipients"),
        ({}, "recipients"),
        ({"recipients": [pi.email], "proposal_id": proposal.id}, "recipients"),
        ({"proposal_id": empty.id}, "proposal_id"),
    ]
    for given, field in wrong:
        with pytest.raises(Unacceptable) as refused:
            outbox.send(sender, "a", "b", **given)
        assert refused.value.field == field
    assert Mail.select().count() == 0


def test_a_refused_collaborator_leaves_nothing_behind() -> None:
    pi = builders.person("pi")
    proposal = builders.proposal("SOAR2026A-001", pi)
    with pytest.raises(Unacceptable):
        proposals.add_collaborator(pi, proposal.id, "no address")
    assert (User.select().count(), Mail.select().count()) == (1, 0)
