"""What staff does with accounts and partners, and what nobody else can."""

from __future__ import annotations

import pytest

from db.models import LogEntry, Mail, PasswordLink, Token, User
from services.access import Action
from services.accounts import (
    account_admin,
    account_list,
    accounts,
    partners,
    password_links,
    sessions,
)
from services.errors import AccessDenied, Conflict, NotFound, ServiceError, Unacceptable
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")


def staff() -> User:
    return builders.person("nina", is_staff=True, first_name="Nina", last_name="Staff")


def superuser() -> User:
    return builders.person("root", is_staff=True, is_superuser=True)


def test_staff_makes_an_account_that_gets_a_link() -> None:
    by = staff()
    partners.add(by, "NOIRLab")
    made = account_admin.create(
        by, username="Pia", email="PIA@soar.example", first_name=" Pia ", partner="NOIRLab"
    )
    row = User.get_by_id(made.id)
    assert (row.username, row.email, row.partner) == ("pia", "pia@soar.example", "NOIRLab")
    assert (row.is_staff, row.password_hash) == (False, "")
    (letter,) = Mail.select()
    assert (letter.recipient, letter.account_id) == (row.email, row.id)
    assert LogEntry.get().notice["params"]["email"] == "pia@soar.example"
    assert account_admin.create(by, username="o", email="o@x.example").partner == partners.OTHER


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": "a b"}, "username"),
        ({"username": "nina"}, "username"),
        ({"username": ""}, "username"),
        ({"email": "nowhere"}, "email"),
        ({"email": " NINA@observatory.example"}, "email"),
        ({"partner": "Nobody's"}, "partner"),
        ({"partner": "a\x00"}, "partner"),
        ({"first_name": "x\x00"}, "first_name"),
        ({"last_name": "x" * 151}, "last_name"),
    ],
)
def test_what_is_wrong_names_its_field_and_makes_nothing(
    changed: dict[str, str], field: str
) -> None:
    by = staff()
    with pytest.raises((Unacceptable, Conflict)) as refused:
        account_admin.create(by, **{"username": "pia", "email": "pia@soar.example", **changed})
    assert refused.value.field == field
    assert (User.select().count(), Mail.select().count()) == (1, 0)


def test_only_a_superuser_makes_staff() -> None:
    by, root = staff(), superuser()
    with pytest.raises(AccessDenied):
        account_admin.create(by, username="x", email="x@soar.example", staff=True)
    made = account_admin.create(root, username="x", email="x@soar.example", staff=True)
    assert made.is_staff
    names = {"first_name": "", "last_name": "", "partner": ""}
    with pytest.raises(AccessDenied):
        account_admin.edit(by, made.id, email=made.email, staff=False, **names)
    account_admin.edit(
        by, made.id, email=made.email, staff=True, **names
    )  # as it is: nothing to say
    assert not account_admin.edit(root, made.id, email=made.email, staff=False, **names).is_staff


def test_staff_has_no_way_to_a_superusers_account() -> None:
    by, root = staff(), superuser()
    for act in (
        lambda: account_admin.edit(
            by, root.id, first_name="", last_name="", email="mine@x.example", partner=""
        ),
        lambda: account_admin.set_active(by, root.id, active=False),
        lambda: account_admin.resend(by, root.id),
    ):
        with pytest.raises(AccessDenied):
            act()
    assert User.get_by_id(root.id).email == root.email
    with pytest.raises(Unacceptable):
        account_admin.set_active(root, root.id, active=False)


def test_whoever_is_switched_off_is_out_at_once_and_for_good() -> None:
    by, person = staff(), builders.person("pia")
    token, session = sessions.renew_token(person), sessions.start(person)
    key = password_links.make(person.id).rsplit("/", 1)[1]
    account_admin.set_active(by, person.id, active=False)
    assert sessions.user_for_token(token) is None
    assert sessions.user_for_session(session) is None
    with pytest.raises(NotFound):
        password_links.owner(key)
    with pytest.raises(Unacceptable):
        account_admin.resend(by, person.id)
    account_admin.set_active(by, person.id, active=True)
    assert sessions.user_for_token(token) is None
    assert sessions.user_for_session(session) is None
    assert PasswordLink.select().count() == 0
    account_admin.resend(by, person.id)
    assert Mail.get().recipient == person.email


