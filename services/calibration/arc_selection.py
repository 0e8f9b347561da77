"""Which suitability lamps calibrate a spectrum: the two around it, the nearest, or a named one.

What fits is `reduction.matching`. For each arc there are others that are tried when it gives no
solution. A wavelength calibration waits for an arc only while there is none; what is made before
the arc that the settings call for has come is provisional, and replaced when it has
(`services.calibration.recalibration`). An arc that is being reduced is waited for only with a
frame that itself came late, in a copied night: nobody waits for that one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.models import File, Proposal, Run
from reduction import matching, suitability
from reduction.frames import ArcSide, FrameDescription, FrameKind
from reduction.matching import ArcChoice, ArcChoices, Match
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import CalibrationRole
from services.calibration.master_selection import FRESH, around
from services.calibration.masters import RAW, REDUCED
from services.calibration.outcomes import (
    ArcCandidate,
    Inputs,
    Refusal,
    Refused,
    Waiting,
    degraded,
    no_calibration,
)
from services.files.rows import describe
from services.runs.lifecycle import LIVE, RunState

N_NEAREST = 40
"""Candidates considered on either side in time: enough to find the best and the nearest."""
ANY_TIME_DAYS = 36_500.0
ANGLE_REACH = 0.1
"""Degrees around a frame's angles within which arcs and spectra are looked up."""


def choice_of(settings: Mapping[str, Any]) -> ArcChoice:
    """Return the arc choice of a run's settings."""
    return ArcChoice(settings.get("arc_choice", ArcChoice.BRACKETING))


def arcs_for(file: File, settings: Mapping[str, Any]) -> Inputs | Waiting | Refused:
    """Find the reduced arcs for an extracted file, by its run's settings."""
    choice = choice_of(settings)
    if choice is ArcChoice.FIXED:
        return _named(file, str(settings.get("arc_name", "")))
    frame, arcs = describe(file), candidates(file)
    described = [describe(arc) for arc in arcs]
    ranking = matching.rank_arcs(frame, described)
    known = _standing([arcs[match.index] for match in ranking.matches])
    ready = [i for i, arc in enumerate(arcs) if arc.id in known and not known[arc.id].is_coming]
    offered = matching.choose_arcs(frame, [described[i] for i in ready], choice)
    wanted = matching.choose_arcs(frame, described, choice)
    coming = [arcs[m.index] for m in wanted.chosen if known[arcs[m.index].id].is_coming]
    sides = _sides(offered, [arcs[i] for i in ready], known)
    given = _best(sides)
    if not given or (any(known[arc.id].is_due for arc in coming) and came_late(file)):
        return Waiting(_missing(frame, ranking, arcs, known, coming))
    return Inputs(given=given, arcs=sides, is_coming=bool(coming))


def _missing(
    frame: FrameDescription,
    ranking: matching.Ranking,
    arcs: Sequence[File],
    known: Mapping[int, _Standing],
    coming: Sequence[File],
) -> Notice:
    """Return what a spectrum waits for."""
    fitting = [arcs[match.index] for match in ranking.matches]
    awaited = [*coming, *(arc for arc in fitting if known[arc.id].is_coming)]
    if awaited:
        return notice(NoticeCode.WAITING_FOR_ARC, file=awaited[0].file_name)
    if fitting:
        return _not_reduced(fitting[0])
    nearest = arcs[ranking.nearest.index].file_name if ranking.nearest else None
    return no_calibration(CalibrationRole.ARC, matching.setup_of(frame), nearest, ranking)


def came_late(file: File) -> bool:
    """Return whether a frame arrived long after it was taken, as in a night that is copied."""
    raw = file.original or file
    return bool(raw.created - raw.date_obs - dt.timedelta(seconds=raw.exptime or 0) >= FRESH)


# --- the arcs of each side --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Standing:
    """The reduced frame of an arc, or how far it is: `is_due` when it is reduced next."""

    reduced: File | None = None
    is_coming: bool = False
    is_due: bool = False


def _standing(raws: Sequence[File]) -> dict[int, _Standing]:
    """Return how far the reduction of raw arcs is, by their ids."""
    ids = [raw.id for raw in raws]
    if not ids:
        return {}
    products = File.select().where(_product_of(ids)).order_by(File.id)
    known = {product.original_id: _Standing(product) for product in products}
    rest = [number for number in ids if number not in known]
    live = Run.select(Run.file, Run.state).where(Run.file.in_(rest), Run.state.in_(LIVE))
    for number, state in live.tuples() if rest else ():
        known[number] = _Standing(is_coming=True, is_due=state != RunState.WAITING)
    return {number: known.get(number, _Standing()) for number in ids}


