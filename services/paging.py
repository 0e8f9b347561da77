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
    first = before(page, page_size)
    if count is None:
        count = query.order_by().count()
    rows = list(query.paginate(page, page_size)) if first < count else []
    return Page(count, rows, page, n_pages(count, page_size))


def paginate_within(query: ModelSelect, page: int, page_size: int) -> Page:
    """Return a page of an ordered query as `paginate` does; one beyond the last is the last."""
    count = query.order_by().count()
    return paginate(query, min(page, n_pages(count, page_size)), page_size, count)


def n_pages(count: int, page_size: int) -> int:
    """Return how many pages a list has: at least 1."""
    return max(1, -(-count // page_size))


def read_ids(
    query: ModelSelect, start: int, n_rows: int, ahead: int = AHEAD
) -> tuple[int, list[int]]:
    """Return how many rows an ordered query of nothing but ids has, and some of them.

    Ids weigh little: so many are read around the wanted ones that a list of middling length is
    counted while they are found, and the table is walked through once and not twice.

    Parameters
    ----------
    start, n_rows : int
        The first of the rows, from 0, and how many.
    ahead : int
        Ids that are read beyond these; rows that begin among the first so many are read with all
        that comes before them, since they may lie beyond the end.
    """
    first = 0 if start <= ahead else start
    limit = start - first + n_rows + ahead
    cursor = database.execute(query.offset(first).limit(limit))
    found = [number for (number,) in cursor.fetchall()]
    is_end = len(found) < limit and (found or first == 0)
    count = first + len(found) if is_end else query.order_by().count()
    return count, found[start - first : start - first + n_rows]


def before(page: int, page_size: int) -> int:
    """Return how many rows come before a page.

    Raises
    ------
    Unacceptable
        The page or its size is no sensible number.
    """
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise Unacceptable(f"page_size is from 1 to {MAX_PAGE_SIZE}.", field="page_size")
    if not 1 <= page <= 10_000_000:
        raise Unacceptable("page is a number from 1.", field="page")
    return (page - 1) * page_size
