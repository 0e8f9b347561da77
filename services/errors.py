"""Errors with a message for the user; the API maps `code` to a status, pages show a toast.

ServiceError
 ├─ InvalidRequest      malformed: the request cannot be read           (400)
 ├─ NotAuthenticated    not signed in, or wrong credentials             (401)
 ├─ AccessDenied        visible, but the role does not allow it         (403)
 ├─ NotFound            absent, or not visible to the person            (404)
 ├─ Conflict            contradicts what is stored                      (409)
 ├─ Unacceptable        well-formed but not valid; `field` names it     (422)
 ├─ TooManyAttempts     try later, after `retry_after` seconds          (429)
 └─ Unavailable         a part of the system is down; `retry_after`     (503)
"""

from __future__ import annotations

from typing import Any, Final

from db import failures

DATABASE_UNAVAILABLE: Final = failures.DATABASE_UNAVAILABLE
"""Exception classes of a database that is locked or cannot be reached."""


class ServiceError(Exception):
    """Base of all errors that are shown to users.

    Parameters
    ----------
    message : str
        One sentence for the user.
    field : str, optional
        The parameter, setting or keyword that is not valid.
    detail : optional
        Further facts.
    retry_after : int, optional
        Seconds until another attempt is useful.
    """

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        detail: Any = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.detail = detail
        self.retry_after = retry_after


class InvalidRequest(ServiceError):
    """The request cannot be read."""

    code = "invalid_request"


class NotAuthenticated(ServiceError):
    """The request is not signed in, or the credentials are wrong."""

    code = "not_authenticated"


class AccessDenied(ServiceError):
    """The person may see the object, but the role does not allow the action."""

    code = "access_denied"


class NotFound(ServiceError):
    """The object does not exist, or the person may not see it."""

    code = "not_found"


class Conflict(ServiceError):
    """The request contradicts what is stored."""

    code = "conflict"


class Unacceptable(ServiceError):
    """A value is well-formed but not valid; `field` names the setting, keyword or parameter."""

    code = "unacceptable"


class TooManyAttempts(ServiceError):
    """Too many attempts; the next one is allowed after `retry_after` seconds."""

    code = "too_many_attempts"


class Unavailable(ServiceError):
    """A part of the system is temporarily not available."""

    code = "unavailable"
