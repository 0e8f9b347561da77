"""What is to be done again when an arc, or a spectrum that others depend on, has come or gone.

`consider` is called after the commit. For each product that the files concern it is found what the
product would be made of now. Where that differs from what it was made of, the step is done again
in the background, and its result replaces the product in place; a product that a person requested
is marked as out of date instead. An automatic run that failed for want of a usable arc or trace is
tried again. A run that failed is repeated only for inputs that have come since it began.

What a killed process left undone is found by `catch_up`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from peewee import IntegrityError

from db import clock
from db.models import File, Ingredient, Run, RunInput
from reduction import matching, suitability
from reduction.frames import DataType, FrameKind
from reduction.registry import CalibrationRole, all_blocks
from services.calibration import arc_selection, out_of_date, selection, trace_selection
from services.calibration.masters import RAW, REDUCED
from services.calibration.outcomes import Inputs
from services.calibration.recalibration import comparison
from services.calibration.zero_points import evidence
from services.files.ingredients import ROLES, Role
from services.files.rows import describe
from services.runs import drafts
from services.runs.lifecycle import LIVE, RunState, Trigger, start, transition
from services.unit_of_work import WORKER_PATIENCE_S, transaction

NEAR = dt.timedelta(days=suitability.ARC_WARNING_DAYS)
"""An arc is better than one of the same night only within this time."""
PRIORITY = -1
"""Below that of a frame that has no product yet."""
ARCS = ROLES[CalibrationRole.ARC]


def consider(files: Iterable[File]) -> None:
    """Do again what would be made of other inputs now that some files have come, or have changed.

    Outside of transactions.

    Parameters
    ----------
    files : iterable of File
        Raw or reduced arcs; extracted and calibrated spectra.
    """
    for file in files:
        if file.data_type in (RAW, REDUCED) and file.kind == str(FrameKind.ARC):
            recheck(_spectra_of(file))
            _retry_calibrations(file)
        elif file.data_type > REDUCED:
            recheck([*_children(file), *_users(file)])
        if file.data_type == DataType.EXTRACTED:
            _calibrate_again(file)
            lend([file])


def lend(spectra: Iterable[File]) -> None:
    """Extract the faint frames again that would be lent the trace of one of some new spectra."""
    bright = next((one for one in spectra if trace_selection.is_bright(one)), None)
    if bright is not None:
        _extract_again(bright)


def recheck(products: Iterable[File]) -> None:
    """Do again those of some spectra that would be made of other inputs now.

    Reduced frames are left out: another master makes another version of them.
    """
    for product in {product.id: product for product in products}.values():
        if product.data_type <= REDUCED:
            continue
        run = Run.get_or_none(Run.id == product.run_id)
        if run is None or product.parent is None or run.block not in all_blocks():
            continue
        expected = comparison.would_be_given(product, run)
        if expected is None or not comparison.differs(product, expected):
            continue
        if run.automatic:
            replace(run, comparison.newest(expected, product.parent))
        elif not product.out_of_date:
            with transaction(WORKER_PATIENCE_S) as work:
                out_of_date.mark([product], work)


def recheck_new(run: Run, known: int) -> None:
    """Recheck the products of a run that has just ended, if an arc or a spectrum has come since.

    Parameters
    ----------
    run : Run
    known : int
        Id of the newest file of the time when its inputs were chosen.
    """
    arc = (File.kind == str(FrameKind.ARC)) & (File.data_type == REDUCED)
    sibling = (File.data_type == DataType.WAVELENGTH) & (File.run_id != run.id)
    new = File.select().where(File.id > known, arc | sibling, File.camera == run.file.camera)
    came = new.exists()
    products = File.select().where(File.run_id == run.id, File.parent == run.file)
    if not came:
        parents = File.alias()
        of_parent = parents.select(parents.checksum).where(parents.id == run.file_id)
        products = products.where(File.parent_version != of_parent)
    recheck(products)


def zero_points_changed(run: Run) -> None:
    """Recheck the spectra whose zero points may rest on those that a run has calibrated."""
    for spectrum in File.select().where(File.run_id == run.id, File.state == "current"):
        recheck(evidence.concerned_by(spectrum))


def replace(before: Run, newest: dt.datetime) -> Run | None:
    """Start the run whose products replace those of an earlier one.

    Parameters
    ----------
    before : Run
        It made the products.
    newest : datetime
        When the last of the inputs came.

    Returns
    -------
    Run or None
        None when it is under way, or has failed with the same inputs.
    """
    failed = Run.select().where(Run.replaces == before.id, Run.state.not_in(LIVE))
    if any(run.started is None or run.started > newest for run in failed):
        return None
    run = drafts.draft(all_blocks()[before.block], before.file, before.settings)
    run.calibrations, run.replaces, run.priority = before.calibrations, before.id, PRIORITY
    with transaction(WORKER_PATIENCE_S) as work:
        started = start(run, RunState.QUEUED, None, work)
    return run if started else None


# --- arcs -------------------------------------------------------------------------------------


def _spectra_of(arc: File) -> list[File]:
    """Return the calibrated spectra that an arc may concern."""
    raw = arc.original or arc
    near = _concerned(raw, NEAR).where(File.data_type == DataType.WAVELENGTH)
    degraded = Ingredient.select(Ingredient.product).where(
        Ingredient.role.in_(ARCS), Ingredient.differences.cast("TEXT") != "[]"
    )
    far = _concerned(raw, matching.ARC_SPAN).where(
        File.data_type == DataType.WAVELENGTH, File.id.in_(degraded)
    )
    spectra = {spectrum.id: spectrum for spectrum in (*near, *far)}
    used = _arcs_of(spectra)
    makers = {run.id: run for run in Run.select().where(Run.id.in_(_makers(spectra.values())))}
    found = [
        spectrum
        for number, spectrum in spectra.items()
        if spectrum.run_id in makers
        and _matters(raw, spectrum, used.get(number, []), makers[spectrum.run_id])
    ]
    return [*found, *_users(arc)]


def _makers(spectra: Iterable[File]) -> list[int]:
    return [spectrum.run_id for spectrum in spectra]


def _concerned(raw: File, span: dt.timedelta) -> Any:
    """Return the query of the files of an arc's setup that it may serve."""
    query = arc_selection.alike(File.select(), raw).where(
        File.kind == str(FrameKind.SPECTRUM),
        File.state == "current",
        File.camera == raw.camera,
        File.date_obs.between(raw.date_obs - span, raw.date_obs + span),
    )
    if raw.proposal is not None and raw.proposal.pi_id is not None:
        query = query.where(File.proposal == raw.proposal_id)
    return query


