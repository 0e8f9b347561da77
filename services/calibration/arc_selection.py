"""Which comparison lamps calibrate a spectrum: the nearest, the two around it, or a named one.

What fits is `reduction.matching`; a wavelength calibration always waits for an arc, since without
one there is nothing to show. A nearer arc that comes later puts out of date what was made without
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from db.models import File, Proposal, Run
from reduction import matching
from reduction.frames import DataType, FrameKind
from reduction.matching import ArcChoice, Match
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import CalibrationRole
from services.calibration.master_selection import around
from services.calibration.masters import RAW, REDUCED
from services.calibration.outcomes import Inputs, Refused, Waiting, degraded, no_calibration
from services.files import ingredients
from services.files.rows import describe
from services.runs.lifecycle import LIVE

N_NEAREST = 40
"""Candidates considered on either side in time: enough to find the best and the nearest."""
ANY_TIME_DAYS = 36_500.0
ANGLE_REACH = 0.1
"""Degrees around a frame's angles within which arcs and spectra are looked up."""


def arcs_for(file: File, settings: Mapping[str, Any]) -> Inputs | Waiting | Refused:
    """Find the reduced arcs for an extracted file, by its run's settings."""
    choice = ArcChoice(settings.get("arc_choice", ArcChoice.NEAREST))
    if choice is ArcChoice.FIXED:
        return _named(file, str(settings.get("arc_name", "")))
    frame, arcs = describe(file), candidates(file)
    failed: File | None = None
    while True:
        ranking = matching.rank_arcs(frame, [describe(arc) for arc in arcs])
        chosen = matching.choose_arcs(frame, [describe(arc) for arc in arcs], choice)
        if not chosen:
            break
        answers = [reduced_of(arcs[match.index]) for match in chosen]
        bad = [match.index for match, one in zip(chosen, answers, strict=True) if one is None]
        if not bad:
            return _given(frame_choice=choice, chosen=chosen, answers=answers)
        failed = failed or arcs[bad[0]]
        arcs = [arc for index, arc in enumerate(arcs) if index not in bad]
    if failed is not None:
        return Waiting(_not_reduced(failed))
    nearest = arcs[ranking.nearest.index].file_name if ranking.nearest else None
    return Waiting(no_calibration(CalibrationRole.ARC, matching.setup_of(frame), nearest, ranking))


def _given(
    *, frame_choice: ArcChoice, chosen: tuple[Match, ...], answers: list[File | Waiting | None]
) -> Inputs | Waiting:
    given: dict[CalibrationRole, File] = {}
    remarks = [
        degraded(CalibrationRole.ARC, answer.file_name, match.differences)
        for match, answer in zip(chosen, answers, strict=True)
        if match.is_degraded and isinstance(answer, File)
    ]
    for role, answer in zip(
        (CalibrationRole.ARC, CalibrationRole.SECOND_ARC), answers, strict=False
    ):
        if isinstance(answer, Waiting):
            return answer
        if answer is not None:
            given[role] = answer
    if frame_choice is ArcChoice.BRACKETING and len(given) == 1:
        alone = given[CalibrationRole.ARC].file_name
        remarks.append(notice(NoticeCode.ARC_ONE_SIDE, file=alone))
    return Inputs(given=given, notices=tuple(remarks))


def _named(file: File, name: str) -> Inputs | Waiting | Refused:
    """Find the arc that the settings name, which still has to fit."""
    if not name:
        return Refused(notice(NoticeCode.FIXED_ARC_NOT_NAMED))
    named = [arc for arc in visible(file).where(File.file_name == name)]
    if not named:
        return Waiting(notice(NoticeCode.WAITING_FOR_NAMED_ARC, file=name))
    frame = describe(file)
    ranking = matching.rank_arcs(frame, [describe(arc) for arc in named])
    if ranking.best is None:
        differences = ranking.nearest.differences if ranking.nearest else ()
        return Refused(notice(NoticeCode.FIXED_ARC_DIFFERS, file=name, differences=differences))
    arc = named[ranking.best.index]
    reduced = reduced_of(arc)
    if reduced is None:
        return Waiting(_not_reduced(arc))
    return _given(frame_choice=ArcChoice.FIXED, chosen=(ranking.best,), answers=[reduced])


