"""The context of a process: where the deployment keeps its files, and how the queue is reached.

Each entry point binds one (`jobs.wiring.connect`); tests bind their own. Nothing else in the
process holds such state at module level, except the database that `db` is bound to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from redis import Redis


@dataclass(frozen=True, slots=True)
class Site:
    """The folders and addresses of a deployment.

    `raw_roots` are real paths (no links in them); uploads are a raw root of their own, always in
    force. Without `smtp_url`, mails are written to ``home/outbox``.
    """

    home: Path
    products_dir: Path
    previews_dir: Path
    raw_roots: tuple[Path, ...] = ()
    base_url: str = "http://127.0.0.1:8050"
    smtp_url: str | None = None
    mail_from: str = "gsp-live@localhost"

    @property
    def uploads_dir(self) -> Path:
        """Frames that were uploaded through the API."""
        return self.home / "uploads"

    @property
    def incoming_dir(self) -> Path:
        """Uploads that are not judged yet; no raw root."""
        return self.home / "incoming"

    @property
    def all_raw_roots(self) -> tuple[Path, ...]:
        """Every folder that may contain raw frames."""
        return (*self.raw_roots, self.uploads_dir.resolve())


class Publisher(Protocol):
    """What announces events: a Redis client, for example."""

    def publish(self, channel: str, message: str) -> Any:
        """Send `message` to all listeners of `channel`."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the services and jobs of a process need of the deployment.

    Parameters
    ----------
    site : Site, optional
        Folders and addresses.
    redis : Redis, optional
        Client of the queue's server.
    enqueue_run : callable, optional
        Writes the ticket of a run, given its id. Without it nothing is queued.
    enqueue_preview : callable, optional
        Requests the image pyramid of a file, given its id.
    counters : Redis, optional
        Client for the request limits of all web processes, which gives up at once.
    publisher : Publisher, optional
        Announces events; without it, listeners find them by polling.
    """

    site: Site | None = None
    redis: Redis | None = None
    enqueue_run: Callable[[int], None] | None = None
    enqueue_preview: Callable[[int], None] | None = None
    publisher: Publisher | None = None
    counters: Redis | None = None


_bound: list[Context] = [Context()]


def bind(context: Context) -> None:
    """Make `context` that of this process."""
    _bound[0] = context


def current() -> Context:
    """Return the context of this process; an empty one if none was bound."""
    return _bound[0]


def site() -> Site:
    """Return the folders and addresses of the deployment.

    Raises
    ------
    RuntimeError
        The entry point has bound no context.
    """
    if _bound[0].site is None:
        raise RuntimeError("services.context.bind() was not called by this entry point")
    return _bound[0].site
