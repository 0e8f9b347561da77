"""The Search page: rows of files, the count, the choices of each filter, and bulk actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from db.models import File, Proposal, User
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, all_blocks
from services import access
from services.access import Action
from services.runs.requests import obstacle
from services.search import query as search_query
from services.search.columns import FACETS
from services.search.filters import FileFilters, chosen_values

MAX_AT_ONCE = 500
"""Files of one bulk action; their ids still fit into an address."""

_SHOWN = (
    File.id,
    File.file_name,
    File.proposal,
    File.obstype,
    File.object,
    File.wavmode,
    File.filter,
    File.filter_2,
    File.grating,
    File.slit,
    File.roi,
    File.date,
    File.date_obs,
    File.data_type,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter; `count` files have it and match all other filters."""

    value: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """The number of files that match, and the choices of each of `FACETS` in their order."""

    count: int
    choices: dict[str, list[Choice]]


@dataclass(frozen=True, slots=True)
class SearchRow:
    """A file in the table; all values are text as it is shown."""

    id: str
    file_name: str
    obstype: str
    object: str
    wavmode: str
    filter: str
    filter_2: str
    grating: str
    slit: str
    roi: str
    proposal_id: str
    date: str
    date_obs: str
    type: str

    def as_dict(self) -> dict[str, str]:
        """Return the row as the table of the browser reads it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of the table, and the number of all rows."""

    count: int
    rows: list[SearchRow]


@dataclass(frozen=True, slots=True)
class BulkAction:
    """A process on the selected files: those that it accepts, or the reason it accepts none."""

    block: str
    label: str
    files: tuple[int, ...]
    reason: str = ""


def overview(user: User, filters: FileFilters) -> Overview:
    """Return the number of current files that a person sees, and the choices of each filter.

    The value of a filter does not restrict its own choices, so that several can be selected.

    Raises
    ------
    Unacceptable
        The value of a filter is not valid; `field` names the filter.
    """
    found = search_query.counts(user, filters)
    misses = np.zeros(found.counts.size, dtype=np.int8)
    for fit in found.fits.values():
        misses += ~fit
    fitting = found.counts * (misses == 0)
    choices = {}
    for place, name in enumerate(FACETS):
        counted = fitting
        if name in found.fits:  # match all filters except, perhaps, this one
            counted = found.counts * (misses == ~found.fits[name])
        texts = found.texts[place]
        total = np.bincount(found.places[:, place], weights=counted, minlength=len(texts))
        counts = dict(zip(texts, total.astype(int).tolist(), strict=True))
        choices[name] = _choices(counts, chosen_values(filters, name) or set())
    choices["date"].reverse()
    return Overview(int(fitting.sum()), choices)


def _choices(counts: dict[str, int], chosen: set[str]) -> list[Choice]:
    names = sorted({name for name, count in counts.items() if count} | chosen)
    return [Choice(name, counts.get(name, 0), name in chosen) for name in names]


def rows(user: User, filters: FileFilters, ordering: str, *, start: int, n_rows: int) -> Rows:
    """Return some rows of the table.

    Parameters
    ----------
    user : User
        Who asks.
    filters : FileFilters
        The filters.
    ordering : str
        A column, with a leading minus for descending order.
    start, n_rows : int
        The first row, from 0, and how many.

    Raises
    ------
    Unacceptable
        A filter or the ordering is not valid; `field` names it.
    """
    count, ids = search_query.find(user, filters, ordering, start, n_rows)
    found = {file.id: file for file in File.select(*_SHOWN).where(File.id.in_(ids))}
    owners = {file.proposal_id for file in found.values()}
    named = Proposal.select(Proposal.id, Proposal.soar_id).where(Proposal.id.in_(owners))
    soar_ids = dict(named.tuples())
    return Rows(count, [_row(found[number], soar_ids) for number in ids if number in found])


def _row(file: File, soar_ids: dict[int, str]) -> SearchRow:
    return SearchRow(
        id=str(file.id),
        file_name=file.file_name,
        obstype=file.obstype,
        object=file.object,
        wavmode=file.wavmode,
        filter=file.filter,
        filter_2=file.filter_2,
        grating=file.grating,
        slit=file.slit,
        roi=file.roi,
        proposal_id=soar_ids.get(file.proposal_id, ""),
        date=file.date.isoformat(),
        date_obs=f"{file.date_obs:%Y-%m-%d %H:%M:%S} UTC",
        type=DataType(file.data_type).label,
    )


def actions(user: User, ids: Sequence[int]) -> list[BulkAction]:
    """Return the processes for the selected files, in the order of the pipeline.

    Files that the person does not see are ignored. A process whose calibration has not arrived is
    offered too: its runs wait, as when it is requested for one file.
    """
    selected = list(ids)[:MAX_AT_ONCE]
    query = access.visible_files(user).where(File.id.in_(selected), File.state == "current")
    files = list(query.order_by(File.date_obs.desc(), File.id.desc()))
    owners = {file.proposal_id for file in files if file.proposal_id is not None}
    proposals = list(Proposal.select().where(Proposal.id.in_(owners)))
    may = {
        number: Action.PROCESS in allowed
        for number, allowed in access.allowed_in(user, proposals).items()
    }
    blocks = sorted(all_blocks().values(), key=lambda block: (block.produces, block.label))
    return [_action(block, files, may) for block in blocks if block.route is not None]


def _action(block: Block, files: list[File], may: dict[int, bool]) -> BulkAction:
    accepted = [file for file in files if obstacle(block, file) is None]
    allowed = tuple(file.id for file in accepted if may.get(file.proposal_id))
    if allowed:
        return BulkAction(block.name, block.label, allowed)
    if accepted:
        reason = f"{block.label}: your role does not allow you to process these files."
    else:
        types = " or ".join(sorted(kind.label for kind in block.accepts))
        kinds = " or ".join(sorted(str(FrameKind(kind)) for kind in block.kinds))
        reason = f"{block.label} accepts {types} files of kind {kinds}; none is selected."
    return BulkAction(block.name, block.label, (), reason)
