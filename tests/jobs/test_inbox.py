import threading

from jobs.watching.inbox import Inbox


def drain(inbox: Inbox) -> list[str]:
    taken = []
    while (path := inbox.take(timeout=0)) is not None:
        inbox.done(path)
        taken.append(path)
    return taken


def test_a_fresh_frame_overtakes_a_backlog() -> None:
    inbox = Inbox()
    for n in range(1000):
        inbox.put(f"old-{n}", n)
    first = inbox.take(timeout=0)
    inbox.put("fresh", 10_000)
    assert first == "old-999"
    assert inbox.take(timeout=0) == "fresh"
    assert len(inbox) == 999


def test_each_path_waits_once() -> None:
    inbox = Inbox()
    for freshness in (1, 2, 3):
        inbox.put("a", freshness)
    inbox.put("b", 2)
    assert sorted(drain(inbox)) == ["a", "b"]


def test_a_path_announced_while_it_is_worked_on_comes_again_afterwards() -> None:
    inbox = Inbox()
    inbox.put("a", 1)
    assert inbox.take(timeout=0) == "a"
    inbox.put("a", 2)
    assert inbox.take(timeout=0) is None
    inbox.done("a")
    assert drain(inbox) == ["a"]


def test_a_delayed_path_is_handed_out_when_due_and_an_earlier_date_wins() -> None:
    inbox = Inbox()
    inbox.put("a", 1, delay=3600)
    assert inbox.take(timeout=0) is None
    inbox.put("a", 2, delay=0.02)
    assert inbox.take(timeout=5) == "a"
    inbox.done("a")
    inbox.put("b", 1, delay=0.02)
    inbox.put("b", 1)
    assert drain(inbox) == ["b"]
    assert inbox.take(timeout=0.05) is None


def test_a_waiting_thread_is_woken() -> None:
    inbox = Inbox()
    taken: list[str | None] = []
    waiter = threading.Thread(target=lambda: taken.append(inbox.take(timeout=10)))
    waiter.start()
    inbox.put("a", 1)
    waiter.join(10)
    assert taken == ["a"]
