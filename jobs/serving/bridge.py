"""From the event loop to the WSGI application and back.

A thread is used only while the application works: not while a body comes in, nor while a client
takes its answer. Files and archives are read on when the client has taken the last piece.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from jobs.serving.admission import PERSON, Admission, Environ, Examine
from jobs.serving.body import Receiver
from jobs.serving.connections import Connections
from jobs.serving.errors import Gone, Refusal
from jobs.serving.exchange import Exchange
from jobs.serving.limits import Limits
from jobs.serving.live import LiveAnswer
from jobs.serving.threads import FairThreads
from jobs.serving.wsgi_call import Application, WsgiCall, file_wrapper

log = logging.getLogger(__name__)

FAILURE = partial(Refusal, 500, "An unexpected error occurred. It has been logged.")


class _Answered(Exception):
    """The application refused a request before its body was received, and was heard."""


class Bridge:
    """Answers requests by the application.

    Parameters
    ----------
    application : callable
        WSGI.
    examine : callable
        Tells whether a body is wanted, from the header alone.
    connections : Connections
        Counts what people download.
    folder : Path
        For large bodies on their way.
    proxies : int
        Trusted proxies before the server, each of which adds to ``X-Forwarded-For``.
    """

    def __init__(
        self,
        application: Application,
        examine: Examine,
        connections: Connections,
        folder: Path,
        proxies: int = 0,
    ) -> None:
        self._application = application
        self._examine = examine
        self._connections = connections
        self._proxies = proxies
        self._limits: Limits = connections.limits
        self._threads = FairThreads(
            self._limits.threads, self._limits.threads_of_one, self._limits.waiting
        )
        self._disk = ThreadPoolExecutor(4, "body")
        self._receiver = Receiver(self._limits, folder, self._disk)
        self._file_wrapper = file_wrapper(self._limits.piece)
        self.tasks: set[asyncio.Task[None]] = set()

    def serve(self, exchange: Exchange) -> None:
        """Answer a request, as a task of the loop."""
        task = asyncio.get_running_loop().create_task(self._serve(exchange))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await self._answer(exchange)
        except Refusal as refusal:
            exchange.refuse(refusal)
        except (Gone, _Answered):
            pass
        except Exception:
            log.exception("%s %.200r", exchange.request.method, exchange.request.target)
            exchange.refuse(FAILURE())

    async def _answer(self, exchange: Exchange) -> None:
        connection = exchange.connection
        environ = exchange.request.environ(connection.address, connection.server)
        environ["wsgi.file_wrapper"] = self._file_wrapper
        self._count_forwarded(exchange, environ)
        if not exchange.request.has_body:
            environ["wsgi.input"] = io.BytesIO()
            await self._call(exchange, environ)
            return

        async def ask_limit() -> int:
            return await self._ask_limit(exchange, environ)

        body, size = await self._receiver.receive(exchange, ask_limit)
        with body:
            environ["wsgi.input"] = body
            environ["CONTENT_LENGTH"] = str(size)
            await self._call(exchange, environ)

    def _count_forwarded(self, exchange: Exchange, environ: Environ) -> None:
        """Count a client behind a trusted proxy by the address that the proxy names."""
        if self._proxies:
            named = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
            if len(named) >= self._proxies and (address := named[-self._proxies].strip()):
                self._connections.forwarded(exchange.connection, address)

    async def _ask_limit(self, exchange: Exchange, environ: Environ) -> int:
        length = exchange.request.length
        asked = {**environ, "wsgi.input": io.BytesIO()}
        if length is not None:
            asked["CONTENT_LENGTH"] = str(length)
        admission: Admission = await self._threads.run(_client(asked), lambda: self._examine(asked))
        if admission.refusal is not None:
            exchange.send_whole(admission.refusal)
            raise _Answered
        return admission.limit

    async def _call(self, exchange: Exchange, environ: Environ) -> None:
        client = _client(environ)
        call = WsgiCall(self._application, environ, self._limits.piece, self._limits.whole)
        try:
            first = await self._threads.run(client, call.begin)
            if call.live is not None:
                await self._send_live(exchange, call, call.live)
            elif call.ended:
                await self._send(exchange, call, first)
            else:
                who = environ.get(PERSON)
                await self._send_in_pieces(
                    exchange, call, first, -1 if who is None else who, client
                )
        finally:
            if call.live is not None:
                call.close()
            elif not call.ended:
                await self._threads.run(client, call.close)

    async def _send(self, exchange: Exchange, call: WsgiCall, body: bytes) -> None:
        if len(body) > self._limits.piece:
            now = asyncio.get_running_loop().time()
            self._connections.make_room_for(len(body), now)
        exchange.start(call.status, call.headers)
        await exchange.write(body)
        exchange.finish()

    async def _send_in_pieces(
        self, exchange: Exchange, call: WsgiCall, piece: bytes, person: int, client: Hashable
    ) -> None:
        """Send a file or an archive, each piece when the client has taken the last one."""
        now = asyncio.get_running_loop().time()
        self._connections.begin_download(exchange.connection, person, now)
        try:
            exchange.start(call.status, call.headers)
            await exchange.write(piece)
            while not call.ended:
                await exchange.write(await self._threads.run(client, call.more))
            exchange.finish()
        finally:
            self._connections.end_download(exchange.connection, person)

    async def _send_live(self, exchange: Exchange, call: WsgiCall, live: LiveAnswer) -> None:
        """Send an event stream until the client, the server or the stream itself ends it."""
        task = asyncio.current_task()
        if exchange.is_gone or task is None:
            raise Gone
        exchange.is_live = True
        exchange.on_gone = task.cancel
        exchange.start(call.status, call.headers)
        async for part in live.parts():
            await exchange.write(part)
        exchange.finish()

    async def stop(self, patience: float) -> bool:
        """Wait for the answers under way; return whether all have ended."""
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=patience)
        return not self.tasks


def _client(environ: Environ) -> Hashable:
    """Return whose turn a request takes: by the credential it shows, valid or not, or address."""
    shown = environ.get("HTTP_AUTHORIZATION") or environ.get("HTTP_COOKIE")
    return shown or (environ["REMOTE_ADDR"], environ["PATH_INFO"])
