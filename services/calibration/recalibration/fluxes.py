"""Which spectra a sensitivity concerns: those it is better for, and those that have no flux yet.

A new sensitivity is compared with those that the spectra of its camera and setup were calibrated
with, within the reach of the automatic choice. A spectrum without flux gets its first run: those of
the same night at once; of other nights, of which an archive may have thousands, `MOST_WAITING` at a
time in the background, the nearest in time first. When these have ended, the next ones follow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from peewee import fn

from db import clock
from db.models import File, Ingredient, Run, RunInput
from reduction import matching
from reduction.frames import DataType, FrameDescription, FrameKind
from reduction.registry import Block, CalibrationRole, all_blocks
from services import access
from services.calibration import selection
from services.calibration.arc_selection import alike
from services.calibration.outcomes import Inputs
from services.calibration.recalibration.again import PRIORITY, retry
from services.calibration.sensitivities import choice
from services.calibration.sensitivities.choice import REACH
from services.files.ingredients import Role
from services.files.rows import describe
from services.proposals import proposals
from services.runs import drafts
from services.runs.drafts import BACKGROUND_PRIORITY
from services.runs.lifecycle import LIVE, RunState, start
from services.unit_of_work import WORKER_PATIENCE_S, transaction

MOST_WAITING = 40
"""First runs on spectra of other nights that wait at a time."""
MOST_COMPARED = 300
"""Products on either side in time that a new sensitivity is compared for."""


def blocks() -> list[Block]:
    """Return the blocks that run by themselves only where there is a sensitivity."""
    return [b for b in all_blocks().values() if CalibrationRole.SENSITIVITY in b.only_with]


# --- what exists ------------------------------------------------------------------------------


def concerned_by(sensitivity: File) -> list[File]:
    """Return the products that would be made with a sensitivity now, or with it in their library.

    Judged by the descriptions alone: what they are made of now is compared afterwards.
    """
    made = _of_setup(sensitivity, DataType.FLUX)
    near = [*_before(made, sensitivity, MOST_COMPARED), *_after(made, sensitivity, MOST_COMPARED)]
    used = _sensitivities_of(near)
    new = describe(sensitivity)
    found = [one for one in near if _is_better(new, one, used.get(one.id))]
    return found + (choice.later(sensitivity) if access.is_shared(sensitivity) else [])


def _is_better(new: FrameDescription, product: File, used: File | None) -> bool:
    known = [describe(used), new] if used is not None else [new]
    best = matching.rank_sensitivities(describe(product), known).best
    if best is None:
        return False
    same_exposure = used is not None and used.date_obs == new.date_obs
    return same_exposure or best.index == len(known) - 1


def _sensitivities_of(products: Iterable[File]) -> dict[int, File]:
    query = Ingredient.select(Ingredient, File).join(File, on=(Ingredient.input == File.id))
    ids = [product.id for product in products]
    rows = query.where(Ingredient.product.in_(ids), Ingredient.role == Role.SENSITIVITY)
    return {row.product_id: row.input for row in rows}


def _of_setup(sensitivity: File, data_type: DataType) -> Any:
    """Return the query of the current files of a type that a sensitivity may serve."""
    query = alike(File.select(), sensitivity).where(
        File.data_type == data_type,
        File.kind == str(FrameKind.SPECTRUM),
        File.state == "current",
        File.camera == sensitivity.camera,
        File.date_obs.between(sensitivity.date_obs - REACH, sensitivity.date_obs + REACH),
    )
    if access.is_shared(sensitivity):
        return query
    return query.where(File.proposal == sensitivity.proposal_id)


def _before(query: Any, file: File, limit: int) -> Any:
    before = query.where(File.date_obs <= file.date_obs)
    return before.order_by(File.date_obs.desc(), File.id).limit(limit)


def _after(query: Any, file: File, limit: int) -> Any:
    after = query.where(File.date_obs > file.date_obs)
    return after.order_by(File.date_obs, File.id).limit(limit)


def retry_calibrations(sensitivity: File) -> None:
    """Try again the automatic calibrations that failed before a sensitivity came."""
    spectra = _of_setup(sensitivity, DataType.WAVELENGTH).select(File.id)
    failed = (
        Run.select(Run, File)
        .join(File)
        .where(
            Run.block.in_([block.name for block in blocks()]),
            Run.state == RunState.FAILED,
            Run.automatic,
            Run.replaces.is_null(),
            Run.started < sensitivity.last_modified,
            File.id.in_(spectra),
        )
    )
    for run in failed.order_by(File.date_obs.desc()).limit(MOST_COMPARED):
        answer = selection.resolve(run)
        if isinstance(answer, Inputs) and sensitivity in answer.given.values():
            retry(run)


# --- what has no flux yet ---------------------------------------------------------------------


def start_if_served(block: Block, file: File, priority: int = 0) -> Run | None:
    """Start the first run of a block on a spectrum, if there is a sensitivity for it.

    Outside of transactions.
    """
    settings = proposals.block_settings(file.proposal, block.name).model_dump(mode="json")
    run = drafts.draft(block, file, settings)
    run.priority = min(run.priority, priority)
    answer = selection.resolve(run)
    if not isinstance(answer, Inputs) or not block.only_with <= set(answer.given):
        return None
    with transaction(WORKER_PATIENCE_S) as work:
        return run if start(run, RunState.QUEUED, None, work) else None


def calibrate(sensitivity: File) -> None:
    """Start the first runs on the spectra that a sensitivity serves."""
    for block in blocks():
        without = _without(block, _of_setup(sensitivity, DataType.WAVELENGTH))
        for file in without.where(File.night == sensitivity.night).order_by(File.date_obs.desc()):
            start_if_served(block, file, PRIORITY)
        room = MOST_WAITING - _waiting(block)
        if room <= 0:
            continue
        others = without.where(File.night != sensitivity.night)
        for file in _nearest_served(sensitivity, others)[:room]:
            start_if_served(block, file, BACKGROUND_PRIORITY)


def _nearest_served(sensitivity: File, query: Any) -> list[File]:
    near = [*_before(query, sensitivity, MOST_COMPARED), *_after(query, sensitivity, MOST_COMPARED)]
    new = [describe(sensitivity)]
    served = [one for one in near if matching.rank_sensitivities(describe(one), new).best]
    return sorted(served, key=lambda one: abs(one.date_obs - sensitivity.date_obs))


def _without(block: Block, query: Any) -> Any:
    run = Run.select(Run.id).where(Run.file == File.id, Run.block == block.name)
    return query.where(~fn.EXISTS(run))


def _waiting(block: Block) -> int:
    """Return how many first runs on spectra of other nights have not ended."""
    runs = Run.select().where(
        Run.block == block.name,
        Run.state.in_(LIVE),
        Run.priority == BACKGROUND_PRIORITY,
        Run.replaces.is_null(),
    )
    return int(runs.count())


def follow(run: Run) -> None:
    """Start the next ones when many of the first runs on spectra of other nights have ended."""
    block = all_blocks().get(run.block)
    if run.priority != BACKGROUND_PRIORITY or block not in blocks():
        return
    if block is None or _waiting(block) > MOST_WAITING // 2:
        return
    given = RunInput.get_or_none(RunInput.run == run, RunInput.role == Role.SENSITIVITY)
    if given is not None and given.input is not None:
        calibrate(given.input)


def catch_up(since: dt.timedelta) -> None:
    """Do what a killed process left undone: first runs on the spectra that have come lately."""
    recent = clock.now_expression(-since)
    spectra = File.select().where(
        File.data_type == DataType.WAVELENGTH,
        File.kind == str(FrameKind.SPECTRUM),
        File.state == "current",
        File.created > recent,
    )
    for block in blocks():
        for file in _without(block, spectra):
            start_if_served(block, file)
        ended = Run.select().where(
            Run.block == block.name,
            Run.priority == BACKGROUND_PRIORITY,
            Run.replaces.is_null(),
            Run.finished > recent,
        )
        last = ended.order_by(Run.id.desc()).first()
        if last is not None:
            follow(last)