def _product_of(raws: Sequence[int]) -> Any:
    return (
        File.original.in_(list(raws))
        & (File.data_type == REDUCED)
        & (File.state == "current")
        & (File.kind == str(FrameKind.ARC))
    )


def _sides(
    choices: ArcChoices, arcs: Sequence[File], known: Mapping[int, _Standing]
) -> dict[ArcSide, tuple[ArcCandidate, ...]]:
    def candidate(match: Match) -> ArcCandidate:
        raw = arcs[match.index]
        reduced = known[raw.id].reduced
        if reduced is None:
            return ArcCandidate(raw, raw, match.differences, _not_reduced(raw))
        return ArcCandidate(reduced, raw, match.differences)

    sides = {
        ArcSide.FIRST: choices.first,
        ArcSide.SECOND: choices.second,
        ArcSide.OTHER: choices.other,
    }
    return {side: tuple(map(candidate, matches)) for side, matches in sides.items() if matches}


def _best(sides: Mapping[ArcSide, Sequence[ArcCandidate]]) -> dict[CalibrationRole, File]:
    """Return the best arc of each side that can be used at all."""
    best = {
        side: next((arc.file for arc in arcs if arc.refused is None), None)
        for side, arcs in sides.items()
    }
    roles = {
        CalibrationRole.ARC: best.get(ArcSide.FIRST),
        CalibrationRole.SECOND_ARC: best.get(ArcSide.SECOND),
    }
    found = {role: file for role, file in roles.items() if file is not None}
    other = best.get(ArcSide.OTHER)
    return {CalibrationRole.ARC: other} if not found and other is not None else found


def single(reduced: File, raw: File, differences: Iterable[Any] = ()) -> Inputs:
    """Return the inputs of a run that may use one arc only."""
    arc = ArcCandidate(reduced, raw, tuple(differences))
    return Inputs(given={CalibrationRole.ARC: reduced}, arcs={ArcSide.FIRST: (arc,)})


def remarks(inputs: Inputs, refusal: Refusal, settings: Mapping[str, Any]) -> list[Notice]:
    """Return what is to be said of the choice of a spectrum's arcs.

    Why an arc gives no solution is said where it was tried.
    """
    walked = inputs.walk(refusal)
    found = [
        notice(NoticeCode.ARC_NOT_USED, file=arc.file.file_name, reason=arc.refused)
        for _, arc, _ in walked
        if arc.refused is not None
    ]
    used = [arc for _, arc, reason in walked if reason is None]
    found += [
        degraded(CalibrationRole.ARC, arc.file.file_name, arc.differences)
        for arc in used
        if arc.differences
    ]
    if len(used) == 1 and choice_of(settings) is ArcChoice.BRACKETING:
        found.append(notice(NoticeCode.ARC_ONE_SIDE, file=used[0].file.file_name))
    return found


def _named(file: File, name: str) -> Inputs | Waiting | Refused:
    """Find the arc that the settings name, which still has to fit."""
    if not name:
        return Refused(notice(NoticeCode.FIXED_ARC_NOT_NAMED))
    named = [arc for arc in _in_order(visible(file).where(File.file_name == name))]
    if not named:
        return Waiting(notice(NoticeCode.WAITING_FOR_NAMED_ARC, file=name))
    frame = describe(file)
    ranking = matching.rank_arcs(frame, [describe(arc) for arc in named])
    if ranking.best is None:
        differences = ranking.nearest.differences if ranking.nearest else ()
        return Refused(notice(NoticeCode.FIXED_ARC_DIFFERS, file=name, differences=differences))
    arc = named[ranking.best.index]
    reduced = reduced_of(arc)
    if isinstance(reduced, Waiting):
        return reduced
    if reduced is None:
        return Waiting(_not_reduced(arc))
    return single(reduced, arc, ranking.best.differences)


def _not_reduced(arc: File) -> Notice:
    return notice(NoticeCode.CALIBRATION_NOT_REDUCED, role=CalibrationRole.ARC, file=arc.file_name)


def visible(file: File, days: float | None = suitability.ARC_DAYS) -> Any:
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
    found = {arc.id: arc for arc in (*_nearest(alike(arcs, file), file), *_nearest(arcs, file))}
    return _in_order(found.values())


def _in_order(arcs: Iterable[File]) -> list[File]:
    """Sort arcs in an order that does not depend on when they came."""
    return sorted(arcs, key=lambda arc: (arc.date_obs, arc.file_name, arc.checksum))


def alike(query: Any, file: File) -> Any:
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
    standing = _standing([arc])[arc.id]
    if standing.is_coming:
        return Waiting(notice(NoticeCode.WAITING_FOR_ARC, file=arc.file_name))
    return standing.reduced
