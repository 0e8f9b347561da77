"""Automatic runs: which ones a new file asks for, and how many are written at once.

Rows are written inside the transaction of the change that makes a run due. The search for its
calibrations, which may take a while, follows after the commit (`UnitOfWork.after`). What a killed
process left undone is found by `services.runs.reconciliation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from db.models import File, Proposal, Run
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, blocks_for
from services.calibration.masters import DAYS, RAW
from services.calibration.recalibration import fluxes
from services.files import lineage, origin, rows
from services.proposals import proposals
from services.runs.drafts import NOT_ASSESSED, assess, draft
from services.runs.lifecycle import LIVE, RunState, start
from services.runs.master_runs import schedule_for_newcomer, schedule_master
from services.runs.waiting import reassess
from services.unit_of_work import UnitOfWork, transaction

ASSESSED_AT_ONCE = 20


def schedule(file: File, work: UnitOfWork, priority: int = 0) -> list[Run]:
    """Make the runs that a new file asks for, inside the transaction that made the file.

    Every block that accepts the file runs automatically, except that an arc is not calibrated in
    wavelength: it calibrates others. A master is due once its series is long enough, a sensitivity
    of a standard star; a flux where there is a sensitivity.

    Parameters
    ----------
    file : File
        The new file.
    work : UnitOfWork
        Of the transaction.
    priority : int
        Of the run that made the file: what follows never has a higher one.

    Returns
    -------
    list of Run
        Those that were written; the masters' follow after the commit.
    """
    kind = FrameKind(file.kind)
    written = []
    if file.data_type == RAW and file.kind not in DAYS:
        work.after.append(partial(schedule_for_newcomer, file))
    for block in blocks_for(DataType(file.data_type), kind):
        if block.produces is DataType.MASTER:
            if not file.series:
                continue  # the camera is not known yet
            work.after.append(partial(schedule_master, file.series, block))
            continue
        if not (_is_automatic(block, kind) and _suits(block, file)):
            continue
        if block.only_with:
            work.after.append(partial(fluxes.start_if_served, block, file, priority))
            continue
        run = draft(block, file, _settings(block, file))
        run.priority = min(run.priority, priority)
        assessment = NOT_ASSESSED if block.calibration_roles else assess(run)
        announce = assessment is not NOT_ASSESSED
        if start(run, assessment.state, assessment.reason, work, announce=announce):
            written.append(run)
            if assessment.state is RunState.WAITING:
                work.after.append(partial(reassess, [run]))
    return written


def chain(kind: FrameKind) -> list[Block]:
    """Return the blocks that run automatically on a raw frame of a kind and on its products."""
    blocks: list[Block] = []
    stage = DataType.RAW
    while (following := next_block(stage, kind)) is not None:
        blocks.append(following)
        stage = following.produces
        if stage is DataType.MASTER:
            break
    return blocks


def next_block(data_type: DataType, kind: FrameKind) -> Block | None:
    """Return the block that runs automatically on a product of a type and kind."""
    following = [b for b in blocks_for(data_type, kind) if _is_automatic(b, kind)]
    return following[0] if following else None


def _is_automatic(block: Block, kind: FrameKind) -> bool:
    """Return whether a block runs without a request; an arc is calibrated only on request."""
    return block.automatic and not (block.produces is DataType.WAVELENGTH and kind is FrameKind.ARC)


def _suits(block: Block, file: File) -> bool:
    """Return whether a block runs by itself on a file: some only on certain frames."""
    if block.suits is None:
        return True
    if block.is_shared and not (_is_brightest(file) and origin.serves_everybody(file)):
        return False
    return block.suits(rows.describe(file))


def _is_brightest(file: File) -> bool:
    """Return whether a spectrum is that of the brightest target of its frame."""
    targets = [one.quality.get("target", 1) for one in lineage.ancestors(file) if one.quality]
    return all(target == 1 for target in targets)


def _settings(block: Block, file: File) -> dict[str, Any]:
    """Return the settings of an automatic run; what serves everybody is made with the defaults."""
    if block.is_shared:
        return block.settings().model_dump(mode="json")
    return proposals.block_settings(file.proposal, block.name).model_dump(mode="json")


def start_all(proposal: Proposal, drafts: Sequence[Run]) -> list[Run]:
    """Write many drafted runs of a proposal at once.

    The calibrations of the first ones are looked for after the commit, those of the others by the
    reconciler.

    Returns
    -------
    list of Run
        Those for which no run of the block on the file was live.
    """
    started = []
    with transaction() as work:
        # Two requests at the same moment: PostgreSQL lets the second wait here for the first.
        Proposal.update(id=proposal.id).where(Proposal.id == proposal.id).execute()
        live = Run.select(Run.file, Run.block).where(Run.proposal == proposal, Run.state.in_(LIVE))
        taken = set(live.tuples())
        for run in drafts:
            if (run.file_id, run.block) in taken:
                continue
            if start(run, NOT_ASSESSED.state, NOT_ASSESSED.reason, work, announce=False):
                started.append(run)
        work.after.append(partial(reassess, started[:ASSESSED_AT_ONCE]))
    return started