def _arcs_of(spectra: Iterable[int]) -> dict[int, list[Ingredient]]:
    """Return the arcs that spectra were calibrated with, and those that were refused."""
    found: dict[int, list[Ingredient]] = {}
    query = Ingredient.select(Ingredient, File).join(File, on=(Ingredient.input == File.id))
    for one in query.where(Ingredient.product.in_(list(spectra)), Ingredient.role.in_(ARCS)):
        found.setdefault(one.product_id, []).append(one)
    return found


def _matters(raw: File, spectrum: File, tried: list[Ingredient], run: Run) -> bool:
    """Return whether an arc would be tried for a spectrum, judged by the descriptions alone."""
    known = [one.input for one in tried]
    if any(arc.original_id == raw.id for arc in known):
        return True
    refused = [one.refused is not None for one in tried] + [False]
    described = [describe(arc) for arc in (*known, raw)]
    choice = arc_selection.choice_of(run.settings)
    choices = matching.choose_arcs(describe(spectrum), described, choice)
    new = len(known)
    for side in (choices.first, choices.second, choices.other):
        for match in side:
            if match.index == new:
                return True
            if not refused[match.index]:
                break
    return False


def _retry_calibrations(arc: File) -> None:
    """Try again the automatic calibrations that failed before an arc came that may serve them."""
    raw = arc.original or arc
    blocks = [b.name for b in all_blocks().values() if CalibrationRole.ARC in b.calibration_roles]
    failed = (
        Run.select(Run, File)
        .join(File)
        .where(
            Run.block.in_(blocks),
            Run.state == RunState.FAILED,
            Run.automatic,
            Run.replaces.is_null(),
            File.id.in_(_concerned(raw, matching.ARC_SPAN).select(File.id)),
            File.data_type == DataType.EXTRACTED,
        )
    )
    for run in failed:
        answer = selection.resolve(run)
        if not isinstance(answer, Inputs):
            continue
        came = [arc.file.created for side in answer.arcs.values() for arc in side]
        if run.started is not None and max(came) > run.started:
            _retry(run)


