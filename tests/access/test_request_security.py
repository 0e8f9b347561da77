"""Whoever has not signed in gets the login page or 401 JSON, and nothing else of the site."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

import db
from api.contract import limits
from db.models import Session
from security.login import Sessions, own_path
from tests.support.web_site import PASSWORD, Site, form_token

SAMPLE = {"key": "1", "run": "1", "proposal": "1", "name": "login.css", "rest": "x", "path": "data"}
SAMPLE |= {"file_id": "1", "fingerprint": "x", "package_name": "dash"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
EXTRA = (
    "/",
    "/data",
    "/data/1",
    "/proposals",
    "/search",
    "/_dash-layout",
    "/_dash-dependencies",
    "/_dash-update-component",
    "/_reload-hash",
    "/_favicon.ico",
    "/assets/main.js",
    "/assets/v-0123456789ab/main.js",
    "/assets/",
    "/_dash-component-suites/dash/dcc/dash_core_components.js",
    "/events",
    "/api/events/",
    "/api/docs/",
    "/assets/vendor/swagger-ui/swagger-ui.css",
    "/api/openapi.json",
    "/api/nothing",
    "/img/1/view",
    "/unknown/path",
    "//data",
    "/login/../data",
    "/static/x",
    "/login/login.css/x",
    "/healthz/",
    "/HEALTHZ",
    "/Login",
    "/password",
    "/password/",
    "/password/forgot/",
    "/password/set/",
    "/password/set/a/b",
    "/password/forgot/x",
    "/Password/forgot",
)
OPEN = {"/login", "/login/login.css", "/login/logo.svg", "/login/theme.js", "/healthz"}
OPEN |= {"/password/forgot", "/password/set", "/password/set/1"}


def every_address(site: Site) -> list[str]:
    rules = [
        re.sub(r"<(?:[^<>]*:)?(\w+)>", _sample, str(r)) for r in site.server.url_map.iter_rules()
    ]
    return sorted({*rules, *EXTRA} - OPEN)


def _sample(match: re.Match[str]) -> str:
    return SAMPLE.get(match[1], "1")


@pytest.mark.parametrize("accept", ["text/html,*/*;q=0.8", "application/json", None])
def test_anonymous_gets_nothing(site: Site, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {}
    addresses = every_address(site)
    assert len(addresses) > 40
    for path in addresses:
        for method in METHODS:
            # The client would take what follows two slashes for the host.
            literally = {"PATH_INFO": path, "HTTP_HOST": "localhost"}
            answer = site.client().open(
                path, method=method, headers=headers, environ_overrides=literally
            )
            if answer.status_code in (302, 303, 308):
                assert urlsplit(answer.location).path == "/login", (method, path)
                assert b"Redirecting" in answer.data
            else:
                assert answer.status_code == 401, (method, path, answer.status_code)
                assert answer.json["error"]["code"] == "not_authenticated", (method, path)


def test_a_path_is_open_exactly(site: Site) -> None:
    for path in OPEN:
        assert site.client().get(path).status_code in (200, 503), path
    assert site.client().get("/login/login.py").status_code == 401
    assert site.sign_in("user").get("/login/login.py").status_code == 404


def test_a_token_opens_the_api_only(site: Site) -> None:
    assert site.call("staff", "GET", "/api/").status_code == 200
    for path in ("/", "/events", "/_dash-layout", f"/img/{site.raw.id}/view"):
        assert site.call("staff", "GET", path).status_code in (401, 302), path


@pytest.mark.parametrize(
    "header",
    ["Token wrong", "Token", "", "Bearer abc", "Basic dXNlcjpwYXNz", "Token \u00e9", "Token a b"],
)
def test_wrong_credentials_are_refused_even_with_a_session(site: Site, header: str) -> None:
    answer = site.sign_in("staff").get("/api/", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Token")


def test_tokens_tried_wrongly_are_refused_and_valid_ones_are_not(site: Site) -> None:
    said = []
    for number in range(limits.LIMITS["guess"] + 2):
        wrong = {"Authorization": f"Token {number:043d}"}
        said.append(site.client().get("/api/", headers=wrong))
    assert [answer.status_code for answer in said] == [401] * limits.LIMITS["guess"] + [429] * 2
    assert int(said[-1].headers["Retry-After"]) > 0
    assert site.client().get(f"/password/set/{'x' * 43}").status_code == 429
    assert site.call("user", "GET", "/api/").status_code == 200
    elsewhere = {"REMOTE_ADDR": "198.51.100.4"}
    answer = site.client().get("/api/", headers=wrong, environ_overrides=elsewhere)
    assert answer.status_code == 401


def test_sign_in_goes_where_one_was_heading(site: Site) -> None:
    client = site.client()
    answer = client.get("/data/3?tab=2", headers={"Accept": "text/html"})
    assert answer.location == "/login?next=%2Fdata%2F3%3Ftab%3D2"
    page = client.get(answer.location).get_data(as_text=True)
    assert 'name="next" value="/data/3?tab=2"' in page
    assert "Please don&#39;t share" in page or "Please don't share your credentials" in page
    answer = client.post(
        "/login",
        data={
            "username": "PI@observatory.example",
            "password": PASSWORD,
            "next": "/data/3?tab=2",
            "csrf_token": form_token(client),
        },
    )
    assert (answer.status_code, answer.location) == (303, "/data/3?tab=2")
    assert client.get("/api/users/me/").json["username"] == "pi"
    assert client.get("/login?next=/data/3").location == "/data/3"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/data/1?x=2", "/data/1?x=2"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/a\nSet-Cookie: x", "/"),
        ("data", "/"),
        ("", "/"),
        (None, "/"),
        ("/login", "/"),
        ("/login?next=/login", "/"),
        ("/logout", "/"),
    ],
)
def test_next_takes_own_paths_only(target: str | None, path: str) -> None:
    assert own_path(target) == path


def test_what_was_typed_is_shown_as_text(site: Site) -> None:
    client = site.client()
    answer = client.post(
        "/login",
        data={
            "username": '"><script>alert(1)</script>',
            "password": "x",
            "csrf_token": form_token(client),
        },
    )
    assert answer.status_code == 200
    assert "Wrong username or password." in answer.text
    assert "<script>" not in answer.text


def test_the_session_is_new_after_the_login(site: Site) -> None:
    client = site.client()
    old_token = form_token(client)
    before = client.get_cookie("gsp_session")
    answer = client.post(
        "/login", data={"username": "user", "password": PASSWORD, "csrf_token": old_token}
    )
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("gsp_session"))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert before is not None and before.value not in cookie
    answer = client.post("/api/users/me/token/", headers={"X-CSRFToken": old_token})
    assert answer.status_code == 403


def test_a_form_without_its_token_signs_nobody_in(site: Site) -> None:
    client = site.client()
    answer = client.post("/login", data={"username": "user", "password": PASSWORD})
    assert answer.status_code == 403
    assert client.get("/api/").status_code == 401


def test_the_sixth_try_is_refused(site: Site) -> None:
    client = site.client()
    token = form_token(client)
    form = {"username": "collaborator", "password": "wrong", "csrf_token": token}
    for _ in range(5):
        refused = client.post("/login", data=form)
        # A 401 would leave an error in the browser's console; to scripts the wall still says 401.
        assert refused.status_code == 200
        assert "Wrong username or password." in refused.text
        assert client.get("/api/").status_code == 401
    answer = client.post("/login", data={**form, "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60


def test_who_can_not_be_served_keeps_the_form(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.accounts import passwords

    client = site.client()
    form = {"username": "user", "password": PASSWORD, "csrf_token": form_token(client)}
    with monkeypatch.context() as full:
        full.setattr(passwords, "PATIENCE_S", 0.01)
        full.setattr(passwords, "_slots", threading.BoundedSemaphore(1))
        passwords._slots.acquire()
        answer = client.post("/login", data=form)
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert 'value="user"' in answer.text and "Try again in a few seconds" in answer.text
    assert client.post("/login", data=form).status_code == 303


def test_unsafe_requests_of_a_session_need_its_token(site: Site) -> None:
    client = site.sign_in("PI")
    body = {"id": site.raw.id, "text": "good seeing"}
    cookie = client.get_cookie("_csrf_token")
    assert cookie is not None
    path = "/api/files/comments/"
    for headers in (
        {},
        {"X-CSRFToken": "forged"},
        {"X-CSRFToken": cookie.value, "Sec-Fetch-Site": "cross-site"},
        {"X-CSRFToken": cookie.value, "Sec-Fetch-Site": "same-site"},
        {"X-CSRFToken": cookie.value, "Origin": "https://evil.example"},
        {"X-CSRFToken": cookie.value, "Origin": "null"},
    ):
        answer = client.post(path, json=body, headers=headers)
        assert answer.status_code == 403, headers
        assert answer.json["error"]["code"] == "access_denied"
    for headers in (
        {"X-CSRFToken": cookie.value, "Sec-Fetch-Site": "same-origin"},
        {"X-CSRFToken": cookie.value, "Origin": "http://localhost"},
    ):
        assert client.post(path, json=body, headers=headers).status_code == 201, headers
    other = site.sign_in("collaborator")
    answer = other.post(path, json=body, headers={"X-CSRFToken": cookie.value})
    assert answer.status_code == 403  # another session's token


def test_the_csrf_cookie_stays_the_same(site: Site) -> None:
    client = site.sign_in("user")
    first = client.get_cookie("_csrf_token")
    answer = client.get("/api/")
    assert answer.headers.getlist("Set-Cookie") == []
    assert client.get_cookie("_csrf_token") == first


def test_logout_ends_the_session_and_needs_the_token(site: Site) -> None:
    client = site.sign_in("user")
    assert client.post("/logout").status_code == 403
    cookie = client.get_cookie("_csrf_token")
    assert cookie is not None
    answer = client.post("/logout", data={"csrf_token": cookie.value})
    assert (answer.status_code, answer.location) == (303, "/login")
    assert client.get("/api/").status_code == 401


def test_a_copied_cookie_and_the_stream_end_with_the_logout(site: Site) -> None:
    client, other = site.log_in("user"), site.log_in("user")
    thief = site.client()
    thief.set_cookie("gsp_session", client.get_cookie("gsp_session").value)
    assert thief.get("/api/").status_code == 200
    events = thief.get("/api/events/", buffered=False)
    stream = events.iter_encoded()
    assert b"connected" in next(stream)
    token = client.get_cookie("_csrf_token").value
    assert client.post("/logout", headers={"X-CSRFToken": token}).status_code == 303
    assert thief.get("/api/").status_code == 401
    assert not [part for part in stream if b"data:" in part]  # it has ended
    events.close()
    assert other.get("/api/").status_code == 200


def test_the_user_page_lists_the_browsers_and_signs_one_out(site: Site) -> None:
    from tests.support.web.callback_calls import call

    site.log_in("PI")
    shown = json.dumps(call(site, "PI", "user-sessions.children", {"done.data": None}))
    assert shown.count("data-session") >= 1 and "this browser" in shown
    here, there = site.log_in("collaborator"), site.log_in("collaborator")
    first = Session.select().where(Session.user == site.people["collaborator"]).order_by(Session.id)
    for person, ended in (("PI", False), ("collaborator", True)):
        button = {"command": "end-session", "session": str(first[0].id), "n": 1}
        call(site, person, "done.data", {"command.data": button, "url.pathname": "/user"})
        assert (here.get("/api/").status_code == 401) == ended, person
    assert there.get("/api/").status_code == 200


def test_a_new_token_is_asked_for_before_the_old_one_ends(site: Site) -> None:
    from tests.support.web.callback_calls import call

    shown = json.dumps(call(site, "staff", "page.children", {"url.pathname": "/user"}))
    assert '"data-command": "ask"' in shown and '"data-then": "renew-token"' in shown
    assert "stops working at once" in shown


def test_the_pages_before_the_login_are_light_where_that_was_chosen(site: Site) -> None:
    client = site.client()
    page = client.get("/login?next=/data").text
    assert 'data-theme="dark"' in page and 'href="?theme=light&amp;next=/data"' in page
    page = client.get("/login?theme=light&next=/data").text
    assert 'data-theme="light"' in page and 'name="next" value="/data"' in page
    for path in ("/login", "/password/forgot", "/password/set/x"):
        page = client.get(path).text
        assert 'data-theme="light"' in page and 'href="?theme=dark"' in page
        assert 'data-theme="dark"' in site.client().get(path).text
    assert 'data-theme="dark"' in client.get('/login?theme="><script>').text
    assert 'data-theme="dark"' in client.get("/login").text


def test_the_login_page_is_light_after_an_account_that_is(site: Site) -> None:
    from services.accounts import accounts, visual_options

    visual_options.save(accounts.find("user"), theme="light")
    client = site.log_in("user")
    token = client.get_cookie("_csrf_token")
    assert token is not None
    assert client.post("/logout", data={"csrf_token": token.value}).status_code == 303
    assert 'data-theme="light"' in client.get("/login").text


def test_a_new_password_ends_the_sessions(site: Site) -> None:
    from services.accounts import accounts

    user, _ = accounts.create_user(
        username="moving", email="moving@observatory.example", password=PASSWORD
    )
    client = site.client()
    form = {"username": "moving", "password": PASSWORD, "csrf_token": form_token(client)}
    assert client.post("/login", data=form).status_code == 303
    assert client.get("/api/").status_code == 200
    accounts.set_password(user, "eight cloudy nights")
    assert client.get("/api/").status_code == 401


def test_sessions_outlive_a_clock_that_is_set_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itsdangerous import TimestampSigner

    now = TimestampSigner.get_timestamp
    with monkeypatch.context() as patched:
        patched.setattr(TimestampSigner, "get_timestamp", lambda self: now(self) + 3600)
        client = site.log_in("user")
    assert client.get("/api/").status_code == 200
    token = client.get_cookie("_csrf_token")
    assert token is not None
    assert client.post("/logout", headers={"X-CSRFToken": token.value}).status_code == 303


def test_sessions_grow_old(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from itsdangerous import TimestampSigner

    client = site.sign_in("user")
    cookie = client.get_cookie("gsp_session")
    serializer = Sessions().get_signing_serializer(site.server)
    assert cookie is not None and serializer is not None
    now = TimestampSigner.get_timestamp
    for days, status in ((13, 200), (15, 401)):
        with monkeypatch.context() as patched:
            shift = days * 86400
            patched.setattr(TimestampSigner, "get_timestamp", lambda self: now(self) - shift)  # noqa: B023
            old = serializer.dumps(serializer.loads(cookie.value))
        aged = site.client()
        aged.set_cookie("gsp_session", str(old))
        assert aged.get("/api/").status_code == status, days


def test_every_answer_is_hardened(site: Site) -> None:
    client = site.sign_in("user")
    for path in ("/login", "/api/", "/api/nothing", "/api/docs/", "/", "/healthz"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        scripts = next(p for p in policy.split("; ") if p.startswith("script-src"))
        assert scripts == "script-src 'self'"
        assert "*" not in policy and "http" not in policy
        for rule in ("frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"):
            assert rule in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


@contextmanager
def locked(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold the write lock of the database, as another process that writes would."""
    if not site.config.database_url.startswith("sqlite"):
        pytest.skip("only SQLite has one write lock for the whole database")
    monkeypatch.setattr(db.database.obj, "_timeout", 0.1)
    if not db.database.is_closed():
        db.database.close()
    other = sqlite3.connect(site.config.home / "gsp.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_the_login_page_says_that_the_database_is_busy(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.client()
    form = {"username": "PI", "password": PASSWORD, "csrf_token": form_token(client)}
    with locked(site, monkeypatch):
        answer = client.post("/login", data=form)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "The database is busy" in answer.text and 'name="password"' in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    form["csrf_token"] = form_token(client)
    assert client.post("/login", data=form).status_code == 303


def test_a_locked_database_is_503(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with locked(site, monkeypatch):
        body = {"id": site.raw.id, "text": "cloudy"}
        answer = site.call("PI", "POST", "/api/files/comments/", json=body)
        reading = site.call("PI", "GET", f"/api/files/comments/?id={site.raw.id}")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json["error"]["code"] == "unavailable"
    assert (reading.status_code, reading.json["results"]) == (200, [])
