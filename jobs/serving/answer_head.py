"""The head of an answer: the status line, header fields, and how the end of the body is told."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from jobs.serving.request import Request

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_STATUS = re.compile(r"[1-5][0-9]{2}( [\t\x20-\x7e]*)?")
_OURS = frozenset(
    {
        "connection",
        "date",
        "keep-alive",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Fields between two neighbours, which no application sets; ``Server`` tells nobody our version."""


class Framing(enum.Enum):
    """How a client knows where the body ends."""

    NONE = enum.auto()
    LENGTH = enum.auto()
    CHUNKS = enum.auto()
    CLOSE = enum.auto()


@dataclass(frozen=True, slots=True)
class Head:
    """What is sent first, without the date and the empty line."""

    text: bytes
    framing: Framing
    length: int
    keep_alive: bool


def head_of(
    request: Request, status: str, headers: list[tuple[str, str]], *, keep_alive: bool
) -> Head:
    """Return the head of an answer.

    Raises
    ------
    ValueError
        A field could be read as the end of the header, or of another answer.
    """
    if not _STATUS.fullmatch(status):
        raise ValueError(f"{status!r} is not a status")
    lines = [f"HTTP/1.1 {status}"]
    length: int | None = None
    for name, value in headers:
        key = name.lower()
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"the header {name!r} can't be sent")
        if key == "connection" and "close" in value.lower():
            keep_alive = False
        if key == "content-length":
            length = int(value)
        if key not in _OURS:
            lines.append(f"{name}: {value}")
    framing = _framing(request, int(status[:3]), length)
    keep_alive = keep_alive and request.keep_alive and framing is not Framing.CLOSE
    if framing is Framing.CHUNKS:
        lines.append("transfer-encoding: chunked")
    if not keep_alive:
        lines.append("connection: close")
    elif request.version == "1.0":
        lines.append("connection: keep-alive")
    text = "\r\n".join(lines).encode("latin-1") + b"\r\n"
    return Head(text, framing, length or 0, keep_alive)


def _framing(request: Request, status: int, length: int | None) -> Framing:
    if request.method == "HEAD" or status < 200 or status in (204, 304):
        return Framing.NONE
    if length is not None:
        return Framing.LENGTH
    return Framing.CHUNKS if request.version == "1.1" else Framing.CLOSE
