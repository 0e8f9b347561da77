"""One page of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import ModelSelect

from db import database
from services.errors import Unacceptable

MAX_PAGE_SIZE = 1000
AHEAD = 20_000


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
    before = _before(page, page_size)
    if count is None:
        count = query.order_by().count()
    rows = list(query.paginate(page, page_size)) if before < count else []
    return _page(count, rows, page, page_size)


def paginate_within(query: ModelSelect, page: int, page_size: int) -> Page:
    """Return a page of an ordered query as `paginate` does; one beyond the last is the last."""
    count = query.order_by().count()
    return paginate(query, min(page, n_pages(count, page_size)), page_size, count)


def n_pages(count: int, page_size: int) -> int:
    """Return how many pages a list has: at least 1."""
    return max(1, -(-count // page_size))


def paginate_ids(query: ModelSelect, page: int, page_size: int, ahead: int = AHEAD) -> Page:
    """Return a page of an ordered query of nothing but ids.

    Ids weigh little: so many are read around the page that a list of middling length is counted
    while its page is found, and the table is walked through once and not twice.

    Parameters
    ----------
    ahead : int
        Ids that are read beyond the page; a page that begins among the first so many is read with
        all that comes before it, since it may lie beyond the end.
    """
    before = _before(page, page_size)
    first = 0 if before <= ahead else before
    limit = before - first + page_size + ahead
    cursor = database.execute(query.offset(first).limit(limit))
    found = [number for (number,) in cursor.fetchall()]
    is_end = len(found) < limit and (found or first == 0)
    count = first + len(found) if is_end else query.order_by().count()
    rows = found[before - first : before - first + page_size]
    return _page(count, rows, page, page_size)


def _before(page: int, page_size: int) -> int:
    """Return how many rows come before a page."""
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise Unacceptable(f"page_size is from 1 to {MAX_PAGE_SIZE}.", field="page_size")
    if not 1 <= page <= 10_000_000:
        raise Unacceptable("page is a number from 1.", field="page")
    return (page - 1) * page_size


def _page(count: int, rows: list[Any], page: int, page_size: int) -> Page:
    return Page(count, rows, page, n_pages(count, page_size))
