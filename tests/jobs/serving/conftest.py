"""A web server with short patience and a small application, on a free port."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jobs.serving.admission import PERSON, Admission, Environ
from jobs.serving.errors import Answer
from jobs.serving.limits import Limits
from jobs.serving.server import Server
from tests.support.web.raw_http import SHORT, Client, served

REFUSED: Answer = ("403 FORBIDDEN", [("Content-Length", "2"), ("Connection", "close")], b"no")
LARGE = 24 << 20


@dataclass
class Small:
    """An application that answers what it was asked, and keeps what it has seen."""

    seen: list[Environ] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    examined: list[Environ] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    closed: threading.Event = field(default_factory=threading.Event)
    pieces: int = 0
    release: threading.Event = field(default_factory=threading.Event)

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        self.seen.append(environ)
        self.bodies.append(environ["wsgi.input"].read())
        path = environ["PATH_INFO"]
        if path == "/fail":
            raise RuntimeError("as it was meant to")
        if path == "/split":
            start("200 OK", [("X-Evil", "a\r\nSet-Cookie: b"), ("Content-Length", "0")])
            return []
        if path == "/empty":
            start("204 NO CONTENT", [])
            return []
        if path == "/file":
            start("200 OK", [("Content-Length", str(LARGE))])
            return environ["wsgi.file_wrapper"](Counted(self), 8192)
        if path == "/archive":
            environ[PERSON] = int(environ["QUERY_STRING"] or 0)
            start("200 OK", [("Content-Type", "application/zip")])
            return self._archive(LARGE if environ["QUERY_STRING"] else 3 << 20)
        if path == "/slow":
            self.release.wait(10)
        text = f"{environ['REQUEST_METHOD']} {path}".encode()
        start("200 OK", [("Content-Length", str(len(text)))])
        return [text]

    def _archive(self, size: int) -> Iterator[bytes]:
        try:
            while size > 0:
                self.pieces += 1
                self.threads.add(threading.get_ident())
                size -= 65536
                yield b"z" * 65536
        finally:
            self.closed.set()

    def examine(self, environ: Environ) -> Admission:
        self.examined.append(environ)
        if environ["PATH_INFO"] == "/forbidden":
            return Admission(0, REFUSED)
        return Admission(5 << 20)


class Counted(io.RawIOBase):
    """A large file that tells how often it was read, and that it was closed."""

    def __init__(self, application: Small) -> None:
        self._application = application
        self._left = LARGE

    def read(self, size: int = -1) -> bytes:
        self._application.pieces += 1
        size = min(size, self._left)
        self._left -= size
        return b"f" * size

    def close(self) -> None:
        self._application.closed.set()


@dataclass
class Running:
    """The server of a test."""

    application: Small
    port: int
    server: Server
    folder: Path

    def client(self, **more: Any) -> Client:
        return Client(self.port, **more)

    def get(self, path: str = "/") -> int:
        """Ask as a client that does what is due; return the status."""
        with self.client() as client:
            client.send(
                f"GET {path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n".encode()
            )
            return client.answer().status

    def until(self, condition: Callable[[], object], what: str, seconds: float = 8) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, what
            time.sleep(0.02)


@pytest.fixture
def limits() -> Limits:
    return SHORT


@pytest.fixture
def proxies() -> int:
    return 0


@pytest.fixture
def running(tmp_path: Path, limits: Limits, proxies: int) -> Iterator[Running]:
    application = Small()
    folder = tmp_path / "incoming"
    with served(application, application.examine, folder, limits, proxies) as (port, server):
        yield Running(application, port, server, folder)
        application.release.set()
