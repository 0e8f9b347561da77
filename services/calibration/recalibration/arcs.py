"""Which calibrated spectra an arc may concern, and which failed calibrations it may serve."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from db.models import File, Ingredient, Run
from reduction import matching, suitability
from reduction.frames import DataType, FrameKind
from reduction.registry import CalibrationRole, all_blocks
from services.calibration import arc_selection, selection
from services.calibration.outcomes import Inputs
from services.calibration.recalibration import users
from services.calibration.recalibration.again import retry
from services.files.ingredients import ROLES
from services.files.rows import describe
from services.runs.lifecycle import RunState

NEAR = dt.timedelta(days=suitability.ARC_WARNING_DAYS)
"""An arc is better than one of the same night only within this time."""
ARCS = ROLES[CalibrationRole.ARC]


def spectra_of(arc: File) -> list[File]:
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
    return [*found, *users.of_other_versions(arc)]


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


def retry_calibrations(arc: File) -> None:
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
            retry(run)
