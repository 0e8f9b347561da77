"""Pages to set a password by a link that is requested and sent by e-mail.

Plain forms that work without scripts. The key of a link stands in the address only until the link
is opened: then the session keeps it, so that no history, log or referrer has it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, Response, redirect, request, session
from flask.typing import ResponseReturnValue
from peewee import InterfaceError, OperationalError

from api.contract import errors, limits
from security import login
from security.login import DATABASE_AWAY, STALE_FORM, is_csrf_token
from services.accounts import password_links
from services.accounts.passwords import REQUIREMENTS
from services.errors import AccessDenied, NotFound, ServiceError, Unacceptable, Unavailable
from services.mail import letters

log = logging.getLogger(__name__)

FORGOT, SET = password_links.FORGOT, password_links.PATH.rstrip("/")
KEPT = "password_link"
_OPEN = re.compile(rf"{FORGOT}|{SET}(/[^/]+)?")
SENT = (
    "If there is an account with this name or address, a link to set its password is being sent "
    "by e-mail. The link works once and expires after 3 days."
)

Show = Callable[..., ResponseReturnValue]


def register(server: Flask) -> None:
    """Register the pages."""
    server.add_url_rule(FORGOT, "forgot", forgot_page, methods=["GET", "POST"])
    server.add_url_rule(f"{SET}/<key>", "open_link", open_link)
    server.add_url_rule(SET, "set_password", set_page, methods=["GET", "POST"])


def is_open(path: str) -> bool:
    """Return whether a path is exactly one of these pages."""
    return _OPEN.fullmatch(path) is not None


def _failing(show: Callable[..., Response]) -> Callable[[Show], Show]:
    """Return the form with the error instead of an error page."""

    def wrap(page: Show) -> Show:
        @wraps(page)
        def inner(**values: Any) -> ResponseReturnValue:
            try:
                return page(**values)
            except ServiceError as error:
                return show(error)
            except (OperationalError, InterfaceError) as error:
                log.warning("password: %s", str(error).strip().partition("\n")[0])
                return show(Unavailable(DATABASE_AWAY, retry_after=errors.RETRY_AFTER_S))

        return inner

    return wrap


def _page(template: str, error: ServiceError | None = None, **values: Any) -> Response:
    """Return a page; the status is 200 for an invalid password or link."""
    values = {"message": error.message if error else "", **values}
    response = login.page(template, **values)
    if error is not None and not isinstance(error, Unacceptable | NotFound):
        response.status_code = errors.STATUS[error.code]
    if error is not None and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _show_forgot(error: ServiceError | None = None, sent: str = "") -> Response:
    return _page("password_forgot.html", error, sent=sent, name=request.form.get("name", ""))


@_failing(_show_forgot)
def forgot_page() -> ResponseReturnValue:
    """Show the form that requests a link, or send a link if the account exists."""
    if request.method != "POST":
        return _show_forgot()
    if not is_csrf_token(request.form.get("csrf_token")):
        return _show_forgot(AccessDenied(STALE_FORM))
    letters.forgot(request.form.get("name", ""), request.remote_addr or "")
    return _show_forgot(sent=SENT)


def _show_set(error: ServiceError | None = None, username: str = "") -> Response:
    wrong: dict[str, list[str]] = {}
    if isinstance(error, Unacceptable) and error.field:
        sentences = error.detail if isinstance(error.detail, list) else [error.message]
        wrong = {error.field: sentences}
    message = "" if wrong or error is None else error.message
    return _page(
        "password_set.html",
        error,
        message=message,
        username=username,
        wrong=wrong,
        rules=REQUIREMENTS,
    )


@_failing(_show_set)
def open_link(key: str) -> ResponseReturnValue:
    """Move a valid key from the address to a cookie, and redirect to the form."""
    try:
        password_links.owner(key)
    except NotFound:
        limits.count_guess(request.remote_addr or "")
        raise
    session[KEPT] = key
    response = redirect(SET, 303)
    response.headers["Cache-Control"] = "no-store"
    return response


@_failing(_show_set)
def set_page() -> ResponseReturnValue:
    """Show the form for the new password, or set it and sign the owner in."""
    key = str(session.get(KEPT, ""))
    owner = password_links.owner(key)
    if request.method != "POST":
        return _show_set(username=owner.username)
    if not is_csrf_token(request.form.get("csrf_token")):
        return _show_set(AccessDenied(STALE_FORM), owner.username)
    password, again = (request.form.get(name, "") for name in ("password", "confirmation"))
    try:
        owner = password_links.use(key, password, again)
    except NotFound:
        session.pop(KEPT, None)
        raise
    except ServiceError as error:
        return _show_set(error, owner.username)
    return login.enter(owner, "/")
