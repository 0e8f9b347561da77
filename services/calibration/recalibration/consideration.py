"""What is to be done again when a calibration, or a spectrum that others depend on, comes or goes.

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

from db import clock
from db.models import File, Run, RunInput
from reduction.frames import DataType, FrameKind
from reduction.registry import all_blocks
from services import access
from services.calibration import out_of_date, trace_selection
from services.calibration.masters import RAW, REDUCED
from services.calibration.recalibration import arcs, comparison, fluxes, users
from services.calibration.recalibration.again import replace, retry
from services.calibration.zero_points import evidence
from services.files import ingredients, origin
from services.files.ingredients import Role
from services.runs.lifecycle import RunState
from services.unit_of_work import WORKER_PATIENCE_S, transaction


def consider(files: Iterable[File]) -> None:
    """Do again what would be made of other inputs now that some files have come, or have changed.

    Outside of transactions.

    Parameters
    ----------
    files : iterable of File
        Raw or reduced arcs; extracted and calibrated spectra; sensitivities.
    """
    for file in files:
        if file.data_type in (RAW, REDUCED) and file.kind == str(FrameKind.ARC):
            recheck(arcs.spectra_of(file))
            arcs.retry_calibrations(file)
        elif file.data_type > REDUCED:
            recheck([*users.children(file), *users.of_other_versions(file)])
        if file.data_type in (DataType.EXTRACTED, DataType.WAVELENGTH):
            _calibrate_again(file)
        if file.data_type == DataType.EXTRACTED:
            lend([file])
        if file.data_type == DataType.SENSITIVITY:
            recheck(fluxes.concerned_by(file))
            fluxes.retry_calibrations(file)
            fluxes.calibrate(file)


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
        source = ingredients.source_of(product)
        if run is None or source is None or run.block not in all_blocks():
            continue
        if access.is_shared(product) and not origin.serves_everybody(source):
            continue  # a person has changed what the frame is: what everybody uses stays
        expected = comparison.would_be_given(product, run)
        if expected is None or not comparison.differs(product, expected):
            continue
        if run.automatic:
            replace(run, comparison.newest(expected, source))
        elif not product.out_of_date:
            with transaction(WORKER_PATIENCE_S) as work:
                out_of_date.mark([product], work)


def recheck_new(run: Run, known: int) -> None:
    """Recheck the products of a run that has just ended, if a calibration has come since.

    Parameters
    ----------
    run : Run
    known : int
        Id of the newest file of the time when its inputs were chosen.
    """
    arc = (File.kind == str(FrameKind.ARC)) & (File.data_type == REDUCED)
    sibling = (File.data_type == DataType.WAVELENGTH) & (File.run_id != run.id)
    sensitivity = (File.data_type == DataType.SENSITIVITY) & (File.run_id != run.id)
    new = File.select().where(File.id > known, File.camera == run.file.camera)
    came = new.where(arc | sibling | sensitivity).exists()
    of_run = (File.parent == run.file) | File.parent.is_null()
    products = File.select().where(File.run_id == run.id, of_run)
    if not came:
        parents = File.alias()
        of_parent = parents.select(parents.checksum).where(parents.id == run.file_id)
        products = products.where(File.parent_version != of_parent)
    recheck(products)


def zero_points_changed(run: Run) -> None:
    """Recheck the spectra whose zero points may rest on those that a run has calibrated."""
    for spectrum in File.select().where(File.run_id == run.id, File.state == "current"):
        recheck(evidence.concerned_by(spectrum))


# --- spectra that others depend on ------------------------------------------------------------


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
        retry(run)


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
                retry(run)
        elif File.select().where(File.run_id == run.id, File.parent == run.file).exists():
            replace(run, lent.created)


# --- what has gone, and what is left undone ---------------------------------------------------


def recheck_ids(ids: Iterable[int]) -> None:
    """Recheck the products of some ids that are still there."""
    recheck(File.select().where(File.id.in_(list(ids)), File.state == "current"))


def catch_up(since: dt.timedelta) -> None:
    """Consider what others depend on and has come lately, and what was replaced lately."""
    recent = clock.now_expression(-since)
    ended = Run.select(Run.file).where(
        Run.state.in_([RunState.DONE, RunState.FAILED]), Run.finished > recent
    )
    lamps = File.select().where(
        File.id.in_(ended), File.kind == str(FrameKind.ARC), File.data_type == RAW
    )
    consider(lamps)
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
    for spectrum in calibrated:
        recheck([*evidence.concerned_by(spectrum), *users.of_other_versions(spectrum)])
    changed = File.select().where(
        File.data_type == DataType.SENSITIVITY, File.last_modified > recent, File.state == "current"
    )
    consider(changed)
    fluxes.catch_up(since)
    spectra = File.select().where(File.data_type == DataType.EXTRACTED, File.created > recent)
    bright = [spectrum for spectrum in spectra if trace_selection.is_bright(spectrum)]
    for one in {(one.night, one.camera, one.proposal_id): one for one in bright}.values():
        _extract_again(one)
