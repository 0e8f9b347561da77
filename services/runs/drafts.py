"""Runs that are not in the table yet: how they are made, and whether they are due.

A draft is *assessed* before it is written: what it needs is looked for, and it starts as queued
when everything is there, else as waiting. The search may take a while and belongs outside of
transactions.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from db.models import File, Run, User
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import Block
from services import notices
from services.calibration import selection
from services.calibration.outcomes import Waiting
from services.runs.lifecycle import RunState

MANUAL_PRIORITY = 10
BACKGROUND_PRIORITY = -10
"""Of what is reduced again: after everything that runs automatically, and what follows from it."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """Whether a run is due, and what it waits for if it is not."""

    state: RunState
    reason: Notice | None = None

    def differs_from(self, run: Run) -> bool:
        """Return whether a run has another state or reason."""
        return (str(self.state), self.reason) != (run.state, notices.load(run.notice))


NOT_ASSESSED = Assessment(RunState.WAITING, notice(NoticeCode.NOT_EXAMINED))
"""Of a run whose calibrations are looked for after it was written."""


def draft(
    block: Block,
    file: File,
    settings: dict[str, Any],
    user: User | None = None,
    exposure: dt.datetime | None = None,
) -> Run:
    """Return a run that is in no table yet.

    Parameters
    ----------
    block : Block
        The process block.
    file : File
        What it runs on.
    settings : dict
        All settings of the block.
    user : User, optional
        Who asks for it; without one the run is automatic.
    exposure : datetime, optional
        Start of the newest exposure it works for; default: that of the file.
    """
    return Run(
        file=file,
        proposal=None if block.produces is DataType.MASTER else file.proposal_id,
        block=block.name,
        automatic=user is None,
        user=user,
        priority=0 if user is None else MANUAL_PRIORITY,
        exposure=exposure or file.date_obs,
        settings=settings,
    )


def assess(run: Run) -> Assessment:
    """Look for the inputs of a run, and return whether it is due.

    A run whose inputs are refused is due as well: its execution ends it with the reason.
    """
    answer = selection.resolve(run)
    if isinstance(answer, Waiting):
        return Assessment(RunState.WAITING, answer.notice)
    return Assessment(RunState.QUEUED)
