"""The search page: a page of files, how many there are, and what each filter could be set to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from db.models import File, Proposal, User
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, all_blocks
from services import access
from services.access import Action
from services.runs.requests import why_not
from services.search import query as search_query
from services.search.columns import FACETS
from services.search.filters import FileFilters, chosen_values

__all__ = ["FACETS", "BulkAction", "Choice", "Overview", "Rows", "actions", "overview", "rows"]

MOST_AT_ONCE = 500
"""Files that one command takes: their ids still fit into an address."""

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
class Rows:
    """Some rows of the list, each with the columns of the page, and how many there are in all."""

    count: int
    rows: list[dict[str, Any]]


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
    found = search_query.counts(user, filters)
    misses = np.zeros(found.counts.size, dtype=np.int8)
    for fit in found.fits.values():
        misses += ~fit
    fitting = found.counts * (misses == 0)
    choices = {}
    for place, name in enumerate(FACETS):
        counted = fitting
        if name in found.fits:  # all fit but, perhaps, this filter itself
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
    """Return some rows of the list: the first, from 0, and how many.

    Raises
    ------
    Unacceptable
        A filter or the ordering makes no sense; names it.
    """
    count, ids = search_query.find(user, filters, ordering, start, n_rows)
    found = {file.id: file for file in File.select(*_SHOWN).where(File.id.in_(ids))}
    owners = {file.proposal_id for file in found.values()}
    named = Proposal.select(Proposal.id, Proposal.soar_id).where(Proposal.id.in_(owners))
    soar_ids = dict(named.tuples())
    return Rows(count, [_row(found[number], soar_ids) for number in ids if number in found])


def _row(file: File, soar_ids: dict[int, str]) -> dict[str, Any]:
    same = (
        "file_name",
        "obstype",
        "object",
        "wavmode",
        "filter",
        "filter_2",
        "grating",
        "slit",
        "roi",
    )
    return {
        "id": str(file.id),
        **{name: getattr(file, name) for name in same},
        "proposal_id": soar_ids.get(file.proposal_id, ""),
        "date": file.date.isoformat(),
        "date_obs": f"{file.date_obs:%Y-%m-%d %H:%M:%S} UTC",
        "type": DataType(file.data_type).label,
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
