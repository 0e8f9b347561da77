"""The one shape of every failure: ``{"error": {"code", "message", "field"?, "detail"?}}``."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, jsonify
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from reduction.errors import ReductionError
from services.errors import InvalidRequest, ServiceError, Unacceptable

log = logging.getLogger(__name__)

STATUS = {
    "invalid_request": 400,
    "not_authenticated": 401,
    "access_denied": 403,
    "not_found": 404,
    "conflict": 409,
    "unacceptable": 422,
    "too_many_attempts": 429,
    "unavailable": 503,
}
"""Status of a `ServiceError` by its code."""

HTTP_CODES = {
    400: "invalid_request",
    401: "not_authenticated",
    403: "access_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    416: "range_not_satisfiable",
    429: "too_many_attempts",
    503: "unavailable",
}
"""Code of a failure that the web server itself found."""

_SENTENCES = {
    404: "No such address.",
    405: "This address does not offer that method.",
    413: "The request is too large.",
}
CHALLENGE = 'Token realm="GSP Live"'
RETRY_AFTER_S = 5


def answer(
    status: int,
    code: str,
    message: str,
    *,
    field: str | None = None,
    detail: Any = None,
    retry_after: int | None = None,
) -> Response:
    """Build the answer of a failure.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        Stable word for scripts.
    message : str
        One sentence for a person.
    field, detail : optional
        What is at fault, and facts about it.
    retry_after : int, optional
        Seconds; always said with 429 and 503.
    """
    response = jsonify(_body(code, message, field, detail))
    response.status_code = status
    if status == 401:
        response.headers["WWW-Authenticate"] = CHALLENGE
    if status in (429, 503):
        response.headers["Retry-After"] = str(retry_after or RETRY_AFTER_S)
    return response


def _body(code: str, message: str, field: str | None, detail: Any) -> dict[str, Any]:
    error = {"code": code, "message": message, "field": field, "detail": detail}
    return {"error": {name: value for name, value in error.items() if value is not None}}


def body_of(error: ServiceError | HTTPException) -> tuple[int, dict[str, Any]]:
    """Return status and body of a failure, as it is answered."""
    if isinstance(error, ServiceError):
        return _status(error), _body(error.code, error.message, error.field, error.detail)
    status, code, message = _facts(error)
    return status, _body(code, message, None, None)


def _status(error: ServiceError) -> int:
    return STATUS.get(error.code, 400)


def _facts(error: HTTPException) -> tuple[int, str, str]:
    """Return status, code and sentence of what werkzeug refused."""
    status = error.code or 500
    code = HTTP_CODES.get(status, "invalid_request" if status < 500 else "failure")
    return status, code, _SENTENCES.get(status) or error.description or error.name


def from_service(error: ServiceError) -> Response:
    """Answer a failure that a service raised."""
    return answer(
        _status(error),
        error.code,
        error.message,
        field=error.field,
        detail=error.detail,
        retry_after=error.retry_after,
    )


def from_reduction(error: ReductionError) -> Response:
    """Answer a frame that can't be used; the keyword at fault is the field."""
    return answer(422, "unacceptable", str(error), field=getattr(error, "keyword", None))


def from_http(error: HTTPException) -> Response:
    """Answer what werkzeug refused; redirects pass, ``Allow`` and ``Content-Range`` stay."""
    if (error.code or 500) < 400:
        return Response(error.get_response().get_data(), error.code, error.get_headers())
    response = answer(*_facts(error))
    kept = ("Allow", "Content-Range", "Accept-Ranges")
    response.headers.extend(pair for pair in error.get_headers() if pair[0] in kept)
    return response


def database_down(error: Exception) -> Response:
    """Answer while the database is locked or away: nothing was written, try again."""
    log.warning("database: %s", str(error).strip().partition("\n")[0])
    return answer(
        503, "unavailable", "The database is busy or away for the moment; try again shortly."
    )


def unexpected(error: Exception) -> Response:
    """Answer a defect of ours: the traceback is in the log, nothing of it in the answer."""
    log.error("unexpected failure", exc_info=error)
    return answer(500, "failure", "Something went wrong here; it has been logged.")


def refusal(error: ValidationError, *, what: str) -> ServiceError:
    """Turn pydantic's first complaint into a sentence that names the field.

    A name nobody knows is malformed (400) in a query, where a misspelt filter would silently
    show everything; all else is unacceptable (422).

    Parameters
    ----------
    error : ValidationError
        As raised by a request model.
    what : str
        ``"query parameter"`` or ``"field"``: what the names are called.
    """
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or None
    if first["type"] == "extra_forbidden":
        kind = InvalidRequest if what == "query parameter" else Unacceptable
        return kind(f"Unknown {what} {name!r}.", field=name)
    if first["type"] == "missing":
        return Unacceptable(f"The {what} {name!r} is missing.", field=name)
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    return Unacceptable(f"{name}: {message}." if name else f"{message}.", field=name)


def register(server: Flask) -> None:
    """Hand every failure of the server to this module."""
    server.register_error_handler(ServiceError, from_service)
    server.register_error_handler(ReductionError, from_reduction)
    server.register_error_handler(HTTPException, from_http)
    server.register_error_handler(Exception, unexpected)
