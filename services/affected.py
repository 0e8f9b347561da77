"""What a change of a proposal's settings concerns: runs to come, and frames that are done.

A frame's last runs tell the settings it was made with. Only those are compared that make a
difference to a frame of its kind (`BlockSettings.effective`), along the chain: a frame whose
reduction is as wanted, but whose extraction is not, is extracted anew and no more.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from peewee import fn
from pydantic import BaseModel, ValidationError

from db.models import File, Proposal, Run, User
from reduction.frames import DataType, FrameKind
from reduction.registry import all_blocks, blocks_for
from services import access, proposals, scheduling
from services.access import Action
from services.masters import RAW
from services.samerun import LIVE


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
    drafts = []
    for step in steps:
        values = getattr(settings, step.block).model_dump(mode="json")
        draft = scheduling.draft(all_blocks()[step.block], files[step.file], values, user)
        draft.priority = scheduling.BACKGROUND_PRIORITY
        drafts.append(draft)
    return scheduling.enter_all(proposal, drafts)


def _files(ids: Iterator[int]) -> dict[int, File]:
    wanted = list(ids)
    found: dict[int, File] = {}
    for start in range(0, len(wanted), 500):
        query = File.select().where(File.id.in_(wanted[start : start + 500]))
        found |= {file.id: file for file in query}
    return found


# --- runs that have not begun -----------------------------------------------------------------


def take_over(proposal: Proposal, before: BaseModel, after: BaseModel) -> list[Run]:
    """Give the new settings to the runs that have not begun; inside a transaction.

    A run that was asked for with settings of its own keeps them.
    """
    pending = _pending(proposal, before, after)
    for run in pending:
        run.settings = getattr(after, run.block).model_dump(mode="json")
        still = (Run.id == run.id) & Run.state.in_(("waiting", "queued"))
        Run.update(settings=run.settings).where(still).execute()
    return [run for run in pending if run.state == "waiting"]


def _pending(proposal: Proposal, before: BaseModel, after: BaseModel) -> list[Run]:
    """Return the runs that have not begun and to which it makes a difference."""
    blocks = [name for name in all_blocks() if getattr(before, name) != getattr(after, name)]
    if not blocks:
        return []
    query = Run.select(Run, File).join(File).where(
        Run.proposal == proposal, Run.state.in_(("waiting", "queued")), Run.block.in_(blocks)
    )  # fmt: skip
    return [
        run
        for run in query
        if run.settings == getattr(before, run.block).model_dump(mode="json")
        and _effective(getattr(before, run.block), run.file.kind)
        != _effective(getattr(after, run.block), run.file.kind)
    ]


# --- what is done -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Last:
    """The last run of a block on a file."""

    id: int
    state: str
    settings: str


def _again(proposal: Proposal, wanted: BaseModel) -> Iterator[Again]:
    last = _last_runs(proposal)
    products = _products(proposal)
    raw = File.select(File.id, File.kind).where(
        File.proposal == proposal, File.data_type == RAW, File.state == "current"
    )
    for file, kind in raw.order_by(File.date_obs.desc(), File.id.desc()).tuples():
        yield from _walk(file, (file, RAW, kind), last, products, wanted)


def _walk(
    original: int,
    file: tuple[int, int, str],
    last: dict[tuple[int, str], _Last],
    products: dict[int, list[tuple[int, int, str]]],
    wanted: BaseModel,
) -> Iterator[Again]:
    """Go along a frame's chain to the first step that other settings would change."""
    number, data_type, kind = file
    for block in blocks_for(DataType(str(data_type)), FrameKind(kind)):
        run = last.get((number, block.name))
        if run is None or run.state in LIVE:
            continue
        section = getattr(wanted, block.name)
        if _made_with(block.name, run.settings, kind) != _effective(section, kind):
            yield Again(block.name, number, original)
        else:
            for product in products.get(run.id, ()):
                yield from _walk(original, product, last, products, wanted)


def _last_runs(proposal: Proposal) -> dict[tuple[int, str], _Last]:
    chain = [b.name for b in all_blocks().values() if b.produces is not DataType.MASTER]
    newest = Run.select(fn.MAX(Run.id)).where(
        Run.proposal == proposal, Run.block.in_(chain), Run.state != "cancelled"
    )
    query = Run.select(Run.id, Run.file, Run.block, Run.state, Run.settings.cast("TEXT")).where(
        Run.id.in_(newest.group_by(Run.file, Run.block))
    )
    return {
        (file, block): _Last(number, state, settings)
        for number, file, block, state, settings in query.tuples()
    }


def _products(proposal: Proposal) -> dict[int, list[tuple[int, int, str]]]:
    """Return id, type and kind of the products of each run."""
    made: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    query = File.select(File.run_id, File.id, File.data_type, File.kind).where(
        File.proposal == proposal, File.data_type != RAW, File.state == "current"
    )
    for run, *product in query.tuples():
        made[run].append(tuple(product))
    return made


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
