"""Pages of lists, with the addresses of the adjacent pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import current_app, request


def listing(count: int, page: int, page_size: int, results: list[Any]) -> dict[str, Any]:
    """Return a page of a list in the form of the API."""
    last = max(1, -(-count // page_size))
    return {
        "count": count,
        "next": _address(page + 1) if page < last else None,
        "previous": _address(min(page - 1, last)) if page > 1 else None,
        "results": results,
    }


def _address(page: int) -> str:
    """Return the address of this request with another page.

    The host is the one that the client used: it reached us under it. The scheme is that of the
    configured address when the hosts agree, since a proxy may have taken the TLS off.
    """
    base = urlsplit(current_app.config["BASE_URL"])
    scheme = base.scheme if base.netloc == request.host else request.scheme
    query = urlencode({**request.args.to_dict(), "page": page})
    return f"{scheme}://{request.host}{request.path}?{query}"
