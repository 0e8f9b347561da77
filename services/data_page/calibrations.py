"""The calibrations of the file on show: those used, and those that could be used instead."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from db.models import File, User
from reduction.differences import Difference
from reduction.notices import Notice
from reduction.registry import CalibrationRole
from services import request_coalescing
from services.calibration import out_of_date, provisional, report
from services.calibration.manual import Candidate
from services.calibration.report import Search
from services.files import lookup
from services.request_coalescing import Moment


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A calibration that was used, or that could be.

    `obstacle` is the reason why it cannot be used at all, `refused` why it was tried and not used;
    None without one.
    """

    id: int
    file_name: str
    date_obs: dt.datetime
    n_combined: int | None
    differences: tuple[Difference, ...]
    fits: bool
    is_used: bool
    obstacle: Notice | None
    refused: Notice | None = None


@dataclass(frozen=True, slots=True)
class SearchView:
    """The search for the calibration of one role.

    `is_made` is whether the process has run already. `used` are the names of what it used,
    or would use now; `notice` explains it. A calibration is selected by requesting `block` on the
    file `target_id`.
    """

    block: str
    label: str
    target_id: int
    target_name: str
    role: CalibrationRole
    is_made: bool
    used: tuple[str, ...]
    notice: Notice | None
    candidates: tuple[CandidateView, ...]


@dataclass(frozen=True, slots=True)
class OutOfDate:
    """Why a product is out of date; `newer_id` is a version that is up to date, if there is one."""

    notice: Notice
    newer_id: int | None
    may_request: bool


@dataclass(frozen=True, slots=True)
class CalibrationPanel:
    """The calibrations of a file, as the Data page shows them.

    They are the same for all who may see the file and for whom `may_process` is the same.
    `provisional` says which arc may still come.
    """

    file_id: int
    may_process: bool
    out_of_date: OutOfDate | None
    provisional: Notice | None
    searches: tuple[SearchView, ...]


def read(user: User, file_id: int, when: Moment | None = None) -> CalibrationPanel:
    """Return the calibrations of a file.

    Raises
    ------
    NotFound
        No such file for this person.
    """
    file = lookup.on_show(user, file_id, when)
    may_process = report.may_choose(user, file)
    key = ("calibrations", file_id, may_process)
    return request_coalescing.read(when, key, lambda: _panel(user, file, may_process=may_process))


def _panel(user: User, file: File, *, may_process: bool) -> CalibrationPanel:
    return CalibrationPanel(
        file_id=file.id,
        may_process=may_process,
        out_of_date=_out_of_date(file, may_process=may_process) if file.out_of_date else None,
        provisional=provisional.why(file),
        searches=tuple(_search(search) for search in report.of_file(user, file)),
    )


def _out_of_date(file: File, *, may_process: bool) -> OutOfDate:
    newer = out_of_date.newer(file)
    return OutOfDate(
        notice=out_of_date.why(file),
        newer_id=newer.id if newer is not None else None,
        may_request=newer is None and may_process and file.proposal_id is not None,
    )


def _search(search: Search) -> SearchView:
    return SearchView(
        block=search.block.name,
        label=search.block.label,
        target_id=search.target.id,
        target_name=search.target.file_name,
        role=search.role,
        is_made=search.is_made,
        used=tuple(sorted({file.file_name for file in search.taken})),
        notice=search.notice,
        candidates=tuple(_candidate(search, candidate) for candidate in search.candidates),
    )


def _candidate(search: Search, candidate: Candidate) -> CandidateView:
    file = candidate.file
    return CandidateView(
        id=file.id,
        file_name=file.file_name,
        date_obs=file.date_obs,
        n_combined=file.n_combined,
        differences=candidate.differences,
        fits=candidate.fits,
        is_used=any(file.id in {used.id, used.original_id} for used in search.taken),
        obstacle=candidate.obstacle,
        refused=search.refused.get(file.original_id or file.id),
    )
