"""The queries of a piece of code: listed, or forbidden."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOG = logging.getLogger("peewee")
"""peewee logs every query to this logger before it is executed."""


class _Listener(logging.Handler):
    def __init__(self, queries: list[str], *, is_forbidden: bool) -> None:
        super().__init__(logging.DEBUG)
        self.queries = queries
        self.is_forbidden = is_forbidden
        self.thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread != self.thread:  # a listener of events, left by another test
            return
        sql, _parameters = record.msg
        query = re.sub(r"\((\?|%s)(, (\?|%s))*\)", "(…)", sql)  # lists of any length look alike
        self.queries.append(query)
        if self.is_forbidden:
            raise AssertionError(f"a query is executed: {query}")


@contextmanager
def _listening(*, is_forbidden: bool) -> Iterator[list[str]]:
    queries: list[str] = []
    listener = _Listener(queries, is_forbidden=is_forbidden)
    level = _LOG.level
    _LOG.addHandler(listener)
    _LOG.setLevel(logging.DEBUG)
    try:
        yield queries
    finally:
        _LOG.setLevel(level)
        _LOG.removeHandler(listener)


@contextmanager
def listed_queries() -> Iterator[list[str]]:
    """Yield the list that every query of the block is appended to."""
    with _listening(is_forbidden=False) as queries:
        yield queries


@contextmanager
def no_queries() -> Iterator[None]:
    """Fail at the first query of the block."""
    with _listening(is_forbidden=True):
        yield
