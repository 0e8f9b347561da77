"""How long a file must be quiet before it is indexed."""

from __future__ import annotations

import pytest

from jobs.watching.settling import HELD_OPEN_S, LONGEST_QUIET_S, Settling


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_file_that_is_there_at_once_need_not_be_quiet(clock: Clock) -> None:
    files = Settling(clock)
    files.seen("a", 100, 5)
    assert files.missing_quiet("a") == 0
    files.written("b")
    clock.now += 0.01
    files.closed("b")
    files.seen("b", 100, 5)
    assert files.missing_quiet("b") == 0


def test_a_file_that_is_open_is_left_until_it_is_closed(clock: Clock) -> None:
    files = Settling(clock)
    files.written("a")
    files.seen("a", 100, 5)
    assert files.missing_quiet("a") == pytest.approx(HELD_OPEN_S)
    clock.now += HELD_OPEN_S + 1
    assert files.missing_quiet("a") == 0
    files.written("a")
    files.closed("a")
    assert files.missing_quiet("a") == 0


@pytest.mark.parametrize(("pause", "quiet"), [(0.2, 0.6), (1.9, 5.7), (60.0, LONGEST_QUIET_S)])
def test_the_quiet_adapts_to_the_pauses_that_were_seen(
    clock: Clock, pause: float, quiet: float
) -> None:
    files = Settling(clock)
    for number in range(4):
        files.seen("a", 100, int(number * pause * 1e9))
        clock.now += min(pause, 5.0)
    clock.now -= min(pause, 5.0)
    assert files.missing_quiet("a") == pytest.approx(quiet)
    clock.now += quiet + 0.001
    assert files.missing_quiet("a") == 0
    files.forget("a")
    assert files.missing_quiet("a") == 0


def test_one_that_is_opened_for_each_piece_is_not_done_when_it_is_closed(clock: Clock) -> None:
    files = Settling(clock)
    for number in range(3):
        files.written("a")
        files.closed("a")
        files.seen("a", 100, number * 10**9)
        clock.now += 1.0
    clock.now -= 1.0
    assert files.missing_quiet("a") == pytest.approx(3.0)
