"""Clients that are slow on purpose, in four ways, and what others measure meanwhile."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlencode

KINDS = ("half request line", "endless headers", "no body", "unread download")
PAUSE_S = 0.5


def _begin(kind: str, host: str, download: str, token: str) -> bytes:
    """Return what a slow client sends first."""
    form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n"
    return {
        "half request line": "GET /log",
        "endless headers": f"GET /login HTTP/1.1\r\nHost: {host}\r\n",
        "no body": f"POST /login HTTP/1.1\r\nHost: {host}\r\n{form}\r\n",
        "unread download": f"GET {download} HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Token {token}\r\n\r\n",
    }[kind].encode()


@dataclass
class SlowClients:
    """So many connections of each kind, opened again as often as the server closes them."""

    port: int
    number: int
    download: str
    token: str
    opened: int = 0
    _sockets: list[tuple[str, socket.socket]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> SlowClients:
        # One of each kind after the other, as they would come.
        self._sockets = [(kind, self._open(kind)) for _ in range(self.number) for kind in KINDS]
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        for _, one in self._sockets:
            one.close()

    def _open(self, kind: str) -> socket.socket:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(5)
        one.connect(("127.0.0.1", self.port))
        one.sendall(_begin(kind, f"127.0.0.1:{self.port}", self.download, self.token))
        one.setblocking(False)
        self.opened += 1
        return one

    def _go_on(self) -> None:
        while not self._stop.wait(PAUSE_S):
            for place, (kind, one) in enumerate(self._sockets):
                if not self._is_held(kind, one):
                    one.close()
                    try:
                        self._sockets[place] = (kind, self._open(kind))
                    except OSError:
                        continue

    def _is_held(self, kind: str, one: socket.socket) -> bool:
        """Send on; return whether the server still has this client."""
        try:
            if kind == "endless headers":
                one.send(b"X-More: and more\r\n")
            if kind != "unread download":
                return one.recv(4096, socket.MSG_PEEK) == b"never"
        except BlockingIOError:
            return True
        except OSError:
            return False
        return not one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


@dataclass
class Measured:
    """Seconds of the requests that were answered, and what went wrong with the others."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def quantile(self, q: float) -> float:
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(q * len(self.seconds)))]


def measure(
    port: int, path: str, headers: dict[str, str], *, until: float, patience: float = 5.0
) -> Measured:
    """Ask again and again until a monotonic time, each time on a new connection."""
    measured = Measured()
    while time.monotonic() < until:
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                measured.failures.append(f"{path}: {answer.status}")
            else:
                measured.seconds.append(time.perf_counter() - began)
        except (OSError, http.client.HTTPException) as error:
            measured.failures.append(f"{path}: {error!r}")
        finally:
            connection.close()
        time.sleep(0.05)
    return measured


def at_once(tasks: dict[str, Callable[[], Measured]]) -> dict[str, Measured]:
    """Measure several things at the same time."""
    found: dict[str, Measured] = {}

    def run(name: str, task: Callable[[], Measured]) -> None:
        found[name] = task()

    threads = [threading.Thread(target=run, args=item) for item in tasks.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def signed_in(port: int, name: str, password: str) -> dict[str, str]:
    """Sign in through the form; return the header by which pages know the person."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/login")
    page = connection.getresponse()
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    token = page.read().decode().split('name="csrf_token" value="')[1].split('"')[0]
    form = urlencode({"username": name, "password": password, "csrf_token": token})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", form, headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 303, answer.status
    cookies = [value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie", [])]
    connection.close()
    return {"Cookie": "; ".join(cookies), "Accept": "text/html", "Sec-Fetch-Dest": "document"}
