"""Letters with a link to set a password: to whom, saying what, and nothing to strangers."""

from __future__ import annotations

import datetime as dt
import email
import logging
import re
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.models import LoginFailure, Mail, PasswordLink, User, utc_now
from services.accounts import accounts, password_links, passwords, rate_limit, sessions
from services.context import Site
from services.errors import NotFound, TooManyAttempts, Unacceptable
from services.mail import letters
from services.mail import outbox as mail_outbox
from services.proposals import proposals
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")

GOOD = "nine cloudy mornings"
HERE = "192.0.2.7"


def outbox(site: Site) -> list[EmailMessage]:
    """Send what is due; return all that lies in the outbox, the oldest first."""
    letters.answer_requests()
    mail_outbox.deliver()
    paths = sorted((site.home / "outbox").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def key_in(message: EmailMessage) -> str:
    """Return the key of the link in a message; text and HTML have the same one."""
    found = {
        re.search(r"/password/set/([\w-]+)", message.get_body((kind,)).get_content())[1]
        for kind in ("plain", "html")
    }
    assert len(found) == 1
    return found.pop()


def asked(site: Site, person: User) -> str:
    letters.forgot(person.email, HERE)
    return key_in(outbox(site)[-1])


def test_no_row_holds_a_key(site: Site) -> None:
    person = builders.person("pi")
    letters.welcome(person)
    key = key_in(outbox(site)[-1])
    assert len(key) == 43
    rows = [str(row) for table in (Mail, PasswordLink) for row in table.select().dicts()]
    assert key not in "".join(rows)
    assert password_links.owner(key) == person


def test_a_link_works_once_and_spends_the_others_and_the_sessions(site: Site) -> None:
    person = builders.person("pi", first_name="Pia")
    letters.welcome(person)
    session = sessions.start(person)
    first, second = key_in(outbox(site)[-1]), asked(site, person)
    for weak, sentence in (
        ("12345678", passwords.ALL_DIGITS),
        ("pi@observatory", passwords.TOO_SIMILAR),
    ):
        with pytest.raises(Unacceptable) as refused:
            password_links.use(first, weak, weak)
        assert sentence in refused.value.detail
    with pytest.raises(Unacceptable) as refused:
        password_links.use(first, GOOD, GOOD + "!")
    assert refused.value.field == "confirmation"
    assert password_links.use(first, GOOD, GOOD) == person
    assert accounts.authenticate("pi", GOOD, HERE) == person
    assert sessions.user_for_session(session) is None
    for key in (first, second):
        with pytest.raises(NotFound, match="already used"):
            password_links.use(key, GOOD, GOOD)
    assert PasswordLink.select().count() == 0


def test_a_link_dies_after_three_days_and_with_the_account(site: Site) -> None:
    person = builders.person("pi")
    old, fresh = asked(site, person), asked(site, person)
    three_days = utc_now() - dt.timedelta(seconds=1)
    PasswordLink.update(expires=three_days).where(
        PasswordLink.key_hash == password_links._hash(old)
    ).execute()
    with pytest.raises(NotFound):
        password_links.owner(old)
    assert password_links.owner(fresh) == person
    PasswordLink.delete().where(PasswordLink.expires < utc_now()).execute()
    left = (PasswordLink.get().expires - utc_now()).total_seconds()
    assert left == pytest.approx(3 * 24 * 3600, abs=60)
    User.update(is_active=False).execute()
    with pytest.raises(NotFound):
        password_links.use(fresh, GOOD, GOOD)


@given(st.text(max_size=80))
def test_a_forged_key_is_a_sentence(key: str) -> None:
    with pytest.raises(NotFound, match="not valid"):
        password_links.use(key, GOOD, GOOD)


def test_a_letter_to_an_account_that_was_switched_off_is_never_sent(site: Site) -> None:
    letters.welcome(builders.person("pi"))
    User.update(is_active=False).execute()
    assert outbox(site) == []
    assert Mail.get().state == "failed"


def test_a_password_change_spends_the_links(site: Site) -> None:
    person = builders.person("pi")
    key = asked(site, person)
    accounts.set_password(person, GOOD)
    with pytest.raises(NotFound):
        password_links.owner(key)


def test_asking_tells_nothing_of_who_has_an_account(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    builders.person("known")
    builders.person("off", is_active=False)
    work = {}
    for name in ("known", "known@observatory.example", "off", "unknown", "u@x.example"):
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "peewee"):
            letters.forgot(name, f"192.0.2.{len(work)}")
        statements = [str(record.msg[0]) for record in caplog.records]
        work[name] = [sql for sql in statements if not sql.startswith(("ROLLBACK", "RELEASE"))]
    assert any('INSERT INTO "mail"' in statement for statement in work["known"])
    assert all(done == work["known"] for done in work.values())
    assert letters.answer_requests() == 2
    assert [row.recipient for row in Mail.select()] == ["known@observatory.example"] * 2


def test_asking_is_limited_by_address_and_account() -> None:
    person = builders.person("known")
    for number in range(rate_limit.MAX_ATTEMPTS):
        letters.forgot(f"nobody{number}", HERE)
    with pytest.raises(TooManyAttempts) as refused:
        letters.forgot("known", HERE)
    assert 0 < refused.value.retry_after <= 15 * 60
    letters.answer_requests()
    assert Mail.select().count() == 0
    # Whoever has many addresses is stopped, silently, at the account, by either of its names: its
    # owner is never refused.
    for number in range(2 * rate_limit.MAX_ATTEMPTS):
        letters.forgot((" Known ", person.email)[number % 2], f"192.0.2.{100 + number}")
    letters.answer_requests()
    assert Mail.select().count() == rate_limit.MAX_ATTEMPTS
    LoginFailure.update(at=utc_now() - rate_limit.WINDOW - dt.timedelta(seconds=1)).execute()
    letters.forgot("known", HERE)
    letters.answer_requests()
    assert Mail.select().count() == rate_limit.MAX_ATTEMPTS + 1


def test_one_network_of_ipv6_is_one_address() -> None:
    for number in range(rate_limit.MAX_ATTEMPTS):
        letters.forgot("known", f"2001:db8:1:2::{number:x}")
    with pytest.raises(TooManyAttempts):
        letters.forgot("known", "2001:db8:1:2:ffff::1")
    letters.forgot("known", "2001:db8:1:3::1")


def test_asking_for_nothing_is_refused() -> None:
    for name in ("", "  ", "\0"):
        with pytest.raises(Unacceptable) as refused:
            letters.forgot(name, HERE)
        assert refused.value.field == "name"


def test_a_new_collaborator_is_invited_once_and_a_known_one_told(site: Site) -> None:
    pi = builders.person("pi", first_name="Pia", last_name="Soto")
    known = builders.person("known", password_hash="x")
    proposal = builders.proposal("SOAR2026A-001", pi)
    for address in ("New@soar.example", " new@SOAR.example ", known.email, known.email):
        proposals.add_collaborator(pi, proposal.id, address)
    assert User.select().where(User.email == "new@soar.example").count() == 1
    invitation, told = outbox(site)
    assert (invitation["To"], told["To"]) == ("new@soar.example", known.email)
    for message in (invitation, told):
        assert message["Reply-To"] == pi.email
        text = message.get_body(("plain",)).get_content()
        assert "Pia Soto" in text and proposal.soar_id in text
        assert site.base_url in text
    assert password_links.owner(key_in(invitation)).email == "new@soar.example"
    assert "/password/set/" not in told.get_body(("plain",)).get_content()
    assert User.get(User.id == known.id).password_hash == "x"


def test_what_people_are_called_is_text(site: Site) -> None:
    pi = builders.person("pi", first_name='<img src=x onerror="x">', last_name="& Co")
    proposal = builders.proposal('A"<b>\x07', pi)
    proposal.title = "x\r\nBcc: evil@x.example"
    proposal.save()
    proposals.add_collaborator(pi, proposal.id, builders.person("m", password_hash="x").email)
    (message,) = outbox(site)
    shown = message.get_body(("html",)).get_content()
    assert "<img" not in shown and "<b>" not in shown and "&lt;img" in shown
    assert message["Subject"] == 'You collaborate in A"<b>'
    assert message["Bcc"] is None
    assert Path(site.home / "outbox").stat().st_mode & 0o077 == 0
