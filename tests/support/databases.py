"""Databases of the tests' own on a PostgreSQL server."""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

import db


def fresh_postgres(purpose: str) -> str | None:
    """Make an empty database on the server of ``GSP_TEST_DATABASE_URL``, of this process alone."""
    url = os.environ.get("GSP_TEST_DATABASE_URL")
    if not url:
        return None
    name = f"gsp_{purpose}_{os.environ.get('PYTEST_XDIST_WORKER', 'all')}"
    server = db.open_database(url)
    server.execute_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    server.execute_sql(f"CREATE DATABASE {name}")
    server.close()
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
