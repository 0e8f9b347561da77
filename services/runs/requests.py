"""Runs that people ask for: the only way in for request, retry and cancel.

What may be asked for, with which settings and which manual calibrations, is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import IntegrityError
from pydantic import ValidationError

from db.models import File, Run, User
from reduction.frames import DataType, FrameKind
from reduction.notice_codes import NoticeCode
from reduction.notice_text import text
from reduction.notices import Notice, notice
from reduction.registry import Block, CalibrationRole, all_blocks
from services import access
from services.access import Action
from services.calibration import manual, masters
from services.calibration.outcomes import Refused
from services.errors import Conflict, Unacceptable
from services.field_paths import first_error
from services.files import rows
from services.proposals import proposals
from services.runs.deduplication import same_live
from services.runs.drafts import MANUAL_PRIORITY, assess, draft
from services.runs.lifecycle import (
    NOT_STARTED,
    RunState,
    Trigger,
    start,
    transition,
)
from services.unit_of_work import transaction


def request(
    user: User,
    block_name: str,
    file_id: int,
    overrides: Mapping[str, Any] | None = None,
    use: Mapping[str, int] | None = None,
) -> Run:
    """Request a run of a block on a file.

    Parameters
    ----------
    user : User
        Who asks.
    block_name : str
        Of the process block.
    file_id : int
        What it runs on.
    overrides : mapping, optional
        Settings of this run, in place of the proposal's.
    use : mapping, optional
        Manual calibrations: role → file id.

    Returns
    -------
    Run
        The live run that does the same, if there is one; else a new one.

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
    reason = obstacle(block, file)
    if reason is not None:
        raise Unacceptable(text(reason), field="id")
    picked = _picked(user, block, use or {})
    # A named calibration is used even if the proposal's settings ignore its role.
    wanted = {setting: False for role, setting in masters.IGNORED_BY.items() if role in picked}
    settings = settings_for(block, file, {**wanted, **(overrides or {})})
    run = draft(block, file, settings, user)
    run.calibrations = picked or None
    _refuse_impossible(run)
    return start_once(run, block)


def start_once(run: Run, block: Block) -> Run:
    """Write a drafted run, unless a live one does the same; return the one or the other.

    Outside of transactions.
    """
    assessment = assess(run)
    with transaction() as work:
        same = same_live(run, block, MANUAL_PRIORITY)
        if same is not None:
            return same
        start(run, assessment.state, assessment.reason, work)
    return run


def cancel(user: User, run_id: int) -> Run:
    """Cancel a run: at once when it has not started, else after the current step.

    Raises
    ------
    Conflict
        It has ended already.
    """
    access.run_for(user, Action.PROCESS, run_id)
    with transaction() as work:
        # The row first, so that no worker claims or ends the run until this has been committed.
        Run.update(cancel_requested=True).where(Run.id == run_id).execute()
        run = access.run_for(user, Action.PROCESS, run_id)
        if run.state in NOT_STARTED:
            transition(run, Trigger.CANCEL, work, cancel_requested=False)
        elif run.state == RunState.RUNNING:
            work.events.append(rows.run_event(run))
        else:
            raise Conflict(f"The run has ended already: {run.state}.")
        return access.run_for(user, Action.PROCESS, run_id)


def retry(user: User, run_id: int) -> Run:
    """Run again what failed or was cancelled, with the same settings.

    Raises
    ------
    Conflict
        It has not ended, or it is done, or a newer run does the same.
    """
    run = access.run_for(user, Action.PROCESS, run_id)
    if run.state not in (RunState.FAILED, RunState.CANCELLED):
        raise Conflict(f"Only a failed or cancelled run can be tried again; it is {run.state}.")
    assessment = assess(run)
    trigger = Trigger.RETRY if assessment.state is RunState.QUEUED else Trigger.RETRY_LATER
    try:
        with transaction() as work:
            retried = transition(
                run, trigger, work, reason=assessment.reason, priority=MANUAL_PRIORITY
            )
    except IntegrityError as error:
        raise Conflict("The same is being done by a newer run.") from error
    if retried is None:
        raise Conflict("The run has been tried again already.")
    return retried


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
            raise Unacceptable(text(answer.notice), field="calibrations")


def obstacle(block: Block, file: File) -> Notice | None:
    """Return why a block does not take a file, None when it does."""
    data_type, kind = DataType(file.data_type), FrameKind(file.kind)
    if data_type not in block.accepts:
        return notice(
            NoticeCode.BLOCK_TAKES_OTHER_FILES,
            block=block.label,
            accepted=sorted(accepted.label for accepted in block.accepts),
            found=data_type.label,
        )
    if kind not in block.kinds:
        return notice(NoticeCode.BLOCK_TAKES_OTHER_FRAMES, block=block.label, kind=str(kind))
    return None


def settings_for(block: Block, file: File, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run: the proposal's, with `overrides` on top.

    Raises
    ------
    Unacceptable
        A setting is wrong; it is named.
    """
    values = proposals.block_settings(file.proposal, block.name).model_dump(mode="json")
    try:
        asked = block.request.model_validate({**values, **overrides}).model_dump(mode="json")
    except ValidationError as error:
        path, kind, said = first_error(error, block.request)
        name = path[:60]
        message = "is not a setting of this process" if kind == "extra_forbidden" else said
        raise Unacceptable(f"{name}: {message}.", field=name) from error
    # What was not set for this frame is left out: the run is the same as an automatic one.
    return {k: v for k, v in asked.items() if k in block.settings.model_fields or v is not None}


def default_settings(run: Run) -> dict[str, Any]:
    """Return the default settings of a run's process."""
    block = all_blocks().get(run.block)
    return block.settings().model_dump(mode="json") if block else {}
