"""One page of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import ModelSelect

from services.errors import Unacceptable

MAX_PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and where they are in it; `pages` is at least 1."""

    count: int
    rows: list[Any]
    page: int
    pages: int


def paginate(query: ModelSelect, page: int, page_size: int, count: int | None = None) -> Page:
    """Return a page of an ordered query; one beyond the last is empty.

    Raises
    ------
    Unacceptable
        The page or its size is no sensible number.
    """
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise Unacceptable(f"page_size is from 1 to {MAX_PAGE_SIZE}.", field="page_size")
    if not 1 <= page <= 10_000_000:
        raise Unacceptable("page is a number from 1.", field="page")
    if count is None:
        count = query.order_by().count()
    rows = list(query.paginate(page, page_size)) if (page - 1) * page_size < count else []
    return Page(count, rows, page, max(1, -(-count // page_size)))
