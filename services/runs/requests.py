"""A person asks for a run: what may be asked for, with which settings and calibrations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from db.models import File, Run, User
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, CalibrationRole, all_blocks
from services import access
from services.access import Action
from services.calibration import manual, masters
from services.calibration.outcomes import Refused
from services.errors import Unacceptable
from services.proposals import proposals
from services.runs import scheduling
from services.runs.deduplication import same_live
from services.unit_of_work import transaction


def request(
    user: User,
    block_name: str,
    file_id: int,
    overrides: dict[str, Any] | None = None,
    use: Mapping[str, int] | None = None,
) -> Run:
    """Ask for a run of a block on a file: the proposal's settings, with `overrides` on top.

    `use` names calibrations that shall be taken, whatever fits better: role → file id. While the
    same is waiting, queued or running, that run is the answer.

    Raises
    ------
    Unacceptable
        There is no such block, it does not take this file, a setting is wrong (named), or a
        calibration can't be used.
    """
    file = access.file_for(user, Action.PROCESS, file_id)
    block = all_blocks().get(block_name)
    if block is None:
        raise Unacceptable("There is no such process.", field="block")
    reason = why_not(block, file)
    if reason:
        raise Unacceptable(reason, field="id")
    picked = _picked(user, block, use or {})
    # Who names a calibration wants it, whatever the proposal does without.
    wanted = {setting: False for role, setting in masters.IGNORED_BY.items() if role in picked}
    settings = settings_for(block, file, {**wanted, **(overrides or {})})
    run = scheduling.draft(block, file, settings, user)
    run.calibrations = picked or None
    _refuse_impossible(run)
    scheduling.judge(run)
    with transaction() as effects:
        same = same_live(run, block, scheduling.MANUAL_PRIORITY)
        if same is not None:
            return same
        scheduling.enter(run, effects)
    return run


def _picked(user: User, block: Block, use: Mapping[str, int]) -> dict[str, int]:
    """Return the calibrations that a person names, all of which that person sees."""
    picked = manual.checked(block, use)
    for number in picked.values():
        access.file_for(user, Action.VIEW, number)
    return picked


def _refuse_impossible(run: Run) -> None:
    for role in run.calibrations or {}:
        answer = manual.given(run, CalibrationRole(role), run.file)
        if isinstance(answer, Refused):
            sentence = answer.sentence[:1].upper() + answer.sentence[1:]
            raise Unacceptable(f"{sentence}.", field="calibrations")


def why_not(block: Block, file: File) -> str:
    """Return why a block does not take a file, "" when it does."""
    data_type, kind = DataType(file.data_type), FrameKind(file.kind)
    if data_type not in block.accepts:
        wanted = " or ".join(sorted(accepted.label for accepted in block.accepts))
        return f"{block.label} takes {wanted} files, this one is {data_type.label}."
    if kind not in block.kinds:
        return f"{block.label} is not for {kind} frames."
    return ""


def settings_for(block: Block, file: File, overrides: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a run: the proposal's, with what was asked for on top."""
    values = proposals.block_settings(file.proposal, block.name).model_dump(mode="json")
    try:
        asked = block.request.model_validate({**values, **overrides}).model_dump(mode="json")
        # What nobody said of this frame is left out: the run is the same as one made by itself.
        return {k: v for k, v in asked.items() if k in block.settings.model_fields or v is not None}
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])[:60]
        message = (
            "is not a setting of this process"
            if first["type"] == "extra_forbidden"
            else first["msg"]
        )
        raise Unacceptable(f"{name}: {message}.", field=name) from error
