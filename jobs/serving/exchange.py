"""One request and its answer: what the bridge to the application sees of a connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import TYPE_CHECKING

from jobs.serving import errors
from jobs.serving.answer_head import Framing, head_of
from jobs.serving.errors import Gone, Refusal
from jobs.serving.request import Request

if TYPE_CHECKING:
    from jobs.serving.connection import Connection

BUFFERED_BODY = 64 * 1024
"""Bytes of a body beyond which nothing more is read from the client until they are used."""


class Exchange:
    """A request, the part of its body that has come, and the answer that is sent.

    Attributes
    ----------
    is_live : bool
        The answer is an event stream, which ends when the client or the server does.
    on_gone : callable or None
        Called when the client is gone.
    """

    def __init__(self, connection: Connection, request: Request) -> None:
        self.connection = connection
        self.request = request
        self.is_received = not request.has_body
        self.is_started = False
        self.is_finished = False
        self.is_live = False
        self.on_gone: Callable[[], object] | None = None
        self._body = bytearray()
        self._news = asyncio.Event()
        self._trouble: Exception | None = None
        self._waits_for_continue = request.has_body and request.expects_continue
        self._framing = Framing.LENGTH
        self._left = 0
        self._unsent_head = b""

    # What the connection reports.

    def received(self, data: bytes) -> None:
        """Take a part of the body."""
        self._waits_for_continue = False
        self._body += data
        self._news.set()

    def whole(self) -> None:
        """Note that the body has ended."""
        self.is_received = True
        self._news.set()

    def fail(self, trouble: Exception) -> None:
        """Let the bridge learn that nothing more can be read, or written."""
        if self._trouble is None or isinstance(trouble, Gone):
            self._trouble = trouble
        self._news.set()
        if isinstance(trouble, Gone) and self.on_gone is not None:
            self.on_gone()

    @property
    def holds_much(self) -> bool:
        """Whether the connection should read nothing more for now."""
        return len(self._body) > BUFFERED_BODY

    @property
    def is_gone(self) -> bool:
        """Whether the client is gone."""
        return isinstance(self._trouble, Gone)

    # What the bridge does.

    async def read(self, patience: float) -> bytes:
        """Return the next part of the body, b"" at its end.

        Raises
        ------
        TimeoutError
            Nothing has come for `patience` seconds.
        Refusal, Gone
            The body is not valid, or the client is gone.
        """
        if self._waits_for_continue and not self.is_received:
            self._waits_for_continue = False
            self.connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not self._body and not self.is_received and self._trouble is None:
            self._news.clear()
            async with asyncio.timeout(patience):
                await self._news.wait()
        if self._trouble is not None:
            raise self._trouble
        data = bytes(self._body)
        self._body.clear()
        self.connection.reconsider_reading()
        return data

    def start(self, status: str, headers: list[tuple[str, str]]) -> None:
        """Begin the answer.

        Raises
        ------
        ValueError
            A header can't be sent as it is.
        """
        head = head_of(
            self.request, status, headers, keep_alive=self.is_received and self.connection.may_stay
        )
        self.is_started = True
        self._framing, self._left = head.framing, head.length
        if not head.keep_alive:
            self.connection.may_stay = False
        date = formatdate(time.time(), usegmt=True).encode()
        self._unsent_head = head.text + b"date: " + date + b"\r\n\r\n"

    async def write(self, data: bytes) -> None:
        """Send a part of the answer; return when the client has taken most of it.

        Raises
        ------
        Gone
            There is nobody to send it to.
        ValueError
            It is longer than was announced.
        """
        self._check_client()
        if self._framing is Framing.NONE:
            data = b""
        elif self._framing is Framing.LENGTH:
            self._left -= len(data)
            if self._left < 0:
                raise ValueError("the answer is longer than its Content-Length")
        elif self._framing is Framing.CHUNKS and data:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        if data or self._unsent_head:
            self.connection.write(self._unsent_head + data if self._unsent_head else data)
            self._unsent_head = b""
        await self.connection.taken()
        self._check_client()

    def _check_client(self) -> None:
        if self._trouble is not None and self.is_gone:
            raise self._trouble

    def finish(self) -> None:
        """End the answer.

        Raises
        ------
        ValueError
            It is shorter than was announced.
        """
        if self._framing is Framing.LENGTH and self._left:
            raise ValueError("the answer is shorter than its Content-Length")
        tail = self._unsent_head + (b"0\r\n\r\n" if self._framing is Framing.CHUNKS else b"")
        self._unsent_head = b""
        if tail:
            self.connection.write(tail)
        self.is_finished = True
        self.connection.answered(self)

    def refuse(self, refusal: Refusal) -> None:
        """Answer with an error of the server, or break off an answer that has begun."""
        if self.is_started:
            self.connection.drop()
            return
        self.send_whole(errors.answer(refusal, self.request.target))

    def send_whole(self, answer: errors.Answer) -> None:
        """Send an answer that is complete."""
        status, headers, body = answer
        self.start(status, headers)
        if self._framing is not Framing.NONE and body:
            self._left -= len(body)
            self.connection.write(self._unsent_head + body)
            self._unsent_head = b""
        self.finish()
