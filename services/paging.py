"""Pages of long lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from peewee import ModelSelect

from db import database
from services.errors import Unacceptable

MAX_PAGE_SIZE = 1000
AHEAD = 20_000


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list.

    Attributes
    ----------
    count : int
        Rows of the whole list.
    rows : sequence
        Rows of this page.
    page, pages : int
        The number of this page, from 1, and of the last one.
    """

    count: int
    rows: Sequence[Row]
    page: int
    pages: int


def paginate(query: ModelSelect, page: int, page_size: int, count: int | None = None) -> Page[Any]:
    """Return a page of an ordered query; a page beyond the last is empty.

    Parameters
    ----------
    query : ModelSelect
        Ordered.
    page, page_size : int
        From 1.
    count : int, optional
        Rows of the query, when they are known already.

    Raises
    ------
    Unacceptable
        The page or its size is out of range.
    """
    first = before(page, page_size)
    if count is None:
        count = query.order_by().count()
    rows = list(query.paginate(page, page_size)) if first < count else []
    return Page(count, rows, page, n_pages(count, page_size))


def paginate_within(query: ModelSelect, page: int, page_size: int) -> Page[Any]:
    """Return a page of an ordered query; a page beyond the last is the last."""
    count = query.order_by().count()
    return paginate(query, min(page, n_pages(count, page_size)), page_size, count)


def n_pages(count: int, page_size: int) -> int:
    """Return the number of pages of a list, at least 1."""
    return max(1, -(-count // page_size))


def read_ids(
    query: ModelSelect, start: int, n_rows: int, ahead: int = AHEAD
) -> tuple[int, list[int]]:
    """Return the number of rows of an ordered query of ids, and some of the ids.

    Reading ids is cheap. Enough are read around the wanted ones that a list of moderate length is
    counted in the same pass over the table.

    Parameters
    ----------
    query : ModelSelect
        Ordered; selects nothing but the id.
    start, n_rows : int
        The first row, from 0, and how many.
    ahead : int
        How many ids are read beyond the wanted ones. Rows that start among the first `ahead` are
        read together with all rows before them, since they may lie beyond the end.

    Returns
    -------
    int
        Rows of the whole query.
    list of int
        The wanted ids.
    """
    first = 0 if start <= ahead else start
    limit = start - first + n_rows + ahead
    cursor = database.execute(query.offset(first).limit(limit))
    found = [number for (number,) in cursor.fetchall()]
    is_end = len(found) < limit and (found or first == 0)
    count = first + len(found) if is_end else query.order_by().count()
    return count, found[start - first : start - first + n_rows]


def before(page: int, page_size: int) -> int:
    """Return the number of rows before a page.

    Raises
    ------
    Unacceptable
        The page or its size is out of range.
    """
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise Unacceptable(f"page_size must be from 1 to {MAX_PAGE_SIZE}.", field="page_size")
    if not 1 <= page <= 10_000_000:
        raise Unacceptable("page must be a positive number.", field="page")
    return (page - 1) * page_size
