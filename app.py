"""The composition root. ``python app.py`` runs everything; ``create_app`` makes the web server.

Nothing here decides anything: it connects the rooms, in this order: database and queue, login
wall, health, API, pages, commands.
"""

from __future__ import annotations

import logging
import sys

from click import ClickException
from flask import Flask, Response, jsonify
from peewee import PeeweeException

import api
import cli
import wall
from config import Config, ConfigError
from jobs import queue, replay, supervisor, wiring
from services import health
from services.errors import ServiceError


class StartRefused(ClickException):
    """The configuration is wrong: one sentence and exit code 2, for ``flask`` as for gunicorn."""

    exit_code = 2


def create_app(config: Config | None = None) -> Flask:
    """Return the web server of the deployment; its configuration is read from the environment.

    Raises
    ------
    StartRefused
        A GSP_* variable is wrong; the sentence names it.
    """
    if config is None:
        try:
            config = Config.from_env()
        except ConfigError as error:
            raise StartRefused(str(error)) from error
    wiring.connect(config)
    server = Flask(__name__, static_folder=None)
    wall.guard(server, config)
    server.add_url_rule("/healthz", "healthz", _healthz)
    api.register(server)
    _dash(server)
    cli.register(server, config)
    return server


def _dash(server: Flask) -> None:
    """Mount the pages on the server."""
    del server


def _healthz() -> tuple[Response, int]:
    """Tell how each part is; nothing that only people who are signed in should know."""
    status = health.status(queue.state)
    return jsonify(status), 200 if status["ok"] else 503


def _announcement(config: Config) -> str:
    """Return what is printed at the start; in demo mode that includes the way in."""
    lines = [f"GSP Live is on {config.base_url}"]
    if config.demo:
        try:
            username, password = replay.demo_account()
        except ServiceError as error:
            lines.append(f"The demo account could not be made: {error.message}")
        else:
            lines.append(f"Demo account: {username}, password: {password}")
    elif not config.raw_dirs:
        lines.append("No folder is watched: set GSP_RAW_DIRS to the folders of raw frames.")
    lines.append("Stop it with Ctrl-C.")
    return "\n".join(lines)


def main() -> int:
    """Run the whole site; return the exit code."""
    wiring.log_to_stderr("supervisor")
    try:
        config = Config.from_env()
        wiring.connect(config)
        return supervisor.run(config, lambda: _announcement(config))
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the operator's answer
    except PeeweeException as error:
        logging.getLogger(__name__).debug("the database refused", exc_info=True)
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        print(f"GSP_DATABASE_URL: the database can't be used: {reason}.", file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main())