def _not_reduced(arc: File) -> Notice:
    return notice(NoticeCode.CALIBRATION_NOT_REDUCED, role=CalibrationRole.ARC, file=arc.file_name)


def visible(file: File, days: float | None = matching.ARC_DAYS) -> Any:
    """Return the raw arcs that may serve a file: of its own proposal, or of one without a PI.

    Within `days` of it; None: of any time.

    Another observer's lamps stay unseen, as everything of a proposal does.
    """
    shared = Proposal.select(Proposal.id).where(Proposal.pi.is_null())
    return File.select().where(
        around(file, FrameKind.ARC, ANY_TIME_DAYS if days is None else days),
        File.data_type == RAW,
        (File.proposal == file.proposal_id) | File.proposal.in_(shared),
    )


def candidates(file: File) -> list[File]:
    """Return the arcs of a file's setup, and a few others to be named when none of them fits."""
    arcs = visible(file)
    found = {arc.id: arc for arc in (*_nearest(_alike(arcs, file), file), *_nearest(arcs, file))}
    return list(found.values())


def _alike(query: Any, file: File) -> Any:
    """Narrow a query to the files of a file's setup."""
    query = query.where(File.grating == file.grating, File.filter_2 == file.filter_2)
    for column, angle in ((File.cam_targ, file.cam_targ), (File.grt_targ, file.grt_targ)):
        if angle is not None:
            query = query.where(column.between(angle - ANGLE_REACH, angle + ANGLE_REACH))
    return query


def _nearest(query: Any, file: File) -> list[File]:
    """Return the files of a query that were taken next before and next after a file."""
    before = query.where(File.date_obs <= file.date_obs).order_by(File.date_obs.desc())
    after = query.where(File.date_obs > file.date_obs).order_by(File.date_obs)
    return [*before.limit(N_NEAREST), *after.limit(N_NEAREST)]


def reduced_of(arc: File) -> File | Waiting | None:
    """Return an arc's newest reduced product, or a wait for it; None when there will be none."""
    query = File.select().where(
        File.original == arc, File.data_type == REDUCED, File.state == "current"
    )
    product: File | None = query.order_by(File.id.desc()).first()
    if product is not None:
        return product
    if Run.select().where(Run.file == arc, Run.state.in_(LIVE)).exists():
        return Waiting(notice(NoticeCode.WAITING_FOR_ARC, file=arc.file_name))
    return None


def outdone_by(arc: File) -> list[File]:
    """Return the calibrated spectra that a raw arc fits better than those they were made with."""
    spectra = _alike(
        File.select(File, Run)
        .join(Run, on=(File.run_id == Run.id), attr="maker")
        .where(
            File.data_type == DataType.WAVELENGTH,
            File.state == "current",
            ~File.out_of_date,
            File.camera == arc.camera,
            File.date_obs.between(
                arc.date_obs - matching.ARC_SPAN, arc.date_obs + matching.ARC_SPAN
            ),
        ),
        arc,
    )
    if arc.proposal is not None and arc.proposal.pi_id is not None:
        spectra = spectra.where(File.proposal == arc.proposal_id)
    return [spectrum for spectrum in spectra if _outdoes(arc, spectrum)]


def _outdoes(arc: File, spectrum: File) -> bool:
    choice = ArcChoice(spectrum.maker.settings.get("arc_choice", ArcChoice.NEAREST))
    if choice is ArcChoice.FIXED or spectrum.original_id == arc.id:
        return False
    ingredients_used = ingredients.inputs_of(spectrum, CalibrationRole.ARC)
    used = [ingredient.input.original for ingredient in ingredients_used]
    if not used or any(used_arc.id == arc.id for used_arc in used):
        return False
    described = [describe(candidate) for candidate in (*used, arc)]
    chosen = matching.choose_arcs(describe(spectrum), described, choice)
    return any(match.index == len(used) for match in chosen)
