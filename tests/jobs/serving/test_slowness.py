"""One client's slowness costs only itself: deadlines, limits, and who gives way."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import Any

import pytest

from jobs.serving.limits import Limits
from tests.support.web.raw_http import SHORT, Client

HOST = b"Host: a\r\n"
DOWNLOAD = b"GET /archive?1 HTTP/1.1\r\n" + HOST + b"\r\n"


def ended(client: Client, within: float = 6) -> bytes:
    """Return what the server sends before it ends the connection."""
    client.socket.settimeout(within)
    return client.rest()


def test_half_a_request_line_is_ended(running: Any) -> None:
    with running.client() as silent, running.client() as half:
        half.send(b"GET /api/fi")
        assert ended(half).startswith(b"HTTP/1.1 408 ")
        assert ended(silent) == b""


def test_endless_headers_are_ended(running: Any) -> None:
    began = time.monotonic()
    with running.client() as client, contextlib.suppress(OSError):
        client.send(b"GET / HTTP/1.1\r\n")
        while time.monotonic() - began < 8:
            client.send(b"X-More: y\r\n")
            time.sleep(0.1)
    assert time.monotonic() - began < 7


def test_a_header_in_time_is_no_excuse_for_the_next(running: Any) -> None:
    with running.client() as client:
        client.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\nGET /half")
        assert client.answer().status == 200
        assert client.answer().status == 408


def test_a_connection_without_requests_is_ended_later(running: Any) -> None:
    with running.client() as client:
        client.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        assert client.answer().status == 200
        time.sleep(2)  # longer than a header may take
        client.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        assert client.answer().status == 200
        assert ended(client) == b""


@pytest.mark.parametrize("form", [b"Content-Length: 500\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_that_does_not_come_is_ended(running: Any, form: bytes) -> None:
    with running.client() as client:
        client.send(b"POST /api/x HTTP/1.1\r\n" + HOST + form + b"\r\n1")
        assert client.answer().status == 408
        assert client.rest() == b""
    assert not running.application.seen


def test_a_body_that_trickles_is_ended(running: Any) -> None:
    with running.client() as client:
        client.send(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 50000\r\n\r\n")
        client.socket.settimeout(0.2)
        began = time.monotonic()
        while time.monotonic() - began < 6:
            client.send(b"x" * 20)
            with contextlib.suppress(TimeoutError):
                if client.answer().status == 408:
                    break
        else:
            pytest.fail("it may go on")


def test_chunks_without_an_end_are_refused(running: Any) -> None:
    head = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    for endless in (b"3;" + b"x" * 600_000, b"0\r\nX-Trailer: " + b"x" * 600_000):
        with running.client() as client:
            with contextlib.suppress(OSError):
                client.send(head + endless)
            assert client.answer().status == 400


def test_a_reader_that_takes_nothing_is_ended_and_costs_no_thread(running: Any) -> None:
    application = running.application
    with running.client(receive_buffer=4096) as client:
        client.send(DOWNLOAD)
        running.until(lambda: application.pieces, "it begins")
        time.sleep(0.5)
        before = application.pieces
        assert before < 200, "read no further than the client"
        assert running.get() == 200
        running.until(application.closed.is_set, "the archive is closed")
        assert application.pieces == before
        with contextlib.suppress(OSError):
            assert len(ended(client)) < 24 << 20


def test_a_slow_reader_that_goes_on_gets_everything(running: Any) -> None:
    with running.client(receive_buffer=65536) as client:
        client.send(b"GET /file HTTP/1.1\r\n" + HOST + b"\r\n")
        client.until(b"\r\n\r\n")
        began = time.monotonic()
        for _ in range(24):
            client.take(1 << 20)
            time.sleep(0.15)
        assert time.monotonic() - began > 2 * running.server.limits.reader


def test_who_leaves_ends_the_archive(running: Any) -> None:
    with running.client(receive_buffer=4096) as client:
        client.send(DOWNLOAD)
        running.until(lambda: running.application.pieces, "it begins")
    running.until(running.application.closed.is_set, "it is closed")
    running.until(lambda: not len(running.server.connections), "it is forgotten")


def test_downloads_that_stall_give_way_to_those_that_do_not(running: Any) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(6):  # three are allowed
            client = stack.enter_context(running.client(receive_buffer=4096))
            client.send(DOWNLOAD)
        time.sleep(1.2)
        with running.client() as good:
            good.send(DOWNLOAD)
            assert len(good.answer().body) == 24 << 20


def test_downloads_that_go_on_are_limited(running: Any) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.client(receive_buffer=4096)) for _ in range(4)]
        for client in clients:
            client.send(DOWNLOAD)
        lines = [client.until(b"\r\n") for client in clients]
        assert [b" 429 " in line for line in sorted(lines)] == [False] * 3 + [True]
        other = stack.enter_context(running.client())
        other.send(DOWNLOAD.replace(b"?1", b"?2"))
        assert len(other.answer().body) == 24 << 20, "those of others do not count"


def test_where_there_is_no_room_the_slow_give_way(running: Any) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(running.client()) for _ in range(30)]
        for client in slow:
            client.send(b"GET /ha")
        good = stack.enter_context(running.client())
        for _ in range(3):
            good.send(b"GET /good HTTP/1.1\r\n" + HOST + b"\r\n")
            assert good.answer().status == 200
            for _ in range(20):
                slow.append(stack.enter_context(running.client()))
                slow[-1].send(b"GET /ha")
            assert running.get() == 200
        assert len(running.server.connections) <= running.server.limits.of_address


def test_a_burst_of_one_client_waits_and_others_do_not(running: Any) -> None:
    with contextlib.ExitStack() as stack:
        burst = [stack.enter_context(running.client()) for _ in range(20)]
        for client in burst:
            client.send(b"GET /slow HTTP/1.1\r\n" + HOST + b"Authorization: Token a\r\n\r\n")
        running.until(lambda: len(running.application.seen) == 2, "as many as one client may")
        time.sleep(0.3)
        assert running.get() == 200
        assert len(running.application.seen) == 3
        running.application.release.set()
        assert {client.answer().status for client in burst} == {200}


class TestProxies:
    """Clients behind a proxy are counted by the address that it names, once it has named one."""

    @pytest.fixture
    def proxies(self) -> int:
        return 1

    @pytest.fixture
    def limits(self) -> Limits:
        return replace(SHORT, of_address=4)

    def test_each_client_has_its_own_limit(self, running: Any) -> None:
        with contextlib.ExitStack() as stack:
            for number in range(20):
                client = stack.enter_context(running.client())
                address = b"198.51.100.%d" % (number % 4)
                named = b"X-Forwarded-For: 192.0.2.1, " + address + b"\r\n"
                client.send(b"GET / HTTP/1.1\r\n" + HOST + named + b"\r\n")
                assert client.answer().status == 200
            running.until(lambda: len(running.server.connections) == 16, "the fifth of each went")
            assert running.get() == 200


def test_the_server_stops_in_time(running: Any) -> None:
    with running.client() as idle, running.client() as working, running.client() as half:
        half.send(b"GET /ha")
        working.send(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n")
        running.until(lambda: running.application.seen, "it works")
        began = time.monotonic()
        running.server.stop()
        assert idle.rest() == half.rest() == b""
        running.application.release.set()
        assert working.answer().status == 200
        assert working.rest() == b""
        assert time.monotonic() - began < 2
