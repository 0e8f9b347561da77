"""One connection: requests that are answered one after the other.

The event loop alone runs what is here. Whatever a client does costs its own connection: how long it
may take is judged by `overdue`, what it holds by `Connections`.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from jobs.serving import errors
from jobs.serving.errors import Gone, Refusal
from jobs.serving.exchange import Exchange
from jobs.serving.request import Request
from jobs.serving.request_reader import RequestReader

if TYPE_CHECKING:
    from jobs.serving.connections import Connections

TOO_MANY = partial(Refusal, 400, "Too many requests were sent without waiting for an answer.")
SLOW_HEAD = partial(Refusal, 408, "The header of the request did not come in time.")

UNSENT_KERNEL = 128 * 1024
"""Bytes that the kernel keeps unsent: a reader that takes nothing holds no more, and one on a slow
line is seen to make progress."""


class Connection(asyncio.Protocol):
    """A client, the requests it has sent, and the answer it is being sent.

    Attributes
    ----------
    may_stay : bool
        Whether another request is accepted after those that have come.
    since : float
        When the client last did what was due: connected, completed a header, sent a part of a body
        or took a part of an answer.
    has_asked : bool
        Whether it has ever sent a whole header.
    """

    def __init__(self, connections: Connections, serve: Callable[[Exchange], None]) -> None:
        self._connections = connections
        self._serve = serve
        self._limits = connections.limits
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)
        self.address = ""
        self.server: tuple[str, int] = ("", 0)
        self.may_stay = True
        self.has_asked = False
        self.since = self._loop.time()
        self._deadline = self.since + self._limits.head
        self._exchanges: deque[Exchange] = deque()
        self._reader = RequestReader(self._limits, self._begin, self._note_progress)
        self._refusal: Refusal | None = None
        self._is_deaf = False
        self._is_paused = False
        self._can_write = asyncio.Event()
        self._can_write.set()
        self._written = self._taken = 0

    def _begin(self, head: Request) -> Exchange:
        """Take the head of a request; the first in the row is answered."""
        if len(self._exchanges) > self._limits.pipelined:
            raise TOO_MANY()
        self.has_asked = True
        self._note_progress()
        exchange = Exchange(self, head)
        self._exchanges.append(exchange)
        if len(self._exchanges) == 1:
            self._serve(exchange)
        return exchange

    def _note_progress(self) -> None:
        self.since = self._loop.time()

    # What asyncio reports.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a client, if there is room or some can be made."""
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        own = transport.get_extra_info("sockname")
        if isinstance(peer, tuple):
            self.address = str(peer[0])
        if isinstance(own, tuple):
            self.server = (str(own[0]), int(own[1]))
        kernel = transport.get_extra_info("socket")
        if kernel is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            kernel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_KERNEL)
        if not self._connections.add(self):
            self._is_deaf = True
            self._send_refusal(Refusal(503, "The server has too many connections."))
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Read on; whatever is wrong with it is answered after the requests before it."""
        if self._is_deaf:
            return
        if not (self._reader.receiving or self._reader.is_within_head):
            self._deadline = min(self._deadline, self._loop.time() + self._limits.head)
        try:
            self._reader.feed(data)
        except Refusal as refusal:
            self._give_up(refusal)
            return
        self._is_deaf = self._is_deaf or self._reader.is_last
        self.reconsider_reading()

    def _give_up(self, refusal: Refusal) -> None:
        """Read nothing more: the request that is being received is not valid."""
        self._is_deaf = True
        self.may_stay = False
        if self._reader.receiving is not None:
            self._reader.receiving.fail(refusal)
        else:
            self._refusal = refusal
            if not self._exchanges:
                self._answer_refusal(refusal)

    def _answer_refusal(self, refusal: Refusal) -> None:
        self._send_refusal(refusal)
        self._linger()

    def _send_refusal(self, refusal: Refusal) -> None:
        status, headers, body = errors.answer(refusal, self._reader.target)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body)

    def eof_received(self) -> bool:
        """Note that the client sends no more; what it asked for as a whole it still gets."""
        self.may_stay = False
        self._is_deaf = True
        if self._reader.receiving is not None or not self._exchanges or self._exchanges[0].is_live:
            return False
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Nobody is there any more."""
        del error
        self._is_deaf = True
        self._connections.remove(self)
        self._can_write.set()
        for exchange in self._exchanges:
            exchange.fail(Gone())

    def pause_writing(self) -> None:
        """Wait: the client takes less than it is sent."""
        self._can_write.clear()

    def resume_writing(self) -> None:
        """Go on: the client has taken most of it."""
        self._can_write.set()

    # What exchanges ask for.

    def write(self, data: bytes) -> None:
        """Send `data`, in the order of the calls."""
        if self.transport.is_closing():
            return
        if not self.transport.get_write_buffer_size():
            self.since = self._loop.time()
        self._written += len(data)
        self.transport.write(data)
        self._taken = self._written - self.untaken

    async def taken(self) -> None:
        """Wait until there is room for more; the exchange finds out whether somebody is there."""
        await self._can_write.wait()

    def reconsider_reading(self) -> None:
        """Read only while what has come is being used; a closed connection is noticed meanwhile."""
        receiving = self._reader.receiving
        full = len(self._exchanges) > 1 or (receiving is not None and receiving.holds_much)
        if full != self._is_paused and not self.transport.is_closing():
            self._is_paused = full
            (self.transport.pause_reading if full else self.transport.resume_reading)()

    def answered(self, exchange: Exchange) -> None:
        """Go on to the next request, or end the connection."""
        self._exchanges.popleft()
        self.since = self._loop.time()
        if self.transport.is_closing():
            return
        if not exchange.is_received:
            self._is_deaf = True  # the rest of its body is not wanted
            self._linger()
        elif not self.may_stay and not (self._exchanges or self._refusal):
            self.transport.close()
        elif self._exchanges:
            self._serve(self._exchanges[0])
        elif self._refusal is not None:
            self._answer_refusal(self._refusal)
        else:
            pause = self._limits.head if self._reader.is_within_head else self._limits.idle
            self._deadline = self._loop.time() + pause
        self.reconsider_reading()

    def _linger(self) -> None:
        """Close once the client has read the answer: closing on what it sends would destroy it."""
        self.may_stay = False
        self._deadline = self._loop.time() + self._limits.linger
        self._exchanges.clear()
        self._reader.receiving = None
        if self._is_paused and not self.transport.is_closing():
            self._is_paused = False
            self.transport.resume_reading()
        if not self.transport.is_closing() and self.transport.can_write_eof():
            self.transport.write_eof()

    # What the connections ask for.

    @property
    def untaken(self) -> int:
        """Bytes of an answer that wait for the client."""
        return self.transport.get_write_buffer_size()

    @property
    def current(self) -> Exchange | None:
        """The request that is being answered."""
        return self._exchanges[0] if self._exchanges else None

    @property
    def is_waited_for(self) -> bool:
        """Whether the client has the next step to do: it may be the first to go."""
        exchange = self.current
        return exchange is None or not exchange.is_received or bool(self.untaken)

    def overdue(self, now: float) -> bool:
        """Return whether the client has had its time."""
        untaken = self.untaken
        if untaken:
            if self._written - untaken != self._taken:
                self._taken = self._written - untaken
                self.since = now
            return now - self.since > self._limits.reader
        return not self._exchanges and now > self._deadline

    def expire(self) -> None:
        """End a connection that is overdue."""
        if self._is_deaf or self.untaken or not self._reader.is_within_head:
            self.drop()
        else:
            self._give_up(SLOW_HEAD())

    def stop(self) -> None:
        """End the connection, after the answer that is under way."""
        self.may_stay = False
        exchange = self.current
        if exchange is None or not exchange.is_received or exchange.is_live:
            self.drop()

    def drop(self) -> None:
        """End the connection now."""
        if self.transport is not None:
            self.transport.abort()
