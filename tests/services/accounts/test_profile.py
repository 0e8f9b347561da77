"""Names and passwords that people change themselves."""

from __future__ import annotations

import pytest

from db.models import User
from services.accounts import accounts, passwords, profile, rate_limit, sessions
from services.errors import TooManyAttempts, Unacceptable

OLD, NEW = "seven clear nights", "nine cloudy mornings"
HOME = "127.0.0.1"


@pytest.fixture
def user(database: object) -> User:
    made, _ = accounts.create_user(
        username="nina", email="nina@observatory.example", password=OLD, first_name="Nina"
    )
    return made


def test_a_new_password_ends_the_older_sessions(user: User) -> None:
    before = sessions.start(user)
    profile.change_password(user, OLD, NEW, NEW, HOME)
    assert sessions.user_for_session(before) is None
    assert sessions.user_for_session(sessions.start(user)) == user
    assert accounts.authenticate("nina", NEW, HOME) == user


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        (("wrong", NEW, NEW), "old", profile.WRONG_OLD),
        ((OLD, NEW, NEW + "!"), "confirmation", profile.DIFFERENT),
        ((OLD, OLD, OLD), "password", profile.UNCHANGED),
        ((OLD, "12345678", "12345678"), "password", passwords.ALL_DIGITS),
        ((OLD, "nina@observatory", "nina@observatory"), "password", passwords.TOO_SIMILAR),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_changes(
    user: User, typed: tuple[str, str, str], field: str, sentence: str
) -> None:
    with pytest.raises(Unacceptable) as raised:
        profile.change_password(user, *typed, HOME)
    assert raised.value.field == field
    assert sentence in str(raised.value)
    assert accounts.authenticate("nina", OLD, HOME) == user


def test_an_open_browser_is_no_way_to_guess_the_password(user: User) -> None:
    for _ in range(rate_limit.MAX_ATTEMPTS):
        with pytest.raises(Unacceptable):
            profile.change_password(user, "wrong", NEW, NEW, HOME)
    with pytest.raises(TooManyAttempts):
        profile.change_password(user, OLD, NEW, NEW, HOME)


def test_names_are_tidied_and_checked(user: User) -> None:
    profile.edit(user, first_name="  Nina   Maria ", last_name="Núñez", partner="")
    assert User.get_by_id(user.id).full_name == "Nina Maria Núñez"
    with pytest.raises(Unacceptable) as raised:
        profile.edit(user, first_name="N\x07", last_name="", partner="")
    assert raised.value.field == "first_name"
    with pytest.raises(Unacceptable):
        profile.edit(user, first_name="", last_name="x" * 151, partner="")