def test_another_address_makes_older_links_worthless() -> None:
    by, person, other = staff(), builders.person("pia"), builders.person("other")
    key = password_links.make(person.id).rsplit("/", 1)[1]
    names = {"first_name": "Pia", "last_name": "Soto", "partner": partners.OTHER}
    with pytest.raises(Conflict) as refused:
        account_admin.edit(by, person.id, email=other.email.upper(), **names)
    assert refused.value.field == "email"
    assert password_links.owner(key) == person
    account_admin.edit(by, person.id, email=" New@soar.example ", **names)
    row = User.get_by_id(person.id)
    assert (row.email, row.full_name, row.partner) == ("new@soar.example", "Pia Soto", "OTHER")
    with pytest.raises(NotFound):
        password_links.owner(key)


def test_people_are_found_by_any_part_of_a_name() -> None:
    by = staff()
    for number in range(30):
        builders.person(f"p{number:02d}", first_name="Pia", last_name=f"Soto {number:02d}")
    assert account_list.page(by).count == 31
    found = account_list.page(by, "pia soto p0", page=1, page_size=4)
    assert (found.count, found.pages) == (10, 3)
    assert [row.full_name for row in found.rows] == [f"Pia Soto 0{n}" for n in range(4)]
    assert account_list.page(by, "pia", page=99, page_size=25).page == 2
    assert account_list.page(by, "p07@observatory").rows[0].username == "p07"
    for odd in ("%", "_", "\\", "\x00", "' OR 1=1"):
        assert account_list.page(by, f"zz{odd}").count == 0
    (label,) = account_list.suggest(by, "soto 29")
    person = accounts.named(label)
    assert person is not None and person.username == "p29"
    assert accounts.named(person.email) == accounts.named("P29") == person
    assert accounts.named("nobody <x@y>") is None and accounts.named("") is None
    assert accounts.named("a\x00") is None
    assert account_list.suggest(by, " ") == []


def test_nobody_else_manages() -> None:
    names = {"first_name": "", "last_name": "", "partner": ""}
    off = builders.person("off", is_staff=True, is_superuser=True, is_active=False)
    for person in (builders.person("user"), off):
        for act in (
            lambda p: account_admin.create(p, username="x", email="x@x.example"),
            account_list.page,
            lambda p: account_list.suggest(p, "o"),
            lambda p: account_list.get(p, p.id),
            lambda p: account_admin.edit(p, p.id, email=p.email, **names),
            lambda p: account_admin.set_active(p, p.id, active=True),
            lambda p: account_admin.resend(p, p.id),
            lambda p: partners.add(p, "x"),
            lambda p: partners.rename(p, "x", "y"),
            lambda p: partners.remove(p, "x"),
            partners.listing,
        ):
            with pytest.raises(ServiceError) as refused:
                act(person)
            assert isinstance(refused.value, AccessDenied), act
            assert str(Action.MANAGE) in refused.value.message
    assert (User.select().count(), Token.select().count(), Mail.select().count()) == (2, 0, 0)


def test_partners_are_kept_with_their_people() -> None:
    by = staff()
    assert partners.names() == ["OTHER"]
    partners.add(by, " UNC  Chapel Hill ")
    partners.add(by, "MSU")
    assert partners.names() == ["MSU", "UNC Chapel Hill", "OTHER"]
    for taken in ("msu", "Other", "", "x" * 81, "a\x07"):
        with pytest.raises((Conflict, Unacceptable)) as refused:
            partners.add(by, taken)
        assert refused.value.field == "name"
    person = account_admin.create(by, username="p", email="p@x.example", partner="MSU")
    partners.rename(by, "MSU", "msu")
    assert User.get_by_id(person.id).partner == "msu"
    assert partners.listing(by) == [("msu", 1), ("UNC Chapel Hill", 0), ("OTHER", 1)]
    assert partners.remove(by, "msu") == 1
    assert User.get_by_id(person.id).partner == "OTHER"
    for gone in (
        lambda: partners.remove(by, "msu"),
        lambda: partners.remove(by, "OTHER"),
        lambda: partners.rename(by, "OTHER", "x"),
        lambda: partners.rename(by, "a\x00", "x"),
    ):
        with pytest.raises(NotFound):
            gone()
