"""The file index: one page of the raw frames or of the calibrations, with their progress."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from db.models import File, User
from reduction.frames import SHARED_TYPES, DataType
from services.data_page import reduction_progress
from services.data_page.reduction_progress import Progress
from services.errors import ServiceError
from services.files import file_list, lookup
from services.paging import Page
from services.proposals import proposals
from services.search.filters import FileFilters

PAGE_SIZE = 20
NEWEST_FIRST = "-date"


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """Which part of the index is shown: raw frames, or masters and sensitivities.

    `soar_id` restricts the raw frames to one proposal ("" for all), `name` the files to those
    whose names contain it. `file` is the id or the name of the file on show; None for the newest.
    """

    calibrations: bool = False
    soar_id: str = ""
    name: str = ""
    page: int = 1
    file: int | str | None = None


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A raw frame or a calibration in the index.

    `opens` is the id of the file that a click opens: the furthest product of the frame. `stage` is
    the type of that product, None without one. `run_state` is the state of the most urgent of the
    frame's unfinished runs, "" without one. `star` is the standard star of a sensitivity, "" of
    other files.
    """

    id: int
    file_name: str
    obstype: str
    object: str
    night: dt.date
    date_obs: dt.datetime
    opens: int
    stage: DataType | None
    run_state: str
    star: str = ""


@dataclass(frozen=True, slots=True)
class FileIndex:
    """One page of the index.

    `selected` is the id of the entry of the file on show, None when it is not known. `soar_ids` are
    the proposals that the person sees.
    """

    entries: tuple[IndexEntry, ...]
    page: int
    n_pages: int
    n_observed: int
    n_calibrations: int
    soar_ids: tuple[str, ...]
    selected: int | None


def read(user: User, query: IndexQuery) -> FileIndex:
    """Return one page of the index; beyond the last page it is the last.

    Raises
    ------
    Unacceptable
        The name or the page is not valid.
    """
    page = _page(user, query)
    if query.page > page.pages:
        query = replace(query, page=page.pages)
        page = _page(user, query)
    progress = reduction_progress.frames(user, [row.id for row in page.rows])
    visible = proposals.visible(user)
    n_observed, n_calibrations = _counts(user, query.soar_id, {p.soar_id: p.id for p in visible})
    return FileIndex(
        entries=tuple(_entry(row, progress.get(row.id, Progress())) for row in page.rows),
        page=query.page,
        n_pages=page.pages,
        n_observed=n_observed,
        n_calibrations=n_calibrations,
        soar_ids=tuple(proposal.soar_id for proposal in visible),
        selected=_selected(user, query, page.rows),
    )


def n_pages(user: User, query: IndexQuery) -> int:
    """Return how many pages the index has."""
    return _page(user, replace(query, page=1)).pages


def _page(user: User, query: IndexQuery) -> Page[File]:
    types = SHARED_TYPES if query.calibrations else (DataType.RAW,)
    values = {"data_type": ",".join(str(int(kind)) for kind in sorted(types))}
    if query.soar_id and not query.calibrations:
        values["proposal_id"] = query.soar_id
    if query.name:
        values["file_name"] = query.name
    filters = FileFilters.model_validate(values)
    return file_list.page(user, filters, NEWEST_FIRST, query.page, PAGE_SIZE)


def _counts(user: User, soar_id: str, ids: dict[str, int]) -> tuple[int, int]:
    # No row has the id 0: a proposal that the person does not see has no frames.
    return file_list.counts(user, ids.get(soar_id, 0) if soar_id else None)


def _entry(file: File, progress: Progress) -> IndexEntry:
    return IndexEntry(
        id=file.id,
        file_name=file.file_name,
        obstype=file.obstype,
        object=file.object,
        night=file.night,
        date_obs=file.date_obs,
        opens=progress.file_id or file.id,
        stage=progress.data_type,
        run_state=progress.state,
        star=file.object if file.data_type == DataType.SENSITIVITY else "",
    )


def _selected(user: User, query: IndexQuery, rows: Sequence[File]) -> int | None:
    """Return the raw frame (or the calibration) of the file on show."""
    if query.file is None:
        is_newest = query.page == 1 and not query.calibrations and bool(rows)
        return int(rows[0].id) if is_newest else None
    try:
        file = lookup.get(user, query.file)
    except ServiceError:
        return None  # the view of the file says why
    return int(file.original_id or file.id)
