"""The inputs of a run apart from its frame: the frames of a master, a bias, a flat, an arc.

What counts as fitting is `reduction.matching`; what is there, pending or on its way is known here,
in `services.calibration.master_selection` for masters, `services.calibration.arc_selection` for
arcs and `services.calibration.sensitivities` for sensitivities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from db import clock
from db.models import File, Run
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from reduction.registry import Block, CalibrationRole, all_blocks
from services.calibration import arc_selection, manual, master_selection, masters
from services.calibration.masters import IGNORED_BY
from services.calibration.outcomes import Found, Inputs, Nothing, Refused, Waiting, degraded
from services.calibration.sensitivities import choice
from services.calibration.zero_points import evidence
from services.files import origin
from services.runs import member_reports


def resolve(run: Run) -> Inputs | Waiting | Refused:
    """Return the inputs of a run, what it waits for, or why it cannot be executed."""
    block = all_blocks().get(run.block)
    if block is None:
        return Refused(notice(NoticeCode.BLOCK_UNKNOWN, block=run.block))
    if not run.file.camera:
        return Waiting(notice(NoticeCode.WAITING_FOR_CAMERA))
    members: tuple[File, ...] = ()
    anchor: File | None = None
    if block.produces is DataType.MASTER:
        found = _members(run, block)
        if not isinstance(found, tuple):
            return found
        members = found
        anchor = [member for member in members if member.series == run.file.series][-1]
    inputs = Inputs(members, anchor)
    for role in _wanted(run, block):
        answer = offer(role, run, anchor or run.file)
        if not isinstance(answer, Inputs):
            return answer
        inputs = inputs.with_more(answer)
    known, siblings = evidence.evidence_for(run.file, inputs.given.get(CalibrationRole.ARC))
    return replace(inputs, zero_points=known, siblings=siblings)


def at_hand(run: Run) -> dict[CalibrationRole, File]:
    """Return the calibrations of a run that exist, each searched for separately.

    `resolve` gives nothing while anything is waited for.
    """
    found: dict[CalibrationRole, File] = {}
    for role in _wanted(run, all_blocks()[run.block]):
        answer = offer(role, run, run.file)
        if isinstance(answer, Inputs):
            found |= answer.given
    return found


def _wanted(run: Run, block: Block) -> list[CalibrationRole]:
    """Return what a run needs and its settings do not leave out, unless a person chose it."""
    picked = run.calibrations or {}
    return [
        n
        for n in block.calibration_roles
        if n in picked or not run.settings.get(IGNORED_BY.get(n, ""))
    ]


def offer(role: CalibrationRole, run: Run, file: File) -> Inputs | Waiting | Refused:
    """Find one of the calibrations that a run asks for: the one a person chose, else the best."""
    if role in (run.calibrations or {}):
        return manual.given(run, role, file)
    if role is CalibrationRole.ARC:
        return arc_selection.arcs_for(file, run.settings)
    if role in _SENSITIVITIES:
        return _SENSITIVITIES[role](file)
    answer = _FINDERS[role](file)
    if isinstance(answer, Waiting):
        return answer
    if isinstance(answer, Nothing):
        return Inputs(notices=(answer.notice,))
    calibration, differences = answer
    remarks = [degraded(role, calibration.file_name, differences)] if differences else []
    remarks += member_reports.remarks(calibration)
    return Inputs(given={role: calibration}, notices=tuple(remarks))


# --- the frames of a master -------------------------------------------------------------------


def _members(run: Run, block: Block) -> tuple[File, ...] | Waiting | Refused:
    series = run.file.series
    minimum = int(run.settings.get("minimum", 1))
    now = clock.now()
    members = masters.pool(series, minimum, master_selection.at_rest(now))
    own = [member for member in members if member.series == series]
    if not own:
        is_waiting = run.file.kind in masters.DAYS and not origin.is_shared(run.file)
        codes = NoticeCode.NOT_A_CALIBRATION_FRAME, NoticeCode.FRAME_NOT_ACCEPTED
        return Refused(notice(codes[is_waiting], file=run.file.file_name))
    role = master_selection.role_of(next(iter(block.kinds)))
    if len(members) < minimum and not run.automatic:
        found = {"found": len(members), "needed": minimum}
        return Refused(notice(NoticeCode.TOO_FEW_FRAMES, role=role, **found))
    if len(members) < minimum:
        return master_selection.more_frames(role, len(members), minimum)
    if run.automatic and len(own) < minimum and master_selection.still_coming(own[-1], now):
        return master_selection.more_frames(role, len(own), minimum)
    newest = max(member.created for member in own)
    if (
        run.automatic
        and masters.master_of(series) is not None
        and now - newest < master_selection.SETTLE
    ):
        return Waiting(notice(NoticeCode.WAITING_FOR_SERIES))
    return tuple(members)


_FINDERS: dict[CalibrationRole, Callable[[File], Found | Waiting | Nothing]] = {
    CalibrationRole.MASTER_BIAS: master_selection.bias_for,
    CalibrationRole.MASTER_FLAT: master_selection.flat_for,
}
_SENSITIVITIES: dict[CalibrationRole, Callable[[File], Inputs | Refused]] = {
    CalibrationRole.SENSITIVITY: choice.sensitivity_for,
    CalibrationRole.SITE_LIBRARY: choice.library_for,
}
