"""What the sentences of several notices share, and the table that they are entered in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reduction.difference_text import differences_text
from reduction.differences import Difference
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice

Params = Mapping[str, Any]
Sentence = str | Callable[[Params], str]
"""A text with parameters in braces, or a function of the parameters."""

TABLE: dict[NoticeCode, Sentence] = {}
"""All sentences; filled by `reduction.notice_text` from the other modules of this room."""


def text(notice: Notice) -> str:
    """Return the sentence of a notice; it ends with a full stop."""
    sentence = TABLE[notice.code]
    params = notice.params
    words = sentence.format(**params) if isinstance(sentence, str) else sentence(params)
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def differences(params: Params) -> list[Difference]:
    """Return the differences of a notice."""
    return [Difference.from_json(stored) for stored in params["differences"]]


def listed(params: Params) -> str:
    """Return the differences of a notice, listed."""
    return differences_text(differences(params))


def reason(params: Params) -> str:
    """Return the sentence of the notice inside a notice, "" without one."""
    inner = params["reason"]
    return text(Notice.from_json(inner)) if inner else ""


def of_file(params: Params) -> str:
    """Return the inner sentence, preceded by the file unless it names it."""
    named = params["reason"]["params"].get("file") == params["file"]
    return reason(params) if named else f"{params['file']}: {reason(params)}"
