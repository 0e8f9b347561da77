"""Bodies are received before a thread is used, within limits, and nothing is left of them."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.serving.limits import Limits
from tests.support.web.raw_http import SHORT

HOST = b"Host: a\r\n"


def post(path: bytes, size: int) -> bytes:
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % size


def held(folder: Path) -> list[str]:
    """Return the open files of this process in a folder: they have no name there."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{name}")
            if target.startswith(str(folder)):
                found.append(target)
    return found


def test_a_large_body_goes_through_a_file_without_a_name(running: Any) -> None:
    body = os.urandom(4 << 20)
    with running.client() as client:
        client.send(post(b"/a", len(body)) + body[: 3 << 20])
        running.until(lambda: held(running.folder), "it is written to the folder")
        assert list(running.folder.iterdir()) == []
        assert not running.application.seen, "no thread waits for it"
        client.send(body[3 << 20 :])
        assert client.answer().status == 200
    assert running.application.bodies == [body]
    running.until(lambda: not held(running.folder), "it is gone")


def test_a_large_body_in_chunks(running: Any) -> None:
    body = os.urandom(3 << 20)
    with running.client() as client:
        client.send(b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 100_000):
            part = body[start : start + 100_000]
            client.send(b"%x\r\n%b\r\n" % (len(part), part))
        client.send(b"0\r\n\r\n")
        assert client.answer().status == 200
    assert running.application.bodies == [body]
    assert len(running.application.examined) == 1


def test_who_leaves_leaves_nothing(running: Any) -> None:
    with running.client() as client:
        client.send(post(b"/a", 4 << 20) + b"x" * (3 << 20))
        running.until(lambda: held(running.folder), "it is written to the folder")
    running.until(lambda: not held(running.folder), "it is gone")
    assert not running.application.seen


def test_a_large_body_is_refused_before_it_comes(running: Any) -> None:
    with running.client() as client:
        client.send(post(b"/forbidden", 2 << 20))
        answer = client.answer()
        assert (answer.status, answer.body) == (403, b"no")
        assert client.rest() == b""
    with running.client() as client:
        client.send(post(b"/api/a", 6 << 20))
        assert client.answer().status == 413
    assert not running.application.seen


def test_who_sends_on_still_reads_the_refusal(running: Any) -> None:
    with running.client() as client:
        client.send(post(b"/forbidden", 2 << 20))
        with contextlib.suppress(OSError):
            client.send(b"x" * (2 << 20))
        assert client.answer().status == 403


def test_more_than_was_allowed_is_refused(running: Any) -> None:
    with running.client() as client:
        client.send(b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(8):
                client.send(b"100000\r\n" + b"x" * (1 << 20) + b"\r\n")
        assert client.answer().status == 413
    assert not running.application.seen
    running.until(lambda: not held(running.folder), "it is gone")


class TestFullDisk:
    """A body that would fill the disk is refused before it comes."""

    @pytest.fixture
    def limits(self) -> Limits:
        return replace(SHORT, spare_disk=1 << 60)

    def test_it_is_refused(self, running: Any) -> None:
        with running.client() as client:
            client.send(post(b"/api/a", 4 << 20))
            answer = client.answer()
            assert (answer.status, answer.headers["retry-after"]) == (503, "5")
