"""The requests in what a client sends, as httptools (llhttp) finds them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import httptools

from jobs.serving import request
from jobs.serving.errors import Refusal
from jobs.serving.exchange import Exchange
from jobs.serving.limits import Limits
from jobs.serving.request import Request

NOT_HTTP = partial(Refusal, 400, "The request is not valid HTTP.")
LONG_TARGET = partial(Refusal, 414, "The address of the request is too long.")
LONG_HEAD = partial(Refusal, 431, "The header of the request is too large.")


class RequestReader:
    """Reads requests.

    Parameters
    ----------
    limits : Limits
        Of the header.
    begin : callable
        Takes the head of a request, returns the exchange that gets the body; may raise `Refusal`.
    progress : callable
        Called when a part of a body has come.

    Attributes
    ----------
    target : bytes
        The address of the request whose head is being received, or was refused.
    receiving : Exchange or None
        The request whose body is being received.
    is_last : bool
        The client has said that it sends no more requests.
    """

    def __init__(
        self, limits: Limits, begin: Callable[[Request], Exchange], progress: Callable[[], None]
    ) -> None:
        self._limits = limits
        self._begin = begin
        self._progress = progress
        self._refusal: Refusal | None = None
        self.receiving: Exchange | None = None
        self.is_last = False
        self._new_parser()

    def _new_parser(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        # What follows the last request of a connection is nobody's, and no error.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._is_resuming = False
        # Bytes that were neither a whole head nor a part of a body: a head, framing of chunks,
        # or trailing fields, all of which the parser would take without end.
        self._unproductive = 0
        self._forget_head()

    def _forget_head(self) -> None:
        self._in_head = False
        self.target = b""
        self._fields: request.Fields = []

    @property
    def is_within_head(self) -> bool:
        """Whether a part of a head has come."""
        return self.receiving is None and (self._in_head or self._unproductive > 0)

    def feed(self, data: bytes) -> None:
        """Read on.

        Raises
        ------
        Refusal
            The request that is being received is not valid, or too large.
        """
        self._unproductive += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            raise self._refusal or NOT_HTTP() from None
        if self._unproductive > self._limits.head_size:
            raise NOT_HTTP() if self.receiving else self._oversize()

    def _feed(self, data: bytes) -> None:
        """Parse; a wish for another protocol (HTTP/2, WebSocket) is not heard."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
            self._new_parser()
            if self.receiving is not None:
                self._resume(self.receiving.request)
            if rest and not self.is_last:
                self._feed(rest)

    def _resume(self, interrupted: Request) -> None:
        """Let a new parser expect the body of a request: the old one expects another protocol."""
        self._is_resuming = True
        fields = [(name, value) for name, value in interrupted.fields if name in request.FRAMING]
        head = b"".join(b"%b: %b\r\n" % field for field in fields)
        self._parser.feed_data(b"POST / HTTP/1.1\r\n" + head + b"\r\n")
        self._forget_head()
        self._is_resuming = False

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head = True

    def on_url(self, part: bytes) -> None:
        """Take a part of the address."""
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; one that follows a body in chunks means nothing here."""
        if self._in_head:
            self._fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Check the head of a request, and begin its exchange."""
        if self._is_resuming:
            return
        size = len(self.target) + sum(len(n) + len(v) + 4 for n, v in self._fields)
        try:
            if size > self._limits.head_size or len(self._fields) > self._limits.headers:
                raise self._oversize()
            parsed = request.parse(
                self._parser.get_method(),
                self.target,
                self._fields,
                self._parser.get_http_version(),
                keep_alive=self._parser.should_keep_alive() or self._parser.should_upgrade(),
            )
            self.receiving = self._begin(parsed)
        except Refusal as refusal:
            self._refusal = refusal
            raise
        self._forget_head()
        self._unproductive = 0

    def on_body(self, data: bytes) -> None:
        """Take a part of a body."""
        self._unproductive = 0
        self._progress()
        if self.receiving is not None:
            self.receiving.received(data)

    def on_message_complete(self) -> None:
        """End a request."""
        exchange = self.receiving
        if exchange is None or (self._parser.should_upgrade() and exchange.request.has_body):
            return  # the body of a request that asks for another protocol is still to come
        self.receiving = None
        self._unproductive = 0
        exchange.whole()
        self.is_last = self.is_last or not exchange.request.keep_alive

    def _oversize(self) -> Refusal:
        is_address = len(self.target) > self._limits.head_size - 1024
        return LONG_TARGET() if is_address or not self._fields else LONG_HEAD()
