"""What many look at at once: read once, never older than what they have heard of."""

from __future__ import annotations

import threading

import pytest

from db.models import Event
from services import request_coalescing
from services.errors import NotFound
from services.request_coalescing import KEPT_S, MAX_VALUES, Memo

pytestmark = pytest.mark.usefixtures("database")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_is_asked_for_at_once_is_read_once() -> None:
    memo, reads, got = Memo(), [], []
    all_asked = threading.Event()

    def read() -> object:
        reads.append(1)
        assert all_asked.wait(10)
        return object()

    threads = [threading.Thread(target=lambda: got.append(memo.get("a", read))) for _ in range(8)]
    for thread in threads:
        thread.start()
    all_asked.set()
    for thread in threads:
        thread.join()
    assert len(reads) == 1
    assert len({id(one) for one in got}) == 1
    assert memo.get("b", object) is not got[0]


def test_nothing_is_kept_for_long_nor_in_any_number() -> None:
    clock = Clock()
    memo = Memo(clock)
    assert memo.get("a", lambda: 1) == memo.get("a", lambda: 2) == 1
    clock.now += KEPT_S + 0.1
    assert memo.get("a", lambda: 3) == 3
    for number in range(MAX_VALUES):
        memo.get(number, lambda: 0)
    assert memo.get("a", lambda: 4) == 4  # it made room for the others


def test_a_failure_is_not_kept() -> None:
    memo = Memo()

    def fails() -> int:
        raise NotFound("No such file.")

    with pytest.raises(NotFound):
        memo.get("a", fails)
    assert memo.get("a", lambda: 5) == 5


def test_nothing_is_given_that_was_read_before_an_event_was_committed() -> None:
    def read(when: request_coalescing.Moment | None, value: int) -> int:
        return request_coalescing.read(when, ("of a test", 1), lambda: value)

    Event.create(id=8, name="file-added")
    before = request_coalescing.moment()
    assert read(before, 1) == read(request_coalescing.moment(), 2) == 1
    Event.create(id=7, name="file-added")  # committed late
    assert read(request_coalescing.moment(), 3) == 3
    Event.create(id=9, name="file-added")
    assert read(request_coalescing.moment(), 4) == 4
    assert read(None, 5) == 5
