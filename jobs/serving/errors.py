"""What the server itself answers: a request that never reaches the application.

Addresses below ``/api/`` get the JSON of the API's errors, others a line of text. A request whose
address is not known gets JSON, which scripts read.
"""

from __future__ import annotations

import json

CODES = {
    400: "invalid_request",
    408: "timeout",
    413: "too_large",
    414: "too_large",
    429: "too_many_attempts",
    431: "too_large",
    500: "failure",
    503: "unavailable",
}
RETRY_AFTER_S = 5

Answer = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers and body."""

REASONS = {
    400: "Bad Request",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Refusal(Exception):
    """A request that is not answered by the application.

    Parameters
    ----------
    status : int
        A key of `CODES`.
    message : str
        One sentence for the user.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Gone(Exception):
    """The client is no longer there, or was given up."""


def answer(refusal: Refusal, target: bytes) -> Answer:
    """Return the answer to a request for `target`, which may be empty or cut short."""
    path = target.partition(b"?")[0]
    if path and not (path + b"/").startswith(b"/api/"):
        kind, body = "text/plain; charset=utf-8", f"{refusal.message}\n".encode()
    else:
        error = {"code": CODES[refusal.status], "message": refusal.message}
        kind, body = "application/json", json.dumps({"error": error}).encode() + b"\n"
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Connection", "close"),
    ]
    if refusal.status in (429, 503):
        headers.append(("Retry-After", str(RETRY_AFTER_S)))
    return f"{refusal.status} {REASONS[refusal.status]}", headers, body
