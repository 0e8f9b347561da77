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
    before = (page - 1) * page_size
    if count is None:
        rows = list(query.paginate(page, page_size))
        # A page that is not full is the last one, and says itself how many there are.
        is_last = len(rows) < page_size and (rows or page == 1)
        count = before + len(rows) if is_last else query.order_by().count()
    else:
        rows = list(query.paginate(page, page_size)) if before < count else []
    return Page(count, rows, page, max(1, -(-count // page_size)))
