"""The search page: a page of files, how many there are, and what each filter could be set to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peewee import Asc, Desc

from db.models import File, Proposal, User
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, all_blocks
from services import access, tally
from services.access import Action
from services.listing import FileFilters, conditions, order, values
from services.runs import why_not

FACETS = tally.FACETS
MOST_AT_ONCE = 500
"""Files that one command takes: their ids still fit into an address."""

_DAYS = ("date_from", "date_to")

_SHOWN = (
    File.id, File.file_name, File.proposal, File.obstype, File.object, File.wavmode, File.filter,
    File.filter_2, File.grating, File.slit, File.roi, File.date, File.date_obs, File.data_type,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """A value a filter can be set to; `count` files have it and all the other filters' values."""

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """How many files there are, and the choices of each of `FACETS`, in their order."""

    count: int
    choices: dict[str, list[Choice]]


@dataclass(frozen=True, slots=True)
class BulkAction:
    """A process for some of the chosen files: those it takes, or the reason why it takes none."""

    block: str
    label: str
    files: tuple[int, ...]
    reason: str = ""


def overview(user: User, filters: FileFilters) -> Overview:
    """Return the number of current files that a person sees, and the choices that remain.

    A filter's own setting does not narrow its choices, so that several can be chosen.

    Raises
    ------
    Unacceptable
        A filter makes no sense; names it.
    """
    list(conditions(filters))  # each value makes sense, also those that only choose
    rest = filters.model_copy(update=dict.fromkeys((*tally.COLUMNS, *_DAYS)))
    found = tally.count(_ids(user, rest))
    fits = [_fits(filters, name, found, place) for place, name in enumerate(tally.COLUMNS)]
    fits.append(_within(filters, found))
    misses = np.sum([~fit for fit in fits], axis=0)
    choices = {}
    for place, name in enumerate(FACETS):
        # All fit but, perhaps, this filter itself.
        others = np.where(fits[place], misses, misses - 1) == 0
        total = np.bincount(
            found.places[others, place],
            weights=found.counts[others],
            minlength=len(found.values[place]),
        )
        counts = dict(zip(found.values[place], total.astype(int).tolist(), strict=True))
        choices[name] = _choices(counts, _wanted(filters, name) or set())
    choices["date"].reverse()
    return Overview(int(found.counts[misses == 0].sum()), choices)


def _fits(filters: FileFilters, name: str, found: tally.Counts, place: int) -> NDArray[np.bool_]:
    """Tell of each combination whether its value is one that the filter of the column lets pass."""
    passes = np.ones(len(found.values[place]), dtype=bool)
    wanted = _wanted(filters, name)
    if wanted is not None:
        passes &= np.array([value in wanted for value in found.values[place]], dtype=bool)
    return passes[found.places[:, place]]


def _within(filters: FileFilters, found: tally.Counts) -> NDArray[np.bool_]:
    """Tell of each combination whether its date lies between those of the filters."""
    place = tally.COLUMNS.index("date")
    first, last = (_isoformat(getattr(filters, day) or "") for day in _DAYS)
    passes = np.array(
        [first <= value <= (last or value) for value in found.values[place]], dtype=bool
    )
    return passes[found.places[:, place]]


def _wanted(filters: FileFilters, name: str) -> set[str] | None:
    text = getattr(filters, name)
    if text is None:
        return None
    return {_isoformat(value) if name == "date" else value for value in values(text)}


def _isoformat(day: str) -> str:
    """Return a date as it is counted: 20240310 is 2024-03-10."""
    return dt.date.fromisoformat(day.strip()).isoformat() if day.strip() else ""


def _choices(counts: dict[str, int], chosen: set[str]) -> list[Choice]:
    names = sorted({name for name, count in counts.items() if count} | chosen)
    return [Choice(name, counts.get(name, 0), name in chosen) for name in names]


