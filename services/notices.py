"""Notices between the rows that keep them and those who show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reduction.notice_codes import NoticeCode
from reduction.notice_text import text
from reduction.notices import Notice, by_severity, notice

Stored = Mapping[str, Any]
"""A notice as a column keeps it (`reduction.notices.Notice.to_json`)."""


def load(stored: Stored | None) -> Notice | None:
    """Return the notice of a column, None when there is none."""
    return Notice.from_json(stored) if stored else None


def load_all(stored: Sequence[Stored]) -> list[Notice]:
    """Return the notices of a column that keeps several, in their order."""
    return [Notice.from_json(one) for one in stored]


def gravest_first(stored: Sequence[Stored]) -> list[Notice]:
    """Return the notices of a column that keeps several, the gravest first."""
    return by_severity(load_all(stored))


def dump_all(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    """Return notices as a column keeps them, each once."""
    return [one.to_json() for one in dict.fromkeys(notices)]


def message(stored: Stored | None) -> str:
    """Return the sentence of a column's notice, "" when there is none."""
    return text(Notice.from_json(stored)) if stored else ""


def as_dict(notice: Notice) -> dict[str, Any]:
    """Return a notice as the API shows it."""
    return {**notice.to_json(), "message": text(notice)}


def standing(label: str, state: str, step: str, reason: Notice | None = None) -> Notice | None:
    """Return the state of a run as a notice, None when it is done.

    Parameters
    ----------
    label : str
        The name of the process.
    state, step : str
        Of the run.
    reason : Notice, optional
        What the run waits for, or why it failed.
    """
    match state:
        case "running":
            return notice(NoticeCode.RUN_UNDER_WAY, block=label, step=step)
        case "queued":
            return notice(NoticeCode.RUN_QUEUED, block=label)
        case "waiting":
            return notice(NoticeCode.RUN_WAITING, block=label, reason=reason)
        case "cancelled":
            return notice(NoticeCode.RUN_CANCELLED, block=label)
        case "failed":
            return notice(NoticeCode.RUN_FAILED, block=label, reason=reason)
    return None
