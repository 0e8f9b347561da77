"""The format of all errors: ``{"error": {"code", "message", "field"?, "detail"?}}``."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, jsonify
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException, PreconditionFailed
from werkzeug.wrappers import Response as BaseResponse

from reduction.errors import ReductionError
from services.errors import InvalidRequest, ServiceError, Unacceptable
from services.field_paths import first_error

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
    412: "precondition_failed",
    413: "too_large",
    416: "range_not_satisfiable",
    429: "too_many_attempts",
    503: "unavailable",
}
"""Codes of errors of the web server."""

UNREAD_CODES = {
    408: "timeout",
    411: "length_required",
    414: "address_too_long",
    415: "unsupported_media_type",
    431: "headers_too_large",
}
"""Codes of errors of requests that no operation has seen."""

_SENTENCES = {
    404: "No such address.",
    405: "This address does not support the method.",
    412: "The file is not in the state that the request supposes (If-Match, If-Unmodified-Since).",
    413: "The request is too large.",
    414: "The address is too long.",
    415: "The body must be JSON, with Content-Type: application/json.",
    416: "The file does not have the requested range.",
    431: "The headers of the request are too large.",
}
MALFORMED = "malformed"
"""Type of a pydantic error: the text is not what the parameter is written as."""
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
    """Build the response of an error.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        Stable identifier for scripts.
    message : str
        One sentence for the user.
    field, detail : optional
        The parameter that is not valid, and further facts.
    retry_after : int, optional
        Seconds; always sent with 429 and 503.
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
    """Return status and body of the response of an error."""
    if isinstance(error, ServiceError):
        return _status(error), _body(error.code, error.message, error.field, error.detail)
    status, code, message = _facts(error)
    return status, _body(code, message, None, None)


def _status(error: ServiceError) -> int:
    return STATUS.get(error.code, 400)


def _facts(error: HTTPException) -> tuple[int, str, str]:
    """Return status, code and message of an error of werkzeug."""
    status = error.code or 500
    known = HTTP_CODES | UNREAD_CODES
    code = known.get(status, "invalid_request" if status < 500 else "failure")
    return status, code, _SENTENCES.get(status) or error.description or error.name


def from_service(error: ServiceError) -> Response:
    """Return the response of an error of a service."""
    return answer(
        _status(error),
        error.code,
        error.message,
        field=error.field,
        detail=error.detail,
        retry_after=error.retry_after,
    )


def from_reduction(error: ReductionError) -> Response:
    """Return the response of an unusable frame; the keyword is the field."""
    return answer(422, "unacceptable", str(error), field=getattr(error, "keyword", None))


def from_http(error: HTTPException) -> Response:
    """Return the response of an error of werkzeug, with its ``Allow`` and ``Content-Range``."""
    if (error.code or 500) < 400:
        return Response(error.get_response().get_data(), error.code, error.get_headers())
    response = answer(*_facts(error))
    kept = ("Allow", "Content-Range", "Accept-Ranges")
    response.headers.extend(pair for pair in error.get_headers() if pair[0] in kept)
    return response


def tell_failed_precondition(response: BaseResponse) -> BaseResponse:
    """Replace the file that werkzeug sends along with a failed ``If-Match`` by the error."""
    if response.status_code != 412 or response.mimetype == "application/json":
        return response
    response.close()
    return from_http(PreconditionFailed())


def database_down(error: Exception) -> Response:
    """Return the response while the database is not available; nothing was written."""
    log.warning("database: %s", str(error).strip().partition("\n")[0])
    return answer(503, "unavailable", "The database is busy or not available. Try again shortly.")


def unexpected(error: Exception) -> Response:
    """Return the response of an unexpected error; its traceback is in the log only."""
    log.error("unexpected error", exc_info=error)
    return answer(500, "failure", "An unexpected error occurred. It has been logged.")


def refusal(error: ValidationError, model: type[BaseModel], *, what: str) -> ServiceError:
    """Turn the first validation error into a message that names the field.

    An unknown name and a value that cannot be read at all (`MALFORMED`) are malformed (400) in a
    query; everything else is unacceptable (422).

    Parameters
    ----------
    error : ValidationError
        As raised by `model`.
    model : type of BaseModel
        The model of the request.
    what : str
        ``"query parameter"`` or ``"field"``.
    """
    path, kind, message = first_error(error, model)
    name = path or None
    malformed = InvalidRequest if what == "query parameter" else Unacceptable
    if kind == "extra_forbidden":
        return malformed(f"Unknown {what} {name!r}.", field=name)
    if kind == "missing":
        return Unacceptable(f"The {what} {name!r} is missing.", field=name)
    refused = malformed if kind == MALFORMED else Unacceptable
    return refused(f"{name}: {message}." if name else f"{message}.", field=name)


def register(server: Flask) -> None:
    """Register the error handlers of a server."""
    server.register_error_handler(ServiceError, from_service)
    server.register_error_handler(ReductionError, from_reduction)
    server.register_error_handler(HTTPException, from_http)
    server.register_error_handler(Exception, unexpected)
    server.after_request(tell_failed_precondition)
