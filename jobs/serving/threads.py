"""The threads in which the application works: shared fairly between those who ask."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from jobs.serving.errors import Refusal

T = TypeVar("T")

BUSY = partial(Refusal, 503, "The server has too much to do. Try again shortly.")

Task = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class FairThreads:
    """Run work in threads: of each client a few pieces at a time, and one client after the other.

    A client that asks for a thousand things at once delays itself; the next one to ask is served
    when any thread is free.

    Parameters
    ----------
    threads : int
        Pieces of work at the same time.
    of_one : int
        Of which at most so many are of one client.
    waiting : int
        Pieces of work that may wait.
    """

    def __init__(self, threads: int, of_one: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, "request")
        self._free = threads
        self._of_one = of_one
        self._most_waiting = waiting
        self._n_waiting = 0
        self._running: Counter[Hashable] = Counter()
        self._queues: dict[Hashable, deque[Task]] = {}
        self._turns: deque[Hashable] = deque()

    async def run(self, client: Hashable, work: Callable[[], T]) -> T:
        """Return what `work` returns; it is done even if nobody waits for it any more.

        Raises
        ------
        Refusal
            Too much waits already.
        """
        if self._n_waiting >= self._most_waiting:
            raise BUSY()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if client not in self._queues:
            self._queues[client] = deque()
            self._turns.append(client)
        self._queues[client].append((work, future))
        self._n_waiting += 1
        self._start_next()
        return await asyncio.shield(future)

    def _start_next(self) -> None:
        """Give the free threads to the clients, in turn."""
        for _ in range(len(self._turns)):
            if not self._free:
                return
            client = self._turns.popleft()
            if self._running[client] < self._of_one:
                self._start(client, *self._queues[client].popleft())
            if self._queues[client]:
                self._turns.append(client)
            else:
                del self._queues[client]

    def _start(
        self, client: Hashable, work: Callable[[], Any], future: asyncio.Future[Any]
    ) -> None:
        self._n_waiting -= 1
        self._free -= 1
        self._running[client] += 1
        done = asyncio.get_running_loop().run_in_executor(self._pool, work)
        done.add_done_callback(partial(self._ended, client, future))

    def _ended(
        self, client: Hashable, future: asyncio.Future[Any], done: asyncio.Future[Any]
    ) -> None:
        self._free += 1
        self._running[client] -= 1
        if not self._running[client]:
            del self._running[client]
        error = done.exception()
        if future.cancelled():
            pass
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(done.result())
        self._start_next()
