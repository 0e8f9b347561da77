"""Receives the body of a request, before a thread is used for it.

A small body stays in memory. A larger one goes to a file without a name in ``GSP_HOME/incoming``,
outside every raw root: nothing is left of it when the request, or the process, ends.
"""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import IO

from jobs.serving.errors import Refusal
from jobs.serving.exchange import Exchange
from jobs.serving.limits import Limits

TOO_LARGE = partial(Refusal, 413, "The request is too large.")
TOO_SLOW = partial(Refusal, 408, "The body of the request did not come in time.")
NO_ROOM = partial(Refusal, 503, "The server's disk has no room for the request now.")

AskLimit = Callable[[], Awaitable[int]]
"""Asks the application for the largest body; raises when it refuses the request."""


class Receiver:
    """Receives bodies.

    Parameters
    ----------
    limits : Limits
        How slow and how large they may be.
    folder : Path
        For those that are not kept in memory; created when needed.
    disk : Executor
        Writes them, so that a slow disk does not delay the loop.
    """

    def __init__(self, limits: Limits, folder: Path, disk: Executor) -> None:
        self._limits = limits
        self._folder = folder
        self._disk = disk

    async def receive(self, exchange: Exchange, ask_limit: AskLimit) -> tuple[IO[bytes], int]:
        """Return the body, to be closed by the caller, and its length.

        Raises
        ------
        Refusal
            It is too large, too slow, not valid, or there is no room for it.
        Gone
            The client is no longer there.
        """
        body: IO[bytes] = io.BytesIO()
        try:
            return await self._receive(exchange, ask_limit, body)
        except OSError as error:
            raise NO_ROOM() from error

    async def _receive(
        self, exchange: Exchange, ask_limit: AskLimit, body: IO[bytes]
    ) -> tuple[IO[bytes], int]:
        announced = exchange.request.length
        limit: int | None = None
        if exchange.request.expects_continue or (announced or 0) > self._limits.unexamined:
            limit = await self._asked(ask_limit, announced)
        loop = asyncio.get_running_loop()
        began, size, part = loop.time(), 0, bytearray()
        try:
            while data := await self._next(exchange, began, size):
                size += len(data)
                if limit is None and size > self._limits.unexamined:
                    limit = await self._asked(ask_limit, announced)
                _check(size, limit)
                part += data
                if len(part) > self._limits.in_memory:
                    body = await loop.run_in_executor(self._disk, self._write, body, part)
                    part = bytearray()
            body = await self._end(body, part)
        except BaseException:
            body.close()
            raise
        return body, size

    async def _asked(self, ask_limit: AskLimit, announced: int | None) -> int:
        limit = await ask_limit()
        _check(announced or 0, limit)
        if announced is not None and announced > self._limits.in_memory:
            loop = asyncio.get_running_loop()
            free = await loop.run_in_executor(self._disk, self._free)
            if free < announced + self._limits.spare_disk:
                raise NO_ROOM()
        return limit

    async def _next(self, exchange: Exchange, began: float, size: int) -> bytes:
        """Return the next part; the body as a whole has to come at a least rate."""
        taken = asyncio.get_running_loop().time() - began - self._limits.body_grace
        if taken > 0 and size < taken * self._limits.body_rate:
            raise TOO_SLOW()
        try:
            return await exchange.read(self._limits.body_pause)
        except TimeoutError:
            raise TOO_SLOW() from None

    async def _end(self, body: IO[bytes], part: bytearray) -> IO[bytes]:
        if isinstance(body, io.BytesIO):
            return io.BytesIO(bytes(part))
        loop = asyncio.get_running_loop()
        body = await loop.run_in_executor(self._disk, self._write, body, part)
        body.seek(0)
        return body

    def _write(self, body: IO[bytes], part: bytearray) -> IO[bytes]:
        """Write a part to the file of the body, which the first part makes."""
        if isinstance(body, io.BytesIO):
            body = self._file()
        body.write(part)
        return body

    def _file(self) -> IO[bytes]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=self._folder)

    def _free(self) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self._folder).free


def _check(size: int, limit: int | None) -> None:
    if limit is not None and size > limit:
        raise TOO_LARGE()
