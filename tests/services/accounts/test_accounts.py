from __future__ import annotations

import datetime as dt
import threading

import pytest
from argon2 import PasswordHasher

import db
from db.models import Event, LoginFailure, Session, Token, User, utc_now
from services.accounts import accounts, passwords, sessions, visual_options
from services.errors import Conflict, NotAuthenticated, NotFound, TooManyAttempts, Unacceptable

pytestmark = pytest.mark.usefixtures("database")

PASSWORD = "seven clear nights"
HERE = "192.0.2.7"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as in production, with less work a hash."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64))
    passwords._dummy_hash.cache_clear()


@pytest.fixture
def user() -> User:
    return accounts.create_user(username="Observer", email="Obs@Soar.example", password=PASSWORD)[0]


def test_names_are_folded_and_unique(user: User) -> None:
    assert (user.username, user.email) == ("observer", "obs@soar.example")
    for username, email in ((" OBSERVER ", "x@y.example"), ("x", "OBS@soar.example")):
        with pytest.raises(Conflict):
            accounts.create_user(username=username, email=email)
    for username, email in (("a b", "x@y.example"), ("", "x@y.example"), ("x", "nobody")):
        with pytest.raises(Unacceptable):
            accounts.create_user(username=username, email=email)


def test_login_by_name_or_address(user: User) -> None:
    assert accounts.authenticate("OBSERVER ", PASSWORD, HERE) == user
    logged_in = accounts.authenticate("obs@soar.example", PASSWORD, HERE)
    assert (utc_now() - logged_in.last_login) < dt.timedelta(minutes=1)
    assert LoginFailure.select().count() == 0


def test_the_same_words_for_unknown_wrong_and_inactive(user: User) -> None:
    words = set()
    for name, password in (("nobody", PASSWORD), ("observer", "wrong"), ("observer", "")):
        with pytest.raises(NotAuthenticated) as refusal:
            accounts.authenticate(name, password, HERE)
        words.add(refusal.value.message)
    User.update(is_active=False).execute()
    with pytest.raises(NotAuthenticated) as refusal:
        accounts.authenticate("observer", PASSWORD, HERE)
    assert words | {refusal.value.message} == {"Wrong username or password."}


def test_an_account_without_a_password_lets_nobody_in() -> None:
    accounts.create_user(username="new", email="new@soar.example")
    with pytest.raises(NotAuthenticated):
        accounts.authenticate("new", "", HERE)


def test_the_sixth_failure_is_refused_before_hashing(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "matches", lambda password, _: password == PASSWORD)
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            accounts.authenticate("observer", "wrong", HERE)
    monkeypatch.setattr(passwords, "matches", lambda *_: pytest.fail("hashed"))
    with pytest.raises(TooManyAttempts) as refusal:
        accounts.authenticate("Observer", PASSWORD, HERE)
    assert 0 < refusal.value.retry_after <= 15 * 60
    monkeypatch.setattr(passwords, "matches", lambda password, _: password == PASSWORD)
    assert accounts.authenticate("observer", PASSWORD, "198.51.100.1") == user
    LoginFailure.update(at=utc_now() - dt.timedelta(minutes=16)).execute()
    assert accounts.authenticate("observer", PASSWORD, HERE) == user


def test_a_token_is_kept_as_a_hash_and_replaced(user: User) -> None:
    first = sessions.renew_token(user)
    assert first not in str(list(Token.select().dicts()))
    assert sessions.user_for_token(first) == user
    second = sessions.renew_token(user)
    assert sessions.user_for_token(first) is None
    assert sessions.user_for_token(second) == user
    User.update(is_active=False).execute()
    assert sessions.user_for_token(second) is None


