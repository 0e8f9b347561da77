"""Bind a process to its deployment: database and context. Every entry point calls it once."""

from __future__ import annotations

import db
from config import Config
from jobs import queue
from jobs.connection import open_counters, open_impatient_redis, open_redis
from jobs.private_home import make_private
from services import context
from services.context import Context, Site


def connect(config: Config, *, people_wait: bool = False) -> None:
    """Bind this process to the deployment that `config` describes; nothing is opened yet.

    Parameters
    ----------
    config : Config
        The deployment.
    people_wait : bool
        Whether a person waits for what this process does: it gives the queue up sooner.
    """
    make_private(config)
    db.connect(config.database_url)
    for folder in (config.products_dir, config.previews_dir, config.uploads_dir):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if config.demo:
        config.demo_dir.mkdir(parents=True, exist_ok=True)
    site = Site(
        home=config.home,
        products_dir=config.products_dir,
        previews_dir=config.previews_dir,
        raw_roots=tuple(root.resolve() for root in config.watched_dirs),
        base_url=config.base_url,
        smtp_url=config.smtp_url,
        mail_from=config.mail_from,
    )
    url = config.redis_connection_url()
    redis, counters = (open_impatient_redis if people_wait else open_redis)(url), open_counters(url)
    context.bind(
        Context(site, redis, queue.ticket, queue.preview, publisher=redis, counters=counters)
    )
