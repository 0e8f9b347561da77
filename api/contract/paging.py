"""Pages of lists, with the addresses of the adjacent pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

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

    Scheme and host are those of ``GSP_BASE_URL``: a client may name any host.
    """
    query = urlencode({**request.args.to_dict(), "page": page})
    return f"{current_app.config['BASE_URL']}{request.path}?{query}"
