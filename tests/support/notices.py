"""What tests ask of notices: their codes and parameters, never their sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from reduction import difference_text, notice_text
from reduction.differences import Quantity
from reduction.errors import ReductionError
from reduction.notice_codes import NoticeCode, Severity
from reduction.notices import Notice

Said = Notice | Mapping[str, Any]
"""A notice, or one as a column or the API has it."""


def _notice(said: Said) -> Notice:
    return said if isinstance(said, Notice) else Notice.from_json(said)


def code_of(said: Said | None) -> NoticeCode | None:
    """Return the code of a notice, None without one."""
    return None if said is None else _notice(said).code


def codes(notices: Iterable[Said]) -> list[NoticeCode]:
    """Return the codes of notices."""
    return [_notice(one).code for one in notices]


def params(notices: Iterable[Said], code: NoticeCode) -> Mapping[str, Any]:
    """Return the parameters of the one notice of a code."""
    (found,) = (one for one in map(_notice, notices) if one.code is code)
    return found.params


def free(words: str, severity: Severity = Severity.ERROR) -> Notice:
    """Return a notice of some words, as a release without codes left it."""
    return Notice(NoticeCode.LEGACY_TEXT, severity, {"text": words})


def replace_sentences() -> None:
    """Have every notice rendered as its code and parameters, every difference as its quantity.

    Nothing may depend on wording: under this only the tests of the wording fail.
    """
    notice_text.TABLE.update({code: _without_words(code) for code in NoticeCode})
    difference_text.QUANTITIES.update({quantity: f"<{quantity}>" for quantity in Quantity})


def _without_words(code: NoticeCode) -> str:
    return " ".join([str(code), *(f"{{{name}}}" for name in sorted(code.parameters))])


@contextmanager
def refused(kind: type[ReductionError], code: NoticeCode, **params: Any) -> Iterator[None]:
    """Expect a failure of a class, a code and, among others, these parameters."""
    with pytest.raises(kind) as raised:
        yield
    notice = raised.value.notice
    assert notice.code is code, notice
    assert {name: notice.params[name] for name in params} == params
