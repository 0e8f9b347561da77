"""The composition root. ``python app.py`` runs everything; ``create_app`` makes the web server.

It only connects the packages. What the web server needs is imported when the server is created:
the supervisor starts here too, and is ready sooner without it.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from config import Config, ConfigError
from jobs.processes import supervisor

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

    from jobs.serving.admission import Examine
    from jobs.serving.wsgi_call import Application


@dataclass(frozen=True, slots=True)
class Front:
    """What the web server needs of the site.

    Attributes
    ----------
    application, examine : callable
        Answers requests; tells of a request whether its body is wanted.
    folder : Path
        For large bodies on their way.
    proxies : int
        Trusted proxies before the server.
    """

    application: Application
    examine: Examine
    folder: Path
    proxies: int


def create_front() -> Front:
    """Return the site as the web server's program serves it."""
    from security import preflight

    config = _config()
    server = create_app(config)
    return Front(server, preflight.examiner(server), config.incoming_dir, config.trusted_proxies)


def create_app(config: Config | None = None) -> Flask:
    """Return the web server of the deployment; its configuration is read from the environment.

    It is set up in this order: database and queue, request security, health, API, pages, commands.

    Raises
    ------
    cli.BadRequest
        A GSP_* variable is wrong; the message names it.
    """
    from flask import Flask

    import api
    import cli
    from jobs import wiring
    from security import preflight, request_security

    config = config or _config()
    wiring.connect(config, people_wait=True)
    server = Flask(__name__, static_folder=None)
    request_security.guard(server, config)
    preflight.name_person(server)
    server.add_url_rule("/healthz", "healthz", _healthz)
    api.register(server)
    _dash(server)
    cli.register(server, config)
    return server


def _config() -> Config:
    import cli

    try:
        return Config.from_env()
    except ConfigError as error:
        raise cli.BadRequest(str(error)) from error


def _dash(server: Flask) -> None:
    """Mount the pages on the server, and the routes of the data that they plot."""
    from api.pages import images, manual, options, sensitivities, show, spectra
    from pages.core import site

    server.register_blueprint(images.blueprint)
    server.register_blueprint(spectra.blueprint)
    server.register_blueprint(sensitivities.blueprint)
    server.register_blueprint(show.blueprint)
    server.register_blueprint(manual.blueprint)
    server.register_blueprint(options.blueprint)
    site.create(server)


def _healthz() -> ResponseReturnValue:
    """Return the state of each part; requires no login."""
    from flask import jsonify

    from jobs import queue
    from services.monitoring import health

    status = health.status(queue.state)
    return jsonify(status.as_dict()), 200 if status.ok else 503


if __name__ == "__main__":
    sys.exit(supervisor.main())
