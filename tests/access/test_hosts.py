"""A request may claim any host: it is refused, or at least never repeated."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from security import hosts, request_security
from tests.support.web_site import Site

FORGED = ("evil.example", "localhost.evil.example", "localhost@evil.example", "a b", "", "evil:80")
OURS = ("localhost", "localhost:8050", "127.0.0.1:8050", "[::1]:8050", "192.0.2.7", "LOCALHOST.")


@pytest.mark.parametrize("host", FORGED)
def test_another_name_is_refused_and_not_repeated(site: Site, host: str) -> None:
    for path in ("/api/files/?page_size=1", "/login", "/data", "/api/nothing"):
        answer = site.client().get(
            path, headers={"Authorization": f"Token {site.tokens['PI']}", "Host": host}
        )
        assert (answer.status_code, answer.json["error"]["field"]) == (400, "Host")
        assert "http://localhost" in answer.json["error"]["message"]
        assert "evil" not in answer.text + str(answer.headers)
    assert site.client().get("/healthz", headers={"Host": host}).status_code in (200, 503)


@pytest.mark.parametrize("host", OURS)
def test_links_come_from_the_configured_address(site: Site, host: str) -> None:
    headers = {"Authorization": f"Token {site.tokens['staff']}", "Host": host}
    page = site.client().get("/api/files/?page_size=1&page=2", headers=headers).json
    assert page["next"].startswith("http://localhost/api/files/?page_size=1&page=3")
    assert page["previous"].startswith("http://localhost/api/files/?")


@pytest.mark.parametrize("path", ["/data/7", "/logout", "/api/docs", "/img", "/password/set/x"])
def test_redirects_name_no_host(site: Site, path: str) -> None:
    for client in (site.client(), site.sign_in("PI")):
        for headers in ({"Host": "192.0.2.7", "Accept": "text/html"}, {"Accept": "text/html"}):
            answer = client.get(path, headers=headers)
            assert "192.0.2.7" not in str(answer.headers)
            if 300 <= answer.status_code < 400:
                assert answer.location.startswith("/") and answer.location[1:2] != "/"


def test_further_names_are_configured(site: Site) -> None:
    server = Flask("app", static_folder=None)
    request_security.guard(server, replace(site.config, allowed_hosts=("gsp.example",)))
    client: FlaskClient = server.test_client()
    assert client.get("/login", headers={"Host": "GSP.example:443"}).status_code == 200
    assert client.get("/login", headers={"Host": "other.example"}).status_code == 400


def test_a_redirect_of_the_routing_names_no_host(site: Site) -> None:
    server = Flask("app", static_folder=None)
    request_security.guard(server, site.config)
    server.add_url_rule("/healthz", "healthz", lambda: "ok")
    server.add_url_rule("/login/slash/", "slash", lambda: "ok")
    client = server.test_client()
    with client.session_transaction() as session:
        from services.accounts import sessions

        session["_user_id"] = sessions.start(site.people["PI"])
    cookie = f"gsp_session={client.get_cookie('gsp_session').value}"
    headers = {"Host": "192.0.2.7", "Cookie": cookie}
    answer = server.test_client(use_cookies=False).get("/login/slash?x=1", headers=headers)
    assert (answer.status_code, answer.location) == (308, "/login/slash/?x=1")
    assert hosts.hostname("[::1]:80") == "::1"
