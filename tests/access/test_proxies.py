"""Whose failed logins are counted together, with and without a reverse proxy before the server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from security import request_security
from tests.support.web_site import Site, form_token

TRIES = 5


def behind(site: Site, proxies: int) -> Flask:
    """A server with nothing but the wall and the login page, behind so many proxies."""
    server = Flask("app", static_folder=None)
    request_security.guard(server, replace(site.config, trusted_proxies=proxies))
    return server


def wrong_login(server: Flask, forwarded: str) -> int:
    client = server.test_client()
    form = {"username": "user", "password": "x", "csrf_token": form_token(client)}
    answer = client.post("/login", data=form, headers={"X-Forwarded-For": forwarded})
    return answer.status_code


@pytest.mark.parametrize(
    ("proxies", "header"),
    [
        (0, "198.51.100.{n}"),  # nobody in front: whoever says so says so himself
        (1, "198.51.100.{n}, 203.0.113.7"),  # the proxy adds what it saw to what it was told
        (2, "198.51.100.{n}, 203.0.113.7, 10.0.0.2"),
    ],
)
def test_an_invented_address_gives_no_further_tries(site: Site, proxies: int, header: str) -> None:
    server = behind(site, proxies)
    said = [wrong_login(server, header.format(n=n)) for n in range(TRIES + 1)]
    assert said == [200] * TRIES + [429]


def test_people_behind_one_proxy_are_counted_apart(site: Site) -> None:
    server = behind(site, 1)
    for _ in range(TRIES):
        assert wrong_login(server, "203.0.113.7") == 200
    assert wrong_login(server, "203.0.113.7") == 429
    assert wrong_login(server, "203.0.113.8") == 200
