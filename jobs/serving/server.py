"""The life of the web server: from the socket to the end of the last answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path

from jobs.serving.admission import Examine
from jobs.serving.bridge import Bridge
from jobs.serving.connection import Connection
from jobs.serving.connections import Connections
from jobs.serving.limits import Limits
from jobs.serving.wsgi_call import Application

log = logging.getLogger(__name__)

SWEEP_S = 1.0
REPORT_S = 60.0
OTHER_FILES = 512
"""Descriptors for databases, files being sent, bodies being received."""
FILES_OF_A_CONNECTION = 2
"""Its socket, and the file that it downloads or the body that it uploads."""
MOST_FILES = 65_536


def fitted(limits: Limits) -> Limits:
    """Raise the number of files that this process may open; return limits that fit into it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections * FILES_OF_A_CONNECTION + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = min(wanted, MOST_FILES, wanted if hard == resource.RLIM_INFINITY else hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        room = max(64, (soft - OTHER_FILES) // FILES_OF_A_CONNECTION)
        most = min(limits.connections, room)
        limits = replace(
            limits, connections=most, of_address=min(limits.of_address, max(32, most // 2))
        )
    return limits


class Server:
    """Serves an application on a socket that is open already.

    Parameters
    ----------
    application, examine
        See `Bridge`.
    folder : Path
        For large bodies on their way.
    proxies : int
        Trusted proxies before the server.
    """

    def __init__(
        self,
        application: Application,
        examine: Examine,
        folder: Path,
        *,
        proxies: int = 0,
        limits: Limits | None = None,
    ) -> None:
        self.limits = fitted(limits or Limits())
        self.connections = Connections(self.limits, proxies=bool(proxies))
        self.bridge = Bridge(application, examine, self.connections, folder, proxies)
        self._stopping: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, listening: socket.socket) -> bool:
        """Serve until SIGTERM or SIGINT; return whether every answer has ended."""
        return asyncio.run(self.serve(listening, signals=(signal.SIGTERM, signal.SIGINT)))

    async def serve(
        self, listening: socket.socket, signals: tuple[signal.Signals, ...] = ()
    ) -> bool:
        """Serve until one of the signals comes, or `stop` is called."""
        self._loop = loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        for sign in signals:
            loop.add_signal_handler(sign, self._stopping.set)
        listening.setblocking(False)
        server = await loop.create_server(
            lambda: Connection(self.connections, self.bridge.serve),
            sock=listening,
            backlog=self.limits.connections,
        )
        watch = loop.create_task(self._watch())
        await self._stopping.wait()
        server.close()
        self.connections.stop()
        ended = await self.bridge.stop(self.limits.stop)
        watch.cancel()
        self.connections.drop()
        return ended

    def stop(self) -> None:
        """Ask the server to stop; from any thread."""
        if self._loop is not None and self._stopping is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def _watch(self) -> None:
        """End what is overdue, and tell the log once a minute what was ended."""
        loop = asyncio.get_running_loop()
        reported = loop.time()
        while True:
            await asyncio.sleep(SWEEP_S)
            now = loop.time()
            self.connections.sweep(now)
            if self.connections.ended and now - reported > REPORT_S:
                reported = now
                ended = self.connections.ended
                said = ", ".join(f"{why} {n}" for why, n in sorted(ended.items()))
                log.warning("slow clients ended: %s; %d are connected", said, len(self.connections))
                ended.clear()


def inherited(descriptor: int) -> socket.socket:
    """Return the socket that the supervisor opened.

    Raises
    ------
    SystemExit
        There is none.
    """
    try:
        return socket.socket(fileno=descriptor)
    except OSError as error:
        sys.exit(f"descriptor {descriptor} is not a socket: {error.strerror}")
