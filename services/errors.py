"""Failures a caller may show. `code` is stable; the API maps it to a status, the pages to a toast.

ServiceError
 ├─ InvalidRequest      malformed: the request can't be read            (400)
 ├─ NotAuthenticated    nobody is signed in, or wrong credentials       (401)
 ├─ AccessDenied        yours, but your role may not                    (403)
 ├─ NotFound            absent, or not yours: the two look alike        (404)
 ├─ Conflict            contradicts what is stored                      (409)
 ├─ Unacceptable        well-formed but impossible; names the field     (422)
 ├─ TooManyAttempts     try later; carries `retry_after` seconds        (429)
 └─ Unavailable         a part of the system is down; `retry_after`     (503)
"""

from __future__ import annotations

from typing import Any


class ServiceError(Exception):
    """Base: a sentence for the person or script that asked."""

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
    """The request can't be read."""

    code = "invalid_request"


class NotAuthenticated(ServiceError):
    """Nobody is signed in, or the credentials are wrong."""

    code = "not_authenticated"


class AccessDenied(ServiceError):
    """The person may see it, but the role does not allow the action."""

    code = "access_denied"


class NotFound(ServiceError):
    """Absent, or someone else's: an outsider can't tell which."""

    code = "not_found"


class Conflict(ServiceError):
    """Contradicts what is stored."""

    code = "conflict"


class Unacceptable(ServiceError):
    """Well-formed but impossible; `field` names the setting, keyword or parameter."""

    code = "unacceptable"


class TooManyAttempts(ServiceError):
    """Too many tries; `retry_after` says when the next one counts."""

    code = "too_many_attempts"


class Unavailable(ServiceError):
    """A part of the system is down for now."""

    code = "unavailable"
