import threading

from jobs.watching.path_queue import PathQueue


def drain(queue: PathQueue) -> list[str]:
    taken = []
    while (path := queue.take(timeout=0)) is not None:
        queue.done(path)
        taken.append(path)
    return taken


def test_a_fresh_frame_overtakes_a_backlog() -> None:
    queue = PathQueue()
    for n in range(1000):
        queue.put(f"old-{n}", n)
    first = queue.take(timeout=0)
    queue.put("fresh", 10_000)
    assert first == "old-999"
    assert queue.take(timeout=0) == "fresh"
    assert len(queue) == 999


def test_each_path_waits_once() -> None:
    queue = PathQueue()
    for freshness in (1, 2, 3):
        queue.put("a", freshness)
    queue.put("b", 2)
    assert sorted(drain(queue)) == ["a", "b"]


def test_a_path_announced_while_it_is_worked_on_comes_again_afterwards() -> None:
    queue = PathQueue()
    queue.put("a", 1)
    assert queue.take(timeout=0) == "a"
    queue.put("a", 2)
    assert queue.take(timeout=0) is None
    queue.done("a")
    assert drain(queue) == ["a"]


def test_a_delayed_path_is_handed_out_when_due_and_an_earlier_date_wins() -> None:
    queue = PathQueue()
    queue.put("a", 1, delay=3600)
    assert queue.take(timeout=0) is None
    queue.put("a", 2, delay=0.02)
    assert queue.take(timeout=5) == "a"
    queue.done("a")
    queue.put("b", 1, delay=0.02)
    queue.put("b", 1)
    assert drain(queue) == ["b"]
    assert queue.take(timeout=0.05) is None


def test_a_waiting_thread_is_woken() -> None:
    queue = PathQueue()
    taken: list[str | None] = []
    waiter = threading.Thread(target=lambda: taken.append(queue.take(timeout=10)))
    waiter.start()
    queue.put("a", 1)
    waiter.join(10)
    assert taken == ["a"]
