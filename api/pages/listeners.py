"""One open event stream: what waits to be sent, and how it is sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from db.models import Event
from jobs.serving.live import LiveAnswer
from services import events

if TYPE_CHECKING:
    from api.pages.stream import Broadcaster

HEARTBEAT_S = 15.0
POLL_S = 1.0
BACKLOG = 2000

Credential = tuple[str, str]
"""``("token", key)`` or ``("session", id)``: what let the listener in, checked again and again."""

STILL_HERE = ": still here\n\n"


@dataclass(eq=False)
class Listener:
    """One open stream, and what waits to be sent.

    `start` is the event after which it begins. While it is behind, it has been sent what it may see
    up to `position`; from then on it is sent what the broadcaster reads. `wake` is called, from the
    broadcaster's thread, when something waits; a stream without it is read by a thread.
    """

    credential: Credential
    person: int
    start: int
    position: int = field(init=False)
    is_behind: bool = True
    is_read: bool = False
    waiting: queue.Queue[str | None] = field(default_factory=lambda: queue.Queue(BACKLOG))
    born: float = field(default_factory=time.monotonic)
    wake: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        self.position = self.start

    def offer(self, rows: list[Event], resume: int) -> None:
        """Queue events; `resume` is the last one up to which nothing is left out.

        Raises
        ------
        queue.Full
            The listener is too slow.
        """
        try:
            for row in rows:
                self.waiting.put_nowait(as_text(row, min(row.id, resume)))
        finally:
            if rows:
                self._wake()

    def end(self) -> None:
        """Close the stream; what waits is dropped, the client resumes from its last event."""
        while True:
            try:
                self.waiting.put_nowait(None)
            except queue.Full:
                with contextlib.suppress(queue.Empty):
                    self.waiting.get_nowait()
            else:
                self._wake()
                return

    def _wake(self) -> None:
        if self.wake is not None:
            self.wake()


class Stream(LiveAnswer):
    """The text of a listener's stream, until the listener is ended or the reader leaves."""

    def __init__(self, broadcaster: Broadcaster, listener: Listener) -> None:
        self._broadcaster = broadcaster
        self._listener = listener
        self._texts: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Yield the parts, waiting in this thread."""
        if self._texts is None:
            self._texts = self._read_in_thread()
        return self._texts

    def __next__(self) -> bytes:
        return next(iter(self))

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the parts, waiting in the event loop."""
        listener, loop, news = self._listener, asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(news.set)

        listener.wake = wake
        yield self._begin()
        while True:
            news.clear()
            texts, is_over = self._waiting()
            if texts:
                yield "".join(texts).encode()
            if is_over:
                return
            if not texts:
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await news.wait()
                except TimeoutError:
                    yield STILL_HERE.encode()

    def close(self) -> None:
        """End it; called from any thread, also when it was never begun."""
        self._broadcaster.discard(self._listener)
        self._listener.end()

    def _begin(self) -> bytes:
        self._listener.is_read = True
        return f"retry: 2000\nid: {self._listener.start}\n: connected\n\n".encode()

    def _waiting(self) -> tuple[list[str], bool]:
        """Return what waits to be sent, and whether nothing more will come."""
        texts: list[str] = []
        with contextlib.suppress(queue.Empty):
            while True:
                text = self._listener.waiting.get_nowait()
                if text is None:
                    return texts, True
                texts.append(text)
        return texts, False

    def _read_in_thread(self) -> Iterator[bytes]:
        yield self._begin()
        quiet_since = time.monotonic()
        try:
            while not self._broadcaster.is_closing:
                try:
                    text = self._listener.waiting.get(timeout=POLL_S)
                except queue.Empty:
                    if time.monotonic() - quiet_since < HEARTBEAT_S:
                        continue
                    text = STILL_HERE
                if text is None:
                    return
                quiet_since = time.monotonic()
                yield text.encode()
        finally:
            self.close()


def as_text(event: Event, resume: int) -> str:
    """Return an event as the stream carries it: with the id after which to resume."""
    return f"id: {resume}\ndata: {json.dumps(events.as_dict(event))}\n\n"
