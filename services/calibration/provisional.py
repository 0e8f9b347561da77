"""Provisional products: made without a calibration that may still come.

A product is provisional in a role that its run asked for as long as it has no ingredient of that
role, or one that a person selected although it does not fully match. A new master that fits puts it
out of date (`services.calibration.out_of_date`).

A spectrum is provisional while the arc that its settings call for may still be taken: until noon
at the telescope, or ten minutes after the frame has arrived if that is later (`arc_to_come`). Then
it is final by itself. An arc that comes even later replaces it all the same
(`services.calibration.recalibration`); what a person selected is final at once. In the same way a
flux is provisional while a standard star of its night and slit may still be observed
(`standard_to_come`), or while its spectrum or its sensitivity is provisional.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from db.models import File, Run, utc_now
from reduction import matching
from reduction.frames import DataType, FrameDescription, FrameKind
from reduction.matching import ArcChoice
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import CalibrationRole, all_blocks
from services.calibration import masters
from services.calibration.masters import DAYS, IGNORED_BY, MASTER, REDUCED
from services.files import ingredients
from services.files.ingredients import SelectedBy
from services.files.rows import describe

ARRIVING = dt.timedelta(minutes=10)
"""For so long after a frame has arrived, more of its night may be on the way."""
REACH_DAYS = 3.0
"""A new master replaces what was made without one this long before or after it."""

NIGHT_ENDS = dt.timedelta(days=1, hours=15)
"""From the date of a night to the noon at which it ends, UTC (`reduction.frames.night_of`)."""
BONUS = dt.timedelta(seconds=matching.SAME_POINTING_S)

_RANKS = {FrameKind.BIAS: matching.rank_bias, FrameKind.FLAT: matching.rank_flats}
_ROLES = {FrameKind.BIAS: CalibrationRole.MASTER_BIAS, FrameKind.FLAT: CalibrationRole.MASTER_FLAT}


def provisional_files(master: File, *, above: int = 0) -> list[File]:
    """Return the provisional reduced frames and masters that a new master fits.

    Parameters
    ----------
    master : File
        Its row, which need not be saved yet.
    above : int
        Look only at files with a higher id.
    """
    kind = FrameKind(master.kind)
    span = dt.timedelta(days=min(DAYS[str(kind)], REACH_DAYS))
    files = File.select().where(
        File.id > above,
        File.data_type.in_([MASTER, REDUCED]),
        File.state == "current",
        File.kind != str(kind),
        File.camera == master.camera,
        File.date_obs.between(master.date_obs - span, master.date_obs + span),
        ~File.out_of_date,
    )
    role = _ROLES[kind]
    roles = ingredients.ROLES[role]
    without = ~ingredients.has(*roles) | ingredients.has(*roles, selected_by=SelectedBy.PERSON)
    described = describe(master)
    return [
        file
        for file in files.where(without)
        if _RANKS[kind](describe(file), [described]).best is not None
        and masters.combined(master) >= masters.minimum_for(file, masters.block_for(kind))
        and _is_requested(file, role)
        and all(used.differences for used in ingredients.inputs_of(file, role))
    ]


def _is_requested(file: File, role: CalibrationRole) -> bool:
    """Return whether the run that made a file asked for this calibration."""
    run = Run.get_or_none(Run.id == file.run_id)
    block = all_blocks().get(run.block) if run else None
    if run is None or block is None or role not in block.calibration_roles:
        return False
    return not run.settings.get(IGNORED_BY.get(role, ""), False)


# --- arcs -------------------------------------------------------------------------------------


def arc_to_come(
    file: File, used: Sequence[FrameDescription], choice: ArcChoice, *, is_coming: bool
) -> tuple[str, dt.datetime | None]:
    """Return which arc of a spectrum may still come, and when it is no longer waited for.

    Parameters
    ----------
    file : File
        The extracted or the calibrated spectrum.
    used : sequence of FrameDescription
        The arcs that it is calibrated with.
    choice : ArcChoice
    is_coming : bool
        Whether a better arc is being reduced.

    Returns
    -------
    missing : {"", "reduced", "night", "after", "nearer"}
        "" when it has all that the settings call for.
    until : datetime or None
    """
    frame, arriving, over = describe(file), arriving_until(file), night_over(file)
    if is_coming:
        return "reduced", over
    if choice is ArcChoice.FIXED:
        return "", None
    tonight = [arc for arc in used if arc.night == frame.night]
    if not tonight:
        return "night", over
    if any(arc.date_obs > frame.date_obs for arc in tonight):
        return "", None
    if choice is ArcChoice.BRACKETING:
        return "after", over
    gap = min(frame.date_obs - arc.date_obs for arc in tonight)
    return "nearer", min(over, max(frame.date_obs + gap + BONUS, arriving))


def arriving_until(file: File) -> dt.datetime:
    """Return until when more of the night of a file may be on the way."""
    raw = file.original or file
    arrived: dt.datetime = raw.created
    return arrived + ARRIVING


def night_over(file: File) -> dt.datetime:
    """Return when the night of a file is over, and what belongs to it has arrived."""
    noon = dt.datetime.combine(file.night, dt.time(), dt.UTC) + NIGHT_ENDS
    return max(noon, arriving_until(file))


def is_provisional(file: File) -> bool:
    """Return whether a better calibration may still come for a spectrum."""
    return file.provisional_until is not None and file.provisional_until > utc_now()


# --- sensitivities ----------------------------------------------------------------------------


def standard_to_come(file: File, used: File) -> tuple[str, dt.datetime | None]:
    """Return which standard star may still be observed, and when it is no longer waited for.

    Parameters
    ----------
    file : File
        The spectrum, before or after its flux calibration.
    used : File
        The sensitivity that it is calibrated with.

    Returns
    -------
    missing : {"", "standard", "nearer_standard"}
        "" when nothing better can come: the star was observed through the same slit in the same
        night, after the spectrum.
    until : datetime or None
    """
    over = night_over(file)
    ranking = matching.rank_sensitivities(describe(file), [describe(used)])
    (match,) = (*ranking.matches, *ranking.refused)
    if match.differences:
        return "standard", over
    gap = file.date_obs - used.date_obs
    if gap <= dt.timedelta(0):
        return "", None
    return "nearer_standard", min(over, max(file.date_obs + gap, arriving_until(file)))


# --- any --------------------------------------------------------------------------------------


def why(file: File) -> Notice | None:
    """Return what a provisional spectrum lacks, None for any other file."""
    run = Run.get_or_none(Run.id == file.run_id)
    if run is None or not is_provisional(file):
        return None
    missing = _missing_arc(file, run)
    if file.data_type in (DataType.FLUX, DataType.SENSITIVITY):
        used = ingredients.inputs_of(file, CalibrationRole.SENSITIVITY)
        missing = standard_to_come(file, used[0].input)[0] if used else ""
        missing = missing or "spectrum"
    until = file.provisional_until.isoformat()
    return notice(NoticeCode.PROVISIONAL, missing=missing or "reduced", until=until)


def _missing_arc(file: File, run: Run) -> str:
    used = [describe(one.input) for one in ingredients.inputs_of(file, CalibrationRole.ARC)]
    choice = ArcChoice(run.settings.get("arc_choice", ArcChoice.BRACKETING))
    return arc_to_come(file, used, choice, is_coming=False)[0]
