"""The head of a request: checked, and translated to the environ of WSGI (PEP 3333)."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from jobs.serving.admission import Environ
from jobs.serving.errors import Refusal

Fields = list[tuple[bytes, bytes]]

_TARGET = re.compile(rb"[\x21-\x7e\x80-\xff]+")
_HOST = re.compile(rb"[A-Za-z0-9._:\[\]~!$&'()*+,;=%-]*")
_LENGTH = re.compile(rb"[0-9]{1,15}")
FRAMING = (b"content-length", b"transfer-encoding")


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its body.

    Attributes
    ----------
    target : bytes
        Path and query as they were sent.
    fields : list of (bytes, bytes)
        Names are in lower case.
    version : str
        ``1.0`` or ``1.1``.
    length : int or None
        Of the body; None when it comes in chunks.
    keep_alive : bool
        Whether the client wants to use the connection again.
    """

    method: str
    target: bytes
    fields: Fields
    version: str
    length: int | None
    keep_alive: bool

    @property
    def has_body(self) -> bool:
        """Whether a body follows, of known length or not."""
        return self.length != 0

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits to be told that its body is wanted."""
        return self.version == "1.1" and any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in self.fields
        )

    def values(self, wanted: bytes) -> list[bytes]:
        """Return the values of a header field."""
        return [value for name, value in self.fields if name == wanted]

    def environ(self, client: str, server: tuple[str, int]) -> Environ:
        """Return the environ; who adds ``wsgi.input`` also sets ``CONTENT_LENGTH``."""
        path, _, query = self.target.partition(b"?")
        environ: Environ = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query.decode("latin-1"),
            "RAW_URI": self.target.decode("latin-1"),
            "REQUEST_URI": self.target.decode("latin-1"),
            "SERVER_PROTOCOL": f"HTTP/{self.version}",
            "SERVER_NAME": server[0],
            "SERVER_PORT": str(server[1]),
            "REMOTE_ADDR": client,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
        }
        for name, value in self.fields:
            # "X_Forwarded_For" would be taken for "X-Forwarded-For".
            if name in FRAMING or b"_" in name:
                continue
            key = name.decode("latin-1").upper().replace("-", "_")
            key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
            text = value.decode("latin-1")
            joint = "; " if name == b"cookie" else ","
            environ[key] = f"{environ[key]}{joint}{text}" if key in environ else text
        return environ


def parse(
    method: bytes, target: bytes, fields: Fields, version: str, *, keep_alive: bool
) -> Request:
    """Check the head of a request that the parser accepts.

    Raises
    ------
    Refusal
        It could be understood in two ways, or not at all.
    """
    if version not in ("1.0", "1.1"):
        raise Refusal(400, "Only HTTP/1.0 and HTTP/1.1 are understood.")
    if method == b"CONNECT" or not _TARGET.fullmatch(target):
        raise Refusal(400, "The address of the request is not valid.")
    target = _origin_form(target)
    hosts = [value for name, value in fields if name == b"host"]
    if len(hosts) > 1 or (version == "1.1" and not hosts) or not _HOST.fullmatch(b"".join(hosts)):
        raise Refusal(400, "The request must name one host.")
    return Request(
        method.decode("ascii"), target, fields, version, _length(fields, version), keep_alive
    )


def _origin_form(target: bytes) -> bytes:
    """Return path and query of ``http://host/path?query``; a fragment belongs to no request."""
    if not target.startswith(b"/"):
        scheme, _, rest = target.partition(b"://")
        if scheme.lower() not in (b"http", b"https") or not rest:
            raise Refusal(400, "The address of the request is not valid.")
        authority = re.split(rb"[/?#]", rest, maxsplit=1)[0]
        target = rest[len(authority) :]
        target = target if target.startswith(b"/") else b"/" + target
    return target.partition(b"#")[0]


def _length(fields: Fields, version: str) -> int | None:
    """Return the length of the body: 0 for none, None for chunks.

    The parser has refused most of what can be read in two ways; nothing is left to it alone.
    """
    lengths = [value for name, value in fields if name == b"content-length"]
    codings = [value for name, value in fields if name == b"transfer-encoding"]
    if codings:
        if lengths or version == "1.0" or b",".join(codings).strip().lower() != b"chunked":
            raise Refusal(400, "The length of the body is not clear.")
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise Refusal(400, "The length of the body is not clear.")
    return int(lengths[0])
