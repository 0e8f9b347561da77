"""Request security: login required by default, sessions, CSRF, and security headers.

One ``before_request`` function denies anonymous requests, so every page, callback, asset and route
requires a login unless it is listed in `PUBLIC`. `guard` is called once, before anything else is
registered.
"""

from __future__ import annotations

import logging
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, current_app, g, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user
from flask_wtf.csrf import generate_csrf
from peewee import InterfaceError, OperationalError
from werkzeug.middleware.proxy_fix import ProxyFix

import db
from api.contract import errors, limits
from api.contract.routing import is_api
from config import Config
from security import hosts, login, password_pages
from security.login import CSRF_COOKIE, Sessions, SignedIn, is_csrf_token, own_path, today
from services.accounts import sessions

log = logging.getLogger(__name__)

PUBLIC = frozenset({"/login", "/login/login.css", "/login/logo.svg", "/login/theme.js", "/healthz"})
"""The exact paths of anonymous requests, besides those of `password_pages`."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NEVER_A_PAGE = ("/events", "/options", "/img/", "/spectrum/", "/show/", "/live/", "/assets/", "/_")
DOCS = ("/api/docs", "/api/docs/")
SESSION_LIFE = sessions.LIFE
MAX_BODY_BYTES = 32 * 1024**2

SENTENCE_ANONYMOUS = "Sign in first."
SENTENCE_TOKEN = "This API token is not valid. Create a new one on the user page."
SENTENCE_FOREIGN = "This request did not come from a page of this site."
SENTENCE_CSRF = "The page is out of date. Reload it and try again."


def guard(server: Flask, config: Config) -> None:
    """Set up login, sessions, CSRF, security headers and error handlers of a server.

    Parameters
    ----------
    server : Flask
        Without any routes yet.
    config : Config
        For the secret key, the scheme of the site's address and the trusted proxies.
    """
    https = config.base_url.startswith("https://")
    server.secret_key = config.secret_key
    server.session_interface = Sessions()
    server.config.update(
        SESSION_COOKIE_NAME="gsp_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE,
        # A cookie that changes in every answer would invalidate cached images (Vary: Cookie).
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        BASE_URL=config.base_url,
        ALLOWED_NAMES=hosts.allowed_names(config),
    )
    if config.trusted_proxies:
        # Only the address; scheme and host are given by GSP_BASE_URL.
        server.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            server.wsgi_app, x_for=config.trusted_proxies, x_proto=0, x_host=0
        )
    server.url_map.merge_slashes = False  # a redirect would turn a POST into a GET
    manager = LoginManager()
    manager.session_protection = None  # the network address may change during the night
    manager.init_app(server)
    manager.user_loader(_load)
    server.before_request(hosts.refuse_unknown)
    server.before_request(_admit)
    server.after_request(_give_csrf_cookie)
    server.after_request(_harden)
    server.after_request(hosts.name_none)
    server.teardown_request(_close_database)
    errors.register(server)
    for failure in (OperationalError, InterfaceError):
        server.register_error_handler(failure, errors.database_down)
    login.register(server)
    password_pages.register(server)


def _load(key: str) -> SignedIn | None:
    row = sessions.user_for_session(key)
    return SignedIn(row, key) if row else None


def _admit() -> ResponseReturnValue | None:
    """Accept a request, or return the response that denies it."""
    g.user = None
    if request.path in PUBLIC or password_pages.is_open(request.path):
        return _foreign()
    if is_api(request.path) and "Authorization" in request.headers:
        return _admit_script(_token(request.headers["Authorization"]))
    if not current_user.is_authenticated:
        return redirect("/login", 303) if request.path == "/logout" else _to_login()
    g.user, g.credential = current_user.row, ("session", current_user.get_id())
    _keep_session_alive()
    return _foreign() or _forged()


def _admit_script(key: str) -> ResponseReturnValue | None:
    """Accept a valid API token; count one that is not, if it has the form of a token."""
    is_token = sessions.is_key(key)
    g.user, g.credential = sessions.user_for_token(key) if is_token else None, ("token", key)
    if g.user is not None:
        return None
    if is_token:
        limits.count_guess(request.remote_addr or "")
    return errors.answer(401, "not_authenticated", SENTENCE_TOKEN)


def _token(header: str) -> str:
    """Return the key of an ``Authorization: Token <key>`` header, "" for another header."""
    scheme, _, key = header.strip().partition(" ")
    return key.strip() if scheme.lower() == "token" and key.isascii() else ""


def _to_login() -> ResponseReturnValue:
    if _is_page():
        target = request.full_path if request.query_string else request.path
        return redirect(f"/login?{urlencode({'next': own_path(target)})}")
    return errors.answer(401, "not_authenticated", SENTENCE_ANONYMOUS)


def _is_page() -> bool:
    """Return whether the request is for a page in a browser."""
    if request.method not in ("GET", "HEAD"):
        return False
    never = is_api(request.path) or request.path.startswith(NEVER_A_PAGE)
    if never and request.path not in DOCS:
        return False
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        return False
    return request.accept_mimetypes.accept_html


def _foreign() -> ResponseReturnValue | None:
    """Deny an unsafe request from a page of another site."""
    if request.method in SAFE_METHODS:
        return None
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        ours = site in ("same-origin", "none")
    else:
        # Browsers before 2023 send only Origin; other clients send neither.
        origin = request.headers.get("Origin")
        names = (request.host, urlsplit(current_app.config["BASE_URL"]).netloc)
        ours = origin is None or urlsplit(origin).netloc in names
    return None if ours else errors.answer(403, "access_denied", SENTENCE_FOREIGN)


def _forged() -> ResponseReturnValue | None:
    """Deny an unsafe request of a session without its CSRF token."""
    if request.method in SAFE_METHODS or _csrf_token_fits():
        return None
    return errors.answer(403, "access_denied", SENTENCE_CSRF, field="X-CSRFToken")


def _csrf_token_fits() -> bool:
    """Check the token in the header, or in a plain form; uploads are not parsed."""
    token = request.headers.get("X-CSRFToken")
    if token is None and request.mimetype == "application/x-www-form-urlencoded":
        token = request.form.get("csrf_token")
    return is_csrf_token(token)


def _keep_session_alive() -> None:
    """Renew the session once a day, so that it does not expire while it is used."""
    if session.get("seen") == today():
        return
    session["seen"] = today()
    try:
        sessions.keep_alive(current_user.get_id())
    except OperationalError as error:  # what is only read works while the database is locked
        log.warning("session: %s", str(error).strip().partition("\n")[0])


def _give_csrf_cookie(response: Response) -> Response:
    """Set the cookie whose value callbacks send as ``X-CSRFToken``."""
    signed_in = g.get("user") is not None and "_user_id" in session
    if signed_in and not is_csrf_token(request.cookies.get(CSRF_COOKIE)):
        response.set_cookie(
            CSRF_COOKIE,
            generate_csrf(),
            max_age=int(SESSION_LIFE.total_seconds()),
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            samesite="Lax",
        )
    return response


def content_security_policy() -> str:
    """Return the Content-Security-Policy: this host only, no inline script."""
    return (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        "worker-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'; object-src 'none'"
    )


def _harden(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = content_security_policy()
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Frame-Options"] = "DENY"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _close_database(_: BaseException | None) -> None:
    """Close the thread's connection, so that the next request reaches a restarted database."""
    if not db.database.is_closed():
        db.database.close()
