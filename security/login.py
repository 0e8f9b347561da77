"""Login and logout: a plain form that works without scripts, and the session cookie.

The pages before the login are dark. They are light where the user chose that on the page, or for
the account that was last used in this browser.
"""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Flask,
    Request,
    Response,
    current_app,
    g,
    redirect,
    render_template,
    request,
    send_from_directory,
    session,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_login import UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import ValidationError, generate_csrf, validate_csrf
from itsdangerous import BadSignature
from peewee import InterfaceError, OperationalError
from werkzeug.wrappers import Response as BaseResponse

from api.contract import errors
from db.models import User
from services.accounts import accounts, sessions
from services.errors import NotAuthenticated, NotFound, ServiceError, Unavailable

log = logging.getLogger(__name__)

CSRF_COOKIE = "_csrf_token"
THEME_COOKIE = "gsp_theme"
THEME_LIFE = dt.timedelta(days=400)
STATIC = Path(__file__).resolve().parents[1] / "static"
FILES = ("login.css", "logo.svg", "theme.js")

DATABASE_AWAY = "The database is busy or not available. Please try again shortly."
STALE_FORM = "The page was open for too long, or cookies are disabled. Please try again."


class SignedIn(UserMixin):  # type: ignore[misc]
    """The signed-in account for flask-login: `row` is the account, `key` that of the session."""

    def __init__(self, row: User, key: str) -> None:
        self.row = row
        self.key = key

    def get_id(self) -> str:
        """Return the key of the session, which the cookie holds."""
        return self.key


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookies, which remain valid when the clock is set back.

    itsdangerous takes a signature from the future for an expired one, so that an hour's step of
    the host's clock would sign everybody out.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie; an invalid or expired one gives an empty session."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        value = request.cookies.get(self.get_cookie_name(app))
        if value is None:
            return self.session_class()
        try:
            data, signed = serializer.loads(value, return_timestamp=True)
        except BadSignature:
            return self.session_class()
        age = dt.datetime.now(dt.UTC) - signed
        return self.session_class(data if age <= app.permanent_session_lifetime else None)


def register(server: Flask) -> None:
    """Register the login page, its files and the logout."""
    server.add_url_rule("/login", "login", login_page, methods=["GET", "POST"])
    server.add_url_rule("/login/<name>", "login_file", login_file)
    server.add_url_rule("/logout", "logout", logout, methods=["POST"])


def today() -> str:
    """Return the UTC date of today as a session stores it."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def own_path(target: str | None) -> str:
    """Return `target` if it is a path of this site, else ``/``."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return "/"
    if "\\" in target or not target.isprintable():
        return "/"
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path in ("/login", "/logout"):
        return "/"
    return target


def is_csrf_token(token: str | None) -> bool:
    """Return whether a CSRF token belongs to this session."""
    try:
        validate_csrf(token)
    except ValidationError:
        return False
    return True


def login_page() -> ResponseReturnValue:
    """Show the login form, or sign in."""
    target = own_path(request.values.get("next"))
    try:
        return _enter(target) if request.method == "POST" else _show(target)
    except ServiceError as error:
        return _refused(target, error)
    except (OperationalError, InterfaceError) as error:
        log.warning("login: %s", str(error).strip().partition("\n")[0])
        return _refused(target, Unavailable(DATABASE_AWAY, retry_after=errors.RETRY_AFTER_S))


def _show(target: str) -> ResponseReturnValue:
    return redirect(target) if current_user.is_authenticated else _form(target)


def _enter(target: str) -> ResponseReturnValue:
    if not is_csrf_token(request.form.get("csrf_token")):
        return _form(target, STALE_FORM, 403)
    return enter(_authenticate(), target)


def enter(row: User, target: str) -> ResponseReturnValue:
    """Start the session of an authenticated person, and redirect to a path."""
    session.clear()  # prevents session fixation
    session.permanent = True
    session["seen"] = today()
    login_user(SignedIn(row, start_session(row)))
    g.user = row
    response = redirect(target, 303)
    _keep_theme(response, row.visual.get("theme"))
    return response


def start_session(row: User) -> str:
    """Start a session for the browser of this request; return its key."""
    agent = request.headers.get("User-Agent", "")
    return sessions.start(row, browser=agent, address=request.remote_addr or "")


def _refused(target: str, error: ServiceError) -> Response:
    """Return the form with the error; the status is 200 after a wrong password."""
    wrong = isinstance(error, NotAuthenticated)
    response = _form(target, error.message, 200 if wrong else errors.STATUS[error.code])
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _authenticate() -> User:
    name = request.form.get("username", "").strip()
    password = request.form.get("password", "")
    if not name or not password or "\x00" in name + password:
        raise NotAuthenticated("Wrong username or password.")
    return accounts.authenticate(name, password, request.remote_addr or "")


def _form(target: str, message: str = "", status: int = 200) -> Response:
    username = request.form.get("username", "")
    return page("login.html", status, target=target, message=message, username=username)


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page for people who are not signed in; it is not cached."""
    asked = request.args.get("theme")
    theme = _theme(asked or request.cookies.get(THEME_COOKIE))
    text = render_template(template, csrf_token=generate_csrf(), theme=theme, **values)
    response = Response(text, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    _keep_theme(response, asked)
    return response


def _theme(wish: str | None) -> str:
    return "light" if wish == "light" else "dark"


def _keep_theme(response: BaseResponse, wish: str | None) -> None:
    """Store the chosen theme in the browser."""
    if wish:
        response.set_cookie(
            THEME_COOKIE,
            _theme(wish),
            max_age=THEME_LIFE,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )


def login_file(name: str) -> Response:
    """Return a file of the login page."""
    if name not in FILES:
        raise NotFound("No such address.")
    return send_from_directory(STATIC, name, max_age=3600)


def logout() -> ResponseReturnValue:
    """End the session of this browser, or with ``everywhere`` all sessions of the account."""
    row = current_user.row
    if request.args.get("everywhere") == "1":
        sessions.end_sessions(row)
    else:
        sessions.end(row, current_user.key)
    logout_user()
    session.clear()
    response = redirect("/login", 303)
    _keep_theme(response, row.visual.get("theme"))
    response.delete_cookie(CSRF_COOKIE)
    return response
