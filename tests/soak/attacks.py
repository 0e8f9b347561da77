"""What is done to the site from outside during a soak: slow clients, bombs, and one good client."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import os
import random
import socket
import statistics
import threading
import time
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.support.live_site import LiveSite

N_SLOW = 60
"""Connections of each kind that are held at a time."""
BOMB_S = 7.0
CARD = 80


class Attacks:
    """Threads that attack a deployment until they are told to stop."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        self.token = site.staff_token()
        self.latencies: list[float] = []
        self.failures = 0
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=job, daemon=True)
            for job in (self._slow_clients, self._bombs, self._good_client)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> str:
        """Stop; return what the good client met."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        if len(self.latencies) < 2:
            return "no request of the good client was answered"
        p95 = statistics.quantiles(self.latencies, n=20)[-1]
        return (
            f"good client: {len(self.latencies)} answers, median "
            f"{1000 * statistics.median(self.latencies):.0f} ms, p95 {1000 * p95:.0f} ms; "
            f"{self.failures} while the site was killed"
        )

    # --- slow clients ---------------------------------------------------------------------------

    def _slow_clients(self) -> None:
        kinds = (self._half_line, self._endless_headers, self._no_body, self._unread)
        held: dict[socket.socket, Callable[[socket.socket], None]] = {}
        while not self._stop.wait(0.5):
            for kind in kinds:
                for _ in range(N_SLOW - sum(other == kind for other in held.values())):
                    with contextlib.suppress(OSError):
                        client = socket.create_connection(("127.0.0.1", self.site.port), 2)
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                        kind(client)
                        held[client] = kind
            for client, kind in list(held.items()):
                try:
                    if kind == self._endless_headers:
                        client.sendall(b"X-More: 1\r\n")
                    elif kind != self._unread and client.recv(1, socket.MSG_DONTWAIT) == b"":
                        raise ConnectionResetError
                except BlockingIOError:
                    continue
                except OSError:
                    client.close()
                    del held[client]
        for client in held:
            client.close()

    def _half_line(self, client: socket.socket) -> None:
        client.sendall(b"GET /hea")

    def _endless_headers(self, client: socket.socket) -> None:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")

    def _no_body(self, client: socket.socket) -> None:
        client.sendall(
            b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )

    def _unread(self, client: socket.socket) -> None:
        client.sendall(
            b"GET /api/files/download/?ids=1,2,3,4,5,6 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Authorization: Token " + self.token.encode() + b"\r\n\r\n"
        )

    # --- files ----------------------------------------------------------------------------------

    def _bombs(self) -> None:
        folder = self.site.raw / "attack" / "below"
        chance = random.Random(8)
        for number in itertools.count():
            if self._stop.wait(BOMB_S):
                return
            with contextlib.suppress(OSError):  # everything may be killed, the folder not be there
                folder.mkdir(parents=True, exist_ok=True)
                name, content = self._bomb(number, chance)
                with open(os.path.join(os.fsencode(folder), name), "wb") as file:
                    file.write(content)

    def _bomb(self, number: int, chance: random.Random) -> tuple[bytes, bytes]:
        label = f"{number:05d}".encode()
        kinds = (
            (label + b"_zeros.fits.gz", gzip.compress(bytes(200_000_000), 1)),
            (label + b"_zeros.fits", gzip.compress(bytes(200_000_000), 1)),
            (label + b"_axis.fits", _header(f"NAXIS1  = {'9' * 60}")),
            (label + b"_pcount.fits", _header("NAXIS1  = 1", "PCOUNT  = 99999999999999")),
            (label + b"_\xff\xfe.fits", _header("NAXIS1  = 1")),
            (label + b"_noise.fits", chance.randbytes(100_000)),
        )
        return kinds[number % len(kinds)]

    # --- everyone else --------------------------------------------------------------------------

    def _good_client(self) -> None:
        named = {"Authorization": f"Token {self.token}"}
        paths = itertools.cycle(("/healthz", "/login", "/api/files/?page_size=5"))
        while not self._stop.wait(0.3):
            began = time.monotonic()
            try:
                with urlopen(
                    Request(f"{self.site.url}{next(paths)}", headers=named), timeout=30
                ) as answer:
                    answer.read()
            except HTTPError:
                self.latencies.append(time.monotonic() - began)  # 503 of a part that was killed
            except OSError:
                self.failures += 1
            else:
                self.latencies.append(time.monotonic() - began)


def _header(*cards: str) -> bytes:
    lines = ("SIMPLE  = T", "BITPIX  = 16", "NAXIS   = 2", *cards, "NAXIS2  = 1", "END")
    text = "".join(f"{line:<{CARD}}"[:CARD] for line in lines).encode()
    return text + b" " * (-len(text) % 2880)
