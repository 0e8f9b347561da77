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


def paginate(
    query: ModelSelect, page: int, page_size: int, count: int | None = None, ahead: int = 0
) -> Page:
    """Return a page of an ordered query; one beyond the last is empty.

    Parameters
    ----------
    count : int, optional
        Of all rows, when it is known.
    ahead : int
        Rows to look at beyond the page: where no more than these follow, they need not be counted
        in a second walk through the table. For queries of bare ids.

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
        found = list(query.offset(before).limit(page_size + ahead))
        rows = found[:page_size]
        is_end = len(found) < page_size + ahead and (found or page == 1)
        count = before + len(found) if is_end else query.order_by().count()
    else:
        rows = list(query.paginate(page, page_size)) if before < count else []
    return Page(count, rows, page, max(1, -(-count // page_size)))
