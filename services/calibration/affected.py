"""What a change of a proposal's settings affects: future runs, and frames that are done.

The settings of a frame's last runs are those that it was made with. Only settings that affect a
frame of its kind are compared (`BlockSettings.effective`), block by block: a frame whose reduction
has the requested settings, but whose extraction has not, is only extracted again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from typing import Any

from peewee import fn
from pydantic import BaseModel, ValidationError

from db.models import File, Proposal, Run, User
from reduction.frames import DataType, FrameKind
from reduction.registry import all_blocks
from services import access
from services.access import Action
from services.proposals import proposals
from services.runs import drafts, scheduling
from services.runs.lifecycle import LIVE, NOT_STARTED, RunState


@dataclass(frozen=True, slots=True)
class Again:
    """A step to be done again: which block on which file, for which raw frame."""

    block: str
    file: int
    original: int


@dataclass(frozen=True, slots=True)
class Affected:
    """What settings concern: runs that wait, and what was made with other values."""

    waiting: int
    again: tuple[Again, ...]

    @property
    def frames(self) -> int:
        """How many raw frames have something to be made again."""
        return len({step.original for step in self.again})

    @property
    def steps(self) -> list[tuple[str, int]]:
        """Label and number of the steps to be done again, in the order of the chain."""
        counts = Counter(step.block for step in self.again)
        known = sorted(all_blocks().values(), key=lambda block: block.produces)
        return [(block.label, counts[block.name]) for block in known if counts[block.name]]


def of(user: User, proposal_id: int, settings: BaseModel | None = None) -> Affected:
    """Return what a proposal's settings concern, or would concern.

    Parameters
    ----------
    settings : BaseModel, optional
        Settings that are not saved yet; default: those in force.
    """
    proposal = access.proposal_for(user, Action.VIEW, proposal_id)
    now = proposals.settings_of(proposal)
    wanted = now if settings is None else settings
    return Affected(len(_pending(proposal, now, wanted)), tuple(_again(proposal, wanted)))


def reduce_again(user: User, proposal_id: int) -> list[Run]:
    """Make again, in the background, what was made with other settings than those in force.

    Returns
    -------
    list of Run
        One for each step; what is on its way already is left to it.
    """
    proposal = access.proposal_for(user, Action.PROCESS, proposal_id)
    settings = proposals.settings_of(proposal)
    steps = list(_again(proposal, settings))
    files = _files(step.file for step in steps)
    wanted = []
    for step in steps:
        values = getattr(settings, step.block).model_dump(mode="json")
        run = drafts.draft(all_blocks()[step.block], files[step.file], values, user)
        run.priority = drafts.BACKGROUND_PRIORITY
        wanted.append(run)
    return scheduling.start_all(proposal, wanted)


def _files(ids: Iterable[int]) -> dict[int, File]:
    found: dict[int, File] = {}
    for some in _chunks(set(ids)):
        found |= {file.id: file for file in File.select().where(File.id.in_(some))}
    return found


# --- runs that have not begun -----------------------------------------------------------------


def take_over(proposal: Proposal, before: BaseModel, after: BaseModel) -> list[Run]:
    """Give the new settings to the runs that have not begun; inside a transaction.

    A run that was asked for with settings of its own keeps them.
    """
    pending = _pending(proposal, before, after)
    for run in pending:
        run.settings = getattr(after, run.block).model_dump(mode="json")
        still = (Run.id == run.id) & Run.state.in_(NOT_STARTED)
        Run.update(settings=run.settings).where(still).execute()
    return [run for run in pending if run.state == RunState.WAITING]


def _pending(proposal: Proposal, before: BaseModel, after: BaseModel) -> list[Run]:
    """Return the runs that have not begun and to which it makes a difference."""
    blocks = [
        name
        for name, block in all_blocks().items()
        if getattr(before, name) != getattr(after, name)
        # What serves everybody is made with the default settings.
        and block.produces is not DataType.SENSITIVITY
    ]
    if not blocks:
        return []
    query = (
        Run.select(Run, File)
        .join(File)
        .where(Run.proposal == proposal, Run.state.in_(NOT_STARTED), Run.block.in_(blocks))
    )
    return [
        run
        for run in query
        if run.settings == getattr(before, run.block).model_dump(mode="json")
        and _effective(getattr(before, run.block), run.file.kind)
        != _effective(getattr(after, run.block), run.file.kind)
    ]


# --- what is done -----------------------------------------------------------------------------

_STORED = Run.settings.cast("TEXT")


@dataclass(frozen=True, slots=True)
class _Made:
    """The origin of a file of a chain: the file it was made from, and the run."""

    parent: int
    run: int | None


@dataclass(frozen=True, slots=True)
class _Other:
    """The last run of a block on a file, which other settings would change."""

    run: int
    block: str
    file: int
    original: int
    made: _Made


def _again(proposal: Proposal, wanted: BaseModel) -> Iterator[Again]:
    """Yield the first step of each chain that other settings would change, newest frame first.

    Products of a product that is outdated itself, or is to be made again, are left out: they are
    made again with it.
    """
    others = _others(proposal, wanted)
    origins = _ancestry(others)
    by_run = {other.run for other in others}
    needed = {origin.run for origin in origins.values() if origin.run is not None}
    last = _among_last(proposal, needed)
    for other in others:
        makers = list(_makers(other.file, origins))
        if all(run in last and run not in by_run for run in makers):
            yield Again(other.block, other.file, other.original)


def _last(proposal: Proposal) -> Any:
    """Return the subquery of the last runs of each block on each file."""
    chain = [b.name for b in all_blocks().values() if not b.is_shared]
    query = Run.select(fn.MAX(Run.id).alias("id")).where(
        Run.proposal == proposal,
        Run.block.in_(chain),
        Run.state != RunState.CANCELLED,
        Run.replaces.is_null() | (Run.state != RunState.FAILED),  # it has changed nothing
    )
    return query.group_by(Run.file, Run.block).alias("last")


def _others(proposal: Proposal, wanted: BaseModel) -> list[_Other]:
    """Return the last runs that have ended and that had other settings than those wanted."""

    def ended(*columns: Any) -> Any:
        last = _last(proposal)
        query = Run.select(*columns).join(last, on=(Run.id == last.c.id))
        query = query.join(File, on=(Run.file == File.id))
        return query.where(Run.state.not_in(LIVE), File.state == "current")

    groups = ended(Run.block, File.kind, _STORED).distinct()
    differing = [
        (Run.block == block) & (File.kind == kind) & (_STORED == stored)
        for block, kind, stored in groups.tuples()
        if not _is_ruled(block, stored)
        and _made_with(block, stored, kind) != _effective(getattr(wanted, block), kind)
    ]
    if not differing:
        return []
    query = ended(Run.id, Run.block, File.id, File.original, File.parent, File.run_id)
    query = query.where(reduce(or_, differing))
    return [
        _Other(run, block, file, original, _Made(parent, maker))
        for run, block, file, original, parent, maker in query.order_by(
            File.date_obs.desc(), File.id.desc()
        ).tuples()
    ]


def _ancestry(others: list[_Other]) -> dict[int, _Made]:
    """Return the origins of files, and theirs, up to the raw frames."""
    origins = {other.file: other.made for other in others}
    unknown = {origin.parent for origin in origins.values()} - set(origins)
    while unknown:
        for some in _chunks(unknown):
            query = File.select(File.id, File.parent, File.run_id).where(File.id.in_(some))
            origins |= {file: _Made(parent, run) for file, parent, run in query.tuples()}
        unknown = {origin.parent for origin in origins.values()} - set(origins)
    return origins


def _makers(file: int, origins: dict[int, _Made]) -> Iterator[int]:
    """Yield the runs that led from the raw frame to a file, the last first."""
    while (origin := origins[file]).run is not None and origin.parent != file:
        yield origin.run
        file = origin.parent


def _among_last(proposal: Proposal, runs: set[int]) -> set[int]:
    """Return those of some runs that are the last of their block on their file."""
    if not runs:
        return set()
    last = _last(proposal)
    query = Run.select(last.c.id).from_(last)
    return runs & {run for (run,) in query.tuples()}


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), 900):
        yield ordered[start : start + 900]


def _is_ruled(block: str, settings: str) -> bool:
    """Return whether a person set something for this one frame, which no setting replaces."""
    declared = all_blocks()[block]
    ruled = set(declared.request.model_fields) - set(declared.settings.model_fields)
    return not ruled.isdisjoint(json.loads(settings))


@lru_cache(maxsize=256)
def _made_with(block: str, settings: str, kind: str) -> dict[str, Any] | None:
    """Return what mattered of the settings of a run; None when no block can have them now."""
    try:
        model = all_blocks()[block].settings.model_validate(json.loads(settings))
    except ValidationError:
        return None
    return model.effective(FrameKind(kind))


def _effective(section: Any, kind: str) -> dict[str, Any]:
    values: dict[str, Any] = section.effective(FrameKind(kind))
    return values