def test_each_browser_has_a_session_that_ends_alone(user: User) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    one = sessions.start(user, browser=firefox, address=HERE)
    other = sessions.start(user)
    assert one not in str(list(Session.select().dicts()))
    lines = sessions.of_person(user, one)
    assert [(line.browser, line.is_this) for line in lines] == [
        ("Firefox on Linux", True),
        ("Browser", False),
    ]
    sessions.end(user, one)
    assert sessions.user_for_session(one) is None
    assert sessions.user_for_session(other) == user
    assert Event.get().name == "access-changed"  # its event streams end at once
    sessions.end_of_id(user, lines[1].id)
    assert sessions.user_for_session(other) is None
    with pytest.raises(NotFound):
        sessions.end_of_id(user, lines[1].id)


def test_a_session_that_begins_while_all_are_ended_is_not_valid(user: User) -> None:
    read_before = User.get_by_id(user.id)
    accounts.set_password(user, "eight cloudy nights")
    assert sessions.user_for_session(sessions.start(read_before)) is None


def test_a_password_change_ends_the_token(user: User) -> None:
    token = sessions.renew_token(user)
    accounts.set_password(user, "eight cloudy nights")
    assert sessions.user_for_token(token) is None
    assert not sessions.has_token(user)


def test_a_password_change_ends_the_sessions(user: User) -> None:
    session = sessions.start(user)
    assert sessions.user_for_session(session) == user
    accounts.set_password(user, "eight cloudy nights")
    assert sessions.user_for_session(session) is None
    assert sessions.user_for_session(sessions.start(user)) == user
    assert accounts.authenticate("observer", "eight cloudy nights", HERE) == user
    for forged in ("", "1", "1:x", f"{user.id}:1 ", "99999999999:1", "-1:1"):
        assert sessions.user_for_session(forged) is None


@pytest.mark.parametrize(
    ("password", "sentences"),
    [
        ("observer1", [passwords.TOO_SIMILAR]),
        ("obs@soar.example", [passwords.TOO_SIMILAR]),
        ("Xy7!", [passwords.TOO_SHORT]),
        ("password", [passwords.TOO_COMMON]),
        ("PASSWORD", [passwords.TOO_COMMON]),
        ("8264190537", [passwords.ALL_DIGITS]),
        ("12345", [passwords.TOO_SHORT, passwords.TOO_COMMON, passwords.ALL_DIGITS]),
        (PASSWORD, []),
    ],
)
def test_the_four_rules(user: User, password: str, sentences: list[str]) -> None:
    assert accounts.check_password_rules(password, user) == sentences
    if sentences:
        with pytest.raises(Unacceptable) as refusal:
            accounts.set_password(user, password)
        assert refusal.value.detail == sentences


def test_the_published_list_is_whole() -> None:
    assert len(passwords.common_passwords()) == 19_640


def test_windows_that_change_different_options_lose_none(user: User) -> None:
    one, other = User.get_by_id(user.id), User.get_by_id(user.id)  # read at the same time
    visual_options.save(one, theme="light")
    visual_options.save(other, colormap="Viridis")
    assert User.get_by_id(user.id).visual == {"theme": "light", "colormap": "Viridis"}


def test_options_saved_at_the_same_time_lose_none(user: User) -> None:
    barrier = threading.Barrier(4)
    choices: list[dict[str, object]] = [
        {"theme": "light"},
        {"colormap": "Viridis"},
        {"show_title": False},
        {"show_saturated": False},
    ]

    def save(choice: dict[str, object]) -> None:
        with db.database.connection_context():
            mine = User.get_by_id(user.id)
            barrier.wait()
            visual_options.save(mine, **choice)

    threads = [threading.Thread(target=save, args=(choice,)) for choice in choices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.get_by_id(user.id).visual == {k: v for c in choices for k, v in c.items()}


def test_visual_options_are_checked(user: User) -> None:
    visual_options.save(user, theme="light", show_title=False)
    visual_options.save(user, colormap="Viridis")
    stored = User.get_by_id(user.id).visual
    assert stored == {"theme": "light", "show_title": False, "colormap": "Viridis"}
    for wrong in (
        {"theme": "pink"},
        {"colormap": "viridis"},
        {"show_title": "yes"},
        {"script": "x"},
    ):
        with pytest.raises(Unacceptable):
            visual_options.save(user, **wrong)