def _retry(run: Run) -> None:
    """Try again a run that failed, unless a later run of the step has its own outcome."""
    later = Run.select().where(Run.file == run.file, Run.block == run.block, Run.id > run.id)
    if later.exists():
        return
    with suppress(IntegrityError), transaction(WORKER_PATIENCE_S) as work:
        transition(run, Trigger.RETRY, work)


# --- spectra that others depend on ------------------------------------------------------------


def _children(file: File) -> list[File]:
    """Return the products of a file that were made of other bytes of it."""
    children = File.select().where(
        File.parent == file,
        File.id != file.id,
        File.state == "current",
        File.parent_version.not_in(["", file.checksum]),
    )
    return list(children)


def _users(file: File) -> list[File]:
    """Return the products that another version of a file went into, apart from borrowed traces."""
    users = Ingredient.select(Ingredient.product).where(
        Ingredient.input == file,
        Ingredient.role != Role.TRACE,
        Ingredient.version.not_in(["", file.checksum]),
    )
    return list(File.select().where(File.id.in_(users), File.state == "current"))


def _calibrate_again(spectrum: File) -> None:
    """Try again the calibrations that failed with other bytes of a spectrum."""
    failed = (
        Run.select(Run, File)
        .join(File)
        .where(
            Run.file == spectrum,
            Run.state == RunState.FAILED,
            Run.automatic,
            Run.replaces.is_null(),
            Run.started < spectrum.last_modified,
        )
    )
    for run in failed:
        _retry(run)


def _extract_again(bright: File) -> None:
    """Extract the faint frames of a night again for which a better trace has come."""
    asked = RunInput.select(RunInput.run).where(RunInput.role == Role.TRACE)
    runs = (
        Run.select(Run, File)
        .join(File)
        .where(
            Run.automatic,
            Run.state.in_([RunState.DONE, RunState.FAILED]),
            Run.id.in_(asked),
            File.night == bright.night,
            File.camera == bright.camera,
            File.proposal == bright.proposal_id,
        )
    )
    for run in runs:
        lent = trace_selection.lent_now(run)
        if lent is None:
            continue
        if run.state == RunState.FAILED and run.replaces is None:
            if run.started is not None and lent.created > run.started:
                _retry(run)
        elif File.select().where(File.run_id == run.id, File.parent == run.file).exists():
            replace(run, lent.created)


# --- what has gone, and what is left undone ---------------------------------------------------


def users_of(files: Iterable[File]) -> list[int]:
    """Return the ids of the products that some files went into, or were refused for."""
    ids = [file.id for file in files]
    users = Ingredient.select(Ingredient.product).where(Ingredient.input.in_(ids))
    return [number for (number,) in users.distinct().tuples()]


def recheck_ids(ids: Iterable[int]) -> None:
    """Recheck the products of some ids that are still there."""
    recheck(File.select().where(File.id.in_(list(ids)), File.state == "current"))


def catch_up(since: dt.timedelta) -> None:
    """Consider the arcs and bright spectra that have come lately, and what was replaced lately."""
    recent = clock.now_expression(-since)
    ended = Run.select(Run.file).where(
        Run.state.in_([RunState.DONE, RunState.FAILED]), Run.finished > recent
    )
    arcs = File.select().where(
        File.id.in_(ended), File.kind == str(FrameKind.ARC), File.data_type == RAW
    )
    consider(arcs)
    parents = File.alias()
    stale = (
        File.select(File)
        .join(parents, on=(File.parent == parents.id))
        .where(
            parents.last_modified > recent,
            parents.data_type >= DataType.EXTRACTED,
            File.state == "current",
            File.parent_version != "",
            File.parent_version != parents.checksum,
        )
    )
    recheck(stale)
    calibrated = File.select().where(
        File.data_type == DataType.WAVELENGTH, File.last_modified > recent, File.state == "current"
    )
    recheck([one for spectrum in calibrated for one in evidence.concerned_by(spectrum)])
    spectra = File.select().where(File.data_type == DataType.EXTRACTED, File.created > recent)
    bright = [spectrum for spectrum in spectra if trace_selection.is_bright(spectrum)]
    for one in {(one.night, one.camera, one.proposal_id): one for one in bright}.values():
        _extract_again(one)
