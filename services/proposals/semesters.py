"""Semesters of SOAR: A is February to July, B is August to January of the following year."""

from __future__ import annotations

import datetime as dt
import re

from db.models import Proposal
from services.errors import Unacceptable

_NAME = re.compile(r"(\d{4})([AB])")
_SOAR_ID = re.compile(r"SOAR(\d{4}[AB])", re.IGNORECASE)
OFFERED = 6
"""Number of past semesters in a form."""


def of_date(date: dt.date) -> str:
    """Return the semester of a date, e.g. 2026B for January 2027."""
    if date.month == 1:
        return f"{date.year - 1}B"
    return f"{date.year}{'A' if date.month <= 7 else 'B'}"


def current() -> str:
    """Return the semester of today (UTC)."""
    return of_date(dt.datetime.now(dt.UTC).date())


def of_soar_id(soar_id: str) -> str:
    """Return the semester that a SOAR ID names, "" for none."""
    match = _SOAR_ID.match(soar_id)
    return match[1].upper() if match else ""


def _shifted(semester: str, by: int) -> str:
    number = 2 * int(semester[:4]) + (semester[4] == "B") + by
    return f"{number // 2}{'AB'[number % 2]}"


def offered() -> list[str]:
    """Return the next, the current and some past semesters, newest first."""
    now = current()
    return [_shifted(now, by) for by in range(1, -OFFERED - 1, -1)]


def check(text: str) -> str:
    """Return a semester as it is stored.

    Raises
    ------
    Unacceptable
        It is not in the form 2026B.
    """
    text = text.strip().upper()
    if not _NAME.fullmatch(text):
        raise Unacceptable("Enter a year and A or B, such as 2026B.", field="semester")
    return text


def next_soar_id(semester: str) -> str:
    """Return the next free SOAR ID of a semester, e.g. SOAR2026B-014."""
    start = f"SOAR{check(semester)}-"
    query = Proposal.select(Proposal.soar_id).where(Proposal.soar_id.startswith(start))
    taken = {soar_id.upper() for (soar_id,) in query.tuples()}
    number = len(taken) + 1
    while f"{start}{number:03d}" in taken:
        number += 1
    return f"{start}{number:03d}"
