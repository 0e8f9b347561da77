"""One call of the WSGI application, and its answer taken piece by piece; runs in the threads."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from werkzeug.wsgi import ClosingIterator, FileWrapper

from jobs.serving.admission import Environ
from jobs.serving.live import LiveAnswer

Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def file_wrapper(piece: int) -> Callable[..., FileWrapper]:
    """Return the ``wsgi.file_wrapper``: a file is read in pieces of this size."""

    def wrap(file: IO[bytes], buffer_size: int = 0) -> FileWrapper:
        del buffer_size
        return FileWrapper(file, piece)

    return wrap


class WsgiCall:
    """An answer of the application; each step runs in the same context, in whatever thread.

    Attributes
    ----------
    status, headers
        Of the answer.
    live : LiveAnswer or None
        An event stream, which has no pieces.
    ended : bool
        Whether the last piece has been taken.
    """

    def __init__(self, application: Application, environ: Environ, piece: int, whole: int) -> None:
        self._application = application
        self._environ = environ
        self._piece = piece
        self._whole = whole
        self._context = contextvars.Context()
        self._body: Iterable[bytes] = ()
        self._parts: Iterator[bytes] = iter(())
        self._written: list[bytes] = []
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.live: LiveAnswer | None = None
        self.ended = False

    def begin(self) -> bytes:
        """Call the application; return the first piece, which is all of an ordinary answer."""
        return self._context.run(self._begin)

    def more(self) -> bytes:
        """Return the next piece."""
        return self._context.run(self._take, self._piece)

    def close(self) -> None:
        """Tell the application that the answer is over; it has been told after the last piece."""
        self._context.run(self._close)

    def _close(self) -> None:
        body, self._body, self._parts = self._body, (), iter(())
        close = getattr(body, "close", None)
        if close is not None:
            close()

    def _begin(self) -> bytes:
        self._body = self._application(self._environ, self._start_response)
        if isinstance(self._body, LiveAnswer):
            self.live = self._body
            return b""
        self._parts = iter(self._body)
        first = self._take(self._whole if self._is_ordinary() else self._piece)
        if not self.status:
            raise RuntimeError("the application has not begun its answer")
        return b"".join(self._written) + first

    def _is_ordinary(self) -> bool:
        """Return whether the answer is in memory as a whole: not a file, not of unknown length."""
        known = any(name.lower() == "content-length" for name, _ in self.headers)
        return known and isinstance(self._body, ClosingIterator)

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        del exc_info  # nothing has been sent yet
        self.status, self.headers = status, headers
        return self._written.append

    def _take(self, size: int) -> bytes:
        taken, n = [], 0
        while n < size:
            part = next(self._parts, None)
            if part is None:
                self.ended = True
                self._close()
                break
            taken.append(part)
            n += len(part)
        return taken[0] if len(taken) == 1 else b"".join(taken)
