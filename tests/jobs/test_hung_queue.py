"""A queue that accepts connections and does not answer costs a person two seconds at most, once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from jobs import connection
from jobs.connection import open_impatient_redis


@pytest.fixture
def mute(tmp_path: Path) -> Iterator[str]:
    """A server that takes everything and says nothing."""
    path = tmp_path / "mute.sock"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen(100)
    held: list[socket.socket] = []

    def accept() -> None:
        try:
            while True:
                held.append(server.accept()[0])
        except OSError:
            return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"unix://:secret@{path}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()
    for one in held:
        one.close()


def test_it_is_given_up_and_not_asked_again_at_once(
    mute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_impatient_redis(mute)
    began = time.monotonic()
    for _ in range(50):
        with pytest.raises(RedisError):
            client.ping()
        with pytest.raises(RedisError):
            client.pipeline().llen("a").get("b").execute()
    assert time.monotonic() - began < 2
    now = time.monotonic
    monkeypatch.setattr(connection.time, "monotonic", lambda: now() + connection.QUIET_S)
    began = now()
    with pytest.raises(RedisError):
        client.ping()
    assert now() - began > 0.5, "after a while it is asked again"


def test_a_queue_that_is_away_is_no_reason_not_to_ask(tmp_path: Path) -> None:
    client = open_impatient_redis(f"unix://{tmp_path}/nobody.sock")
    for _ in range(3):
        with pytest.raises(connection.NotConnected):
            client.ping()
