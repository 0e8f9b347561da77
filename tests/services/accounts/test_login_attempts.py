"""Failed logins: counted by account and by address, and never to the harm of somebody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from argon2 import PasswordHasher

import db
from db.models import LoginFailure, User
from services.accounts import accounts, login_attempts, passwords, rate_limit, sessions
from services.errors import NotAuthenticated, TooManyAttempts, Unavailable

pytestmark = pytest.mark.usefixtures("database")

PASSWORD = "seven clear nights"
HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash as in production, with less work a hash."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64))
    passwords._dummy_hash.cache_clear()
    yield
    passwords._dummy_hash.cache_clear()


@pytest.fixture
def user() -> User:
    return accounts.create_user(username="observer", email="obs@soar.example", password=PASSWORD)[0]


def outcome(name: str, address: str, password: str = "wrong") -> type[Exception] | None:
    try:
        accounts.authenticate(name, password, address)
    except (NotAuthenticated, TooManyAttempts, Unavailable) as error:
        return type(error)
    return None


def test_name_and_address_of_an_account_are_one_count(user: User) -> None:
    names = ["observer", "OBS@soar.example", " Observer", "obs@SOAR.example", "observer"]
    assert {outcome(name, HERE) for name in names} == {NotAuthenticated}
    assert outcome("obs@soar.example", HERE, PASSWORD) is TooManyAttempts
    assert outcome("observer", HERE, PASSWORD) is TooManyAttempts
    assert outcome("observer", ELSEWHERE, PASSWORD) is None  # nobody is locked out elsewhere


def test_many_accounts_are_not_sprayed_from_one_address(user: User) -> None:
    said = [outcome(f"name{number}", HERE) for number in range(40)]
    assert said == [NotAuthenticated] * 20 + [TooManyAttempts] * 20
    assert outcome("observer", HERE, PASSWORD) is TooManyAttempts
    assert outcome("observer", ELSEWHERE, PASSWORD) is None


def test_an_own_account_does_not_reset_the_count_of_an_address(user: User) -> None:
    for number in range(19):
        outcome(f"name{number}", HERE)
    assert outcome("observer", HERE, PASSWORD) is None
    assert outcome("one", HERE) is NotAuthenticated
    assert outcome("two", HERE) is TooManyAttempts


def test_a_network_of_ipv6_is_one_address() -> None:
    said = [outcome("nobody", f"2001:db8:0:1::{number:x}") for number in range(6)]
    assert said == [NotAuthenticated] * 5 + [TooManyAttempts]
    assert outcome("nobody", "::ffff:192.0.2.7") is NotAuthenticated
    assert rate_limit.block("::ffff:192.0.2.7") == HERE


def test_an_account_that_many_try_is_slowed_except_where_its_owner_was(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(login_attempts, "time", SimpleNamespace(sleep=slept.append))
    sessions.start(user, address=HERE)
    for number in range(login_attempts.SLOW_FROM):
        assert outcome("observer", f"203.0.113.{number}") is NotAuthenticated
    assert not slept
    assert outcome("obs@soar.example", ELSEWHERE) is NotAuthenticated
    assert outcome("observer", "203.0.113.200", PASSWORD) is None  # slowed, not locked out
    assert slept == [0.5, 1.0]
    assert outcome("observer", HERE, PASSWORD) is None
    assert len(slept) == 2
    for _ in range(login_attempts.MAX_DELAYED):
        login_attempts._delayed.acquire()
    try:
        assert outcome("observer", "203.0.113.201") is Unavailable
    finally:
        for _ in range(login_attempts.MAX_DELAYED):
            login_attempts._delayed.release()


def test_an_account_that_does_not_exist_is_slowed_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(login_attempts, "time", SimpleNamespace(sleep=slept.append))
    for number in range(login_attempts.SLOW_FROM + 1):
        outcome("nobody", f"203.0.113.{number}")
    assert slept == [0.5]


def in_threads(number: int, act: Callable[[int], None]) -> None:
    def work(n: int) -> None:
        with db.database.connection_context():
            act(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_requests_at_the_same_time_do_not_pass_the_limit() -> None:
    counted: list[int] = []

    def attempt(_: int) -> None:
        try:
            rate_limit.count(rate_limit.Counter(rate_limit.key("x")))
        except TooManyAttempts:
            return
        counted.append(1)

    in_threads(16, attempt)
    assert len(counted) == LoginFailure.select().count() == rate_limit.MAX_ATTEMPTS


def test_few_passwords_are_hashed_at_a_time(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    number = 48
    served = passwords.MAX_HASHING
    said: list[type[Exception] | None] = []
    hashing: list[int] = []
    all_others_refused = threading.Event()

    class Slow:
        def verify(self, *_: str) -> bool:
            hashing.append(1)
            return all_others_refused.wait(60)

    def attempt(n: int) -> None:
        said.append(outcome("observer", f"192.0.2.{n}"))
        if said.count(Unavailable) == number - served:
            all_others_refused.set()

    monkeypatch.setattr(passwords, "_hasher", Slow())
    monkeypatch.setattr(passwords, "PATIENCE_S", 0.05)
    monkeypatch.setattr(login_attempts, "SLOW_FROM", number)
    in_threads(number, attempt)
    assert len(hashing) == said.count(None) == served
    assert said.count(Unavailable) == number - served
    assert LoginFailure.select().count() == 0  # who was not served has not failed


def test_who_waits_too_long_is_told_when_to_come_back(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "PATIENCE_S", 0.01)
    for _ in range(passwords.MAX_HASHING):
        passwords._slots.acquire()
    try:
        with pytest.raises(Unavailable) as refused:
            accounts.authenticate("observer", PASSWORD, HERE)
    finally:
        for _ in range(passwords.MAX_HASHING):
            passwords._slots.release()
    assert refused.value.retry_after
    assert outcome("observer", HERE, PASSWORD) is None
