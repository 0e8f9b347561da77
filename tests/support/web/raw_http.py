"""HTTP as bytes: what a well-behaved client library would not send, or would not show."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobs.serving.admission import Examine
from jobs.serving.limits import Limits
from jobs.serving.server import Server
from jobs.serving.wsgi_call import Application

SHORT = Limits(
    head=1.0,
    idle=3.0,
    body_pause=1.0,
    body_grace=1.0,
    reader=1.5,
    linger=1.0,
    stop=1.0,
    connections=40,
    of_address=30,
    downloads=3,
    threads=4,
    threads_of_one=2,
)
"""For tests: nobody waits long."""


@dataclass
class Answer:
    """An answer as it was received, and what came after it."""

    status: int
    headers: dict[str, str]
    body: bytes
    rest: bytes


class Client:
    """A connection on which bytes are sent and received."""

    def __init__(self, port: int, receive_buffer: int | None = None, patience: float = 10) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(patience)
        self.socket.connect(("127.0.0.1", port))
        self._buffer = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def until(self, mark: bytes) -> bytes:
        """Return what comes up to a mark, which is left out; EOFError when it does not come."""
        while mark not in self._buffer:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError(self._buffer)
            self._buffer += data
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError(self._buffer)
            self._buffer += data
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def rest(self) -> bytes:
        """Return all that comes until the server closes."""
        with contextlib.suppress(ConnectionResetError):
            while data := self.socket.recv(65536):
                self._buffer += data
        found, self._buffer = self._buffer, b""
        return found

    def answer(self, method: str = "GET") -> Answer:
        """Return the next answer."""
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = [line.partition(": ") for line in lines[1:]]
        headers = {name.lower(): value for name, _, value in pairs}
        status = int(lines[0].split()[1])
        body = b""
        if method != "HEAD" and status not in (204, 304) and status >= 200:
            body = self._body(headers)
        return Answer(status, headers, body, self._buffer)

    def _body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return self.take(int(headers["content-length"]))
        if headers.get("transfer-encoding") != "chunked":
            return self.rest()
        parts = []
        while size := int(self.until(b"\r\n"), 16):
            parts.append(self.take(size))
            assert self.take(2) == b"\r\n"
        assert self.take(2) == b"\r\n"
        return b"".join(parts)


@contextlib.contextmanager
def served(
    application: Application,
    examine: Examine,
    folder: Path,
    limits: Limits,
    proxies: int = 0,
) -> Iterator[tuple[int, Server]]:
    """Run the web server in a thread; yield its port and itself."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = Server(application, examine, folder, proxies=proxies, limits=limits)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(listening)))
    thread.start()
    try:
        with socket.create_connection(("127.0.0.1", port)):  # it listens already
            pass
        yield port, server
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive()
