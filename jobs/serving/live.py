"""An answer that goes on for as long as the client listens: a coroutine, no thread, sends it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator


class LiveAnswer(ABC):
    """The body of a WSGI answer that the web server takes as a coroutine.

    A server that knows nothing of it, as the test client, iterates over it in a thread.
    """

    @abstractmethod
    def __iter__(self) -> Iterator[bytes]:
        """Yield the parts, waiting in this thread."""

    @abstractmethod
    def parts(self) -> AsyncIterator[bytes]:
        """Yield the parts, waiting in the event loop."""

    @abstractmethod
    def close(self) -> None:
        """End it; called from any thread, also when it was never begun."""
