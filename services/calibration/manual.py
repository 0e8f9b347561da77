"""Manual calibrations: those that a person selected for a run, and the nearest to select from.

What differs in a way that no person can overrule (`reduction.differences.Effect.FATAL`) is
refused here; all else is done, and the product says what differs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from db.models import File, Run
from reduction import matching
from reduction.differences import Difference, Effect, Quantity
from reduction.frames import DataType, FrameKind
from reduction.matching import Match
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import Block, CalibrationRole, blocks_for
from services.calibration import arc_selection, master_selection, masters
from services.calibration.masters import MASTER, RAW
from services.calibration.outcomes import Inputs, Refused, Waiting
from services.calibration.sensitivities import choice
from services.errors import Unacceptable
from services.files.rows import describe

KINDS = {
    CalibrationRole.MASTER_BIAS: FrameKind.BIAS,
    CalibrationRole.MASTER_FLAT: FrameKind.FLAT,
    CalibrationRole.ARC: FrameKind.ARC,
    CalibrationRole.SENSITIVITY: FrameKind.SPECTRUM,
}
"""What a person can choose, and the kind of frame that it is."""
_TYPES = {
    CalibrationRole.ARC: RAW,
    CalibrationRole.SENSITIVITY: DataType.SENSITIVITY,
}
"""Their types, where they are no masters."""
_RANKS = {
    CalibrationRole.MASTER_BIAS: matching.rank_bias,
    CalibrationRole.MASTER_FLAT: matching.rank_flats,
    CalibrationRole.ARC: matching.rank_arcs,
    CalibrationRole.SENSITIVITY: matching.rank_sensitivities,
}
REACH_DAYS = 90.0
"""Masters further away in time are not offered."""
ANY_TIME = dt.timedelta(days=36_500)
"""A sensitivity can be selected that is too old to be chosen automatically."""
MOST_CONSIDERED = 300
MOST_OFFERED = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    """A calibration that could serve a frame.

    `fits`: it is used without a request; `obstacle` is why it cannot be used even on request.
    """

    file: File
    differences: tuple[Difference, ...]
    fits: bool
    obstacle: Notice | None = None


def candidates(file: File, role: CalibrationRole) -> list[Candidate]:
    """Return the calibrations nearest to a frame, those that fit first."""
    calibrations = _around(file, role)
    ranking = _RANKS[role](describe(file), [describe(calibration) for calibration in calibrations])
    ranked = (*ranking.matches, *ranking.refused)[:MOST_OFFERED]
    offered = [_candidate(file, role, calibrations[match.index], match) for match in ranked]
    return sorted(
        offered, key=lambda candidate: (candidate.obstacle is not None, not candidate.fits)
    )


def _candidate(file: File, role: CalibrationRole, calibration: File, match: Match) -> Candidate:
    few = _few(file, role, calibration)
    return Candidate(
        calibration,
        (*match.differences, *few),
        match.fits and not few,
        _obstacle(role, calibration, match),
    )


def _obstacle(role: CalibrationRole, calibration: File, match: Match) -> Notice | None:
    """Return why a calibration cannot be used on any request."""
    if match.fatal:
        return notice(
            NoticeCode.CALIBRATION_IMPOSSIBLE,
            role=role,
            file=calibration.file_name,
            differences=match.fatal,
        )
    if role is CalibrationRole.ARC and arc_selection.reduced_of(calibration) is None:
        return notice(NoticeCode.CALIBRATION_NOT_REDUCED, role=role, file=calibration.file_name)
    return None


def _few(file: File, role: CalibrationRole, calibration: File) -> tuple[Difference, ...]:
    """Return the difference of a master of fewer frames than the frame's proposal requires."""
    if role in _TYPES:
        return ()
    minimum = masters.minimum_for(file, _maker(role))
    frames = masters.combined(calibration)
    if frames >= minimum:
        return ()
    return (Difference(Quantity.FRAMES, minimum, frames, Effect.ON_REQUEST),)


def _maker(role: CalibrationRole) -> Block:
    return blocks_for(DataType.RAW, KINDS[role])[0]


def _around(file: File, role: CalibrationRole) -> list[File]:
    if role is CalibrationRole.ARC:
        return arc_selection.candidates(file)
    if role is CalibrationRole.SENSITIVITY:
        fitting = choice.candidates(file, ANY_TIME)
        return fitting or choice.others(file, ANY_TIME, MOST_OFFERED)
    near = master_selection.around(file, KINDS[role], REACH_DAYS) & (File.data_type == MASTER)
    newest = File.select().where(near).order_by(File.date_obs.desc()).limit(MOST_CONSIDERED)
    return list(newest)


def checked(block: Block, wanted: Mapping[str, int]) -> dict[str, int]:
    """Return what a person selected as a run keeps it: `CalibrationRole` → file id.

    Raises
    ------
    Unacceptable
        The process takes no such calibration.
    """
    known = {role.replace(" ", "_"): role for role in block.calibration_roles if role in KINDS}
    for name in wanted:
        if name.replace(" ", "_") not in known:
            raise Unacceptable(
                f"{block.label} takes no {name[:40].replace('_', ' ')}.", field="calibrations"
            )
    return {str(known[name.replace(" ", "_")]): int(number) for name, number in wanted.items()}


def given(run: Run, role: CalibrationRole, file: File) -> Inputs | Refused | Waiting:
    """Return the calibration selected for a run, with the notice its product will carry."""
    number = (run.calibrations or {})[role]
    wanted = File.select().where(File.id == number, File.kind == str(KINDS[role]))
    wanted = wanted.where(File.data_type == _TYPES.get(role, MASTER))
    if role is CalibrationRole.ARC:
        wanted = wanted.where(File.id.in_(arc_selection.visible(file, days=None).select(File.id)))
    calibration = wanted.first()
    is_other = role is CalibrationRole.SENSITIVITY and calibration is not None
    if calibration is None or (is_other and not choice.may_serve(calibration, file)):
        return Refused(notice(NoticeCode.CALIBRATION_NOT_FOUND, role=role))
    ranking = _RANKS[role](describe(file), [describe(calibration)])
    candidate = _candidate(file, role, calibration, (*ranking.matches, *ranking.refused)[0])
    if candidate.obstacle is not None:
        return Refused(candidate.obstacle)
    remark = _selected(role, candidate)
    if role is not CalibrationRole.ARC:
        return Inputs(given={role: calibration}, notices=(remark,))
    reduced = arc_selection.reduced_of(calibration)
    if isinstance(reduced, Waiting):
        return reduced
    assert reduced is not None  # else it had an obstacle
    return replace(arc_selection.single(reduced, calibration), notices=(remark,))


def _selected(role: CalibrationRole, candidate: Candidate) -> Notice:
    file = candidate.file.file_name
    if not candidate.differences:
        return notice(NoticeCode.MANUAL_CALIBRATION, role=role, file=file)
    return notice(
        NoticeCode.MANUAL_CALIBRATION_DIFFERS,
        role=role,
        file=file,
        differences=candidate.differences,
    )
