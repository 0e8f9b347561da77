"""Provisional products: made without a calibration that may still come.

A product is provisional in a role that its run asked for as long as it has no ingredient of that
role, or one that a person selected although it does not fully match. A new master that fits puts it
out of date (`services.calibration.out_of_date`).
"""

from __future__ import annotations

import datetime as dt

from db.models import File, Run
from reduction import matching
from reduction.frames import FrameKind
from reduction.registry import CalibrationRole, all_blocks
from services.calibration import masters
from services.calibration.masters import DAYS, IGNORED_BY, MASTER, REDUCED
from services.files import ingredients
from services.files.ingredients import SelectedBy
from services.files.rows import describe

REACH_DAYS = 3.0
"""A new master replaces what was made without one this long before or after it."""

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
