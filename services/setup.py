"""Where this deployment keeps things: set once by the entry points, read by the services."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Site:
    """What the services need to know of a deployment.

    `raw_roots` are real paths (no links in them); uploads are a raw root of their own, always in
    force. `smtp_url` None writes mails to ``home/outbox``.
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
        """Frames that came through the API."""
        return self.home / "uploads"

    @property
    def all_raw_roots(self) -> tuple[Path, ...]:
        """Every folder a raw frame may lie in."""
        return (*self.raw_roots, self.uploads_dir.resolve())


class _Holder:
    site: Site | None = None


def configure(site: Site) -> None:
    """Take the deployment's places; called once by each entry point."""
    _Holder.site = site


def site() -> Site:
    """Return the deployment's places."""
    if _Holder.site is None:
        raise RuntimeError("services.setup.configure() was not called by this entry point")
    return _Holder.site
