"""Where this site keeps things: handed to the services once by each process's entry point."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Site:
    """The part of the deployment the services need.

    Parameters
    ----------
    home : Path
        The deployment's own folder; secrets and the outbox live here.
    products_dir, previews_dir, uploads_dir : Path
        Products of the reduction, image pyramids of the viewer, frames sent in by upload.
    raw_roots : tuple of Path
        Resolved folders raw frames may come from; `uploads_dir` is one of them.
    base_url : str
        Address people reach the site at, without a trailing slash.
    smtp_url : str or None
        Mail server; None writes mails to ``home/outbox``.
    mail_from : str
        Sender of mails.
    """

    home: Path
    products_dir: Path
    previews_dir: Path
    uploads_dir: Path
    raw_roots: tuple[Path, ...]
    base_url: str = "http://127.0.0.1:8050"
    smtp_url: str | None = None
    mail_from: str = "gsp-live@localhost"


_configured: list[Site] = []


def configure(site_: Site) -> None:
    """Make `site_` the site of this process; its folders are made when absent.

    A later call replaces the earlier one.
    """
    for folder in (site_.products_dir, site_.previews_dir, site_.uploads_dir):
        folder.mkdir(parents=True, exist_ok=True)
    _configured[:] = [site_]


def site() -> Site:
    """Return the site of this process.

    Raises
    ------
    RuntimeError
        When the process has not been configured: an error of the programmer, not of a person.
    """
    if not _configured:
        raise RuntimeError("services.setup.configure has not been called in this process")
    return _configured[0]
