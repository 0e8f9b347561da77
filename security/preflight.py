"""Whether a large body is wanted: the wall is asked with the header only (ADR 12).

Who is not signed in, may not do what is asked, or asks for more than an address takes, is told so
before the body has been received. The same checks are made again with the whole request.
"""

from __future__ import annotations

from flask import Flask, Response, g, request

from api.contract import routing
from api.contract.validation import MAX_JSON_BYTES
from jobs.serving.admission import PERSON, Admission, Environ, Examine
from security.request_security import MAX_BODY_BYTES

MAX_FORM_BYTES = 1_000_000
"""Of a plain form: a login, for example. Its CSRF token is in the body, so it is received first."""


def examiner(server: Flask) -> Examine:
    """Return the function that asks the wall of `server`."""

    def examine(environ: Environ) -> Admission:
        with server.request_context(environ):
            if request.mimetype == "application/x-www-form-urlencoded":
                return Admission(MAX_FORM_BYTES)
            try:
                denied = server.preprocess_request()
                if denied is None:
                    return Admission(_limit())
            except Exception as error:  # noqa: BLE001 - answered as the view's errors are
                denied = server.handle_user_exception(error)
            response = server.process_response(server.make_response(denied))
            body = response.get_data()
            headers = [*response.get_wsgi_headers(environ), ("Connection", "close")]
            return Admission(0, (response.status, headers, body))

    return examine


def name_person(server: Flask) -> None:
    """Tell the web server who asks, for what is limited by person."""

    @server.after_request
    def name(response: Response) -> Response:
        if g.get("user") is not None:
            request.environ[PERSON] = g.user.id
        return response


def _limit() -> int:
    """Return the largest body of the address; raises when there is none or the person may not."""
    if request.routing_exception is not None:
        raise request.routing_exception
    receipt = routing.RECEIPTS.get(request.endpoint or "")
    if receipt is None or request.mimetype != receipt.mimetype:
        return MAX_JSON_BYTES if request.is_json and request.blueprint == "api" else MAX_BODY_BYTES
    receipt.check()
    return receipt.limit