def _ids(user: User, filters: FileFilters) -> NDArray[np.int64] | None:
    """Return the ids of the files a person sees; None: every file of the site, no filter set."""
    wanted = list(conditions(filters))
    if not wanted and access.sees_everything(user):
        return None
    query = access.visible_files(user, File.id)
    for condition in wanted:
        query = query.where(condition)
    cursor = File._meta.database.execute(query)
    return np.fromiter((row[0] for row in cursor), dtype=np.int64)


def rows(
    user: User, filters: FileFilters, ordering: str, *, start: int, n_rows: int, count: int
) -> list[dict[str, Any]]:
    """Return some rows of the list, each with the columns of the search page.

    Parameters
    ----------
    start, n_rows : int
        The first row, from 0, and how many.
    count : int
        Of all rows: the further half of a long list is read from its end.

    Raises
    ------
    Unacceptable
        A filter or the ordering makes no sense; names it.
    """
    columns = order(ordering)
    end = min(start + n_rows, count)
    if start >= end:
        return []
    query = access.visible_files(user, File.id).where(File.state == "current")
    for condition in conditions(filters):
        query = query.where(condition)
    backwards = start > count // 2
    if backwards:
        columns = _reversed(columns)
        query = query.order_by(*columns).limit(end - start).offset(count - end)
    else:
        query = query.order_by(*columns).limit(end - start).offset(start)
    ids = [number for (number,) in query.tuples()]
    if backwards:
        ids.reverse()
    found = {file.id: file for file in File.select(*_SHOWN).where(File.id.in_(ids))}
    owners = {file.proposal_id for file in found.values()}
    named = Proposal.select(Proposal.id, Proposal.soar_id).where(Proposal.id.in_(owners))
    soar_ids = dict(named.tuples())
    return [_row(found[number], soar_ids) for number in ids if number in found]


def _reversed(columns: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(
        (Asc if column.direction == "DESC" else Desc)(
            column.node, nulls={"last": "first", "first": "last"}.get(column.nulls)
        )
        for column in columns
    )


def _row(file: File, soar_ids: dict[int, str]) -> dict[str, Any]:
    same = ("file_name", "obstype", "object", "wavmode", "filter", "filter_2", "grating", "slit",
            "roi")  # fmt: skip
    return {
        "id": str(file.id),
        **{name: getattr(file, name) for name in same},
        "proposal_id": soar_ids.get(file.proposal_id, ""),
        "date": file.date.isoformat(),
        "date_obs": f"{file.date_obs:%Y-%m-%d %H:%M:%S} UTC",
        "type": DataType(str(file.data_type)).label,
    }


def actions(user: User, ids: Sequence[int]) -> list[BulkAction]:
    """Return the processes that can be started on the chosen files, in the order of the chain.

    Only those of the chosen that the person sees are looked at. A process that needs a calibration
    which has not come waits for it and says so, as when it is started on one file.
    """
    chosen = list(ids)[:MOST_AT_ONCE]
    query = access.visible_files(user).where(File.id.in_(chosen), File.state == "current")
    files = list(query.order_by(File.date_obs.desc(), File.id.desc()))
    may: dict[int, bool] = {}
    for file in files:
        if file.proposal_id is not None and file.proposal_id not in may:
            may[file.proposal_id] = Action.PROCESS in access.allowed(user, file.proposal)
    blocks = sorted(all_blocks().values(), key=lambda block: (block.produces, block.label))
    return [_action(block, files, may) for block in blocks if block.route is not None]


def _action(block: Block, files: list[File], may: dict[int, bool]) -> BulkAction:
    fitting = [file for file in files if not why_not(block, file)]
    allowed = tuple(file.id for file in fitting if may.get(file.proposal_id))
    if allowed:
        return BulkAction(block.name, block.label, allowed)
    if fitting:
        reason = "your role does not allow you to process these files"
    else:
        types = " or ".join(sorted(kind.label for kind in block.accepts))
        kinds = " or ".join(sorted(str(FrameKind(kind)) for kind in block.kinds))
        reason = f"it takes {types} files of kind {kinds}, and none is chosen"
    return BulkAction(block.name, block.label, (), f"{block.label}: {reason}.")
