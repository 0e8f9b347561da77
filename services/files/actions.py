"""The process blocks that can be started on a file, and why one cannot be started now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from db.models import File, Run, User
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import Block, all_blocks
from services import access, notices, request_coalescing
from services.access import Action
from services.calibration import selection
from services.calibration.outcomes import Inputs
from services.files.rows import describe
from services.notices import standing
from services.proposals import proposals
from services.request_coalescing import Moment
from services.runs.lifecycle import LIVE


@dataclass(frozen=True, slots=True)
class ActionState:
    """A process block that takes a file; `reason` is why it cannot be started now."""

    block: str
    label: str
    enabled: bool
    reason: Notice | None = None


def of_file(user: User, file: File, when: Moment | None = None) -> list[ActionState]:
    """Return the process blocks that take a file, in the order of the reduction."""
    data_type = DataType(file.data_type)
    fitting = [
        block
        for block in all_blocks().values()
        if data_type in block.accepts and file.kind in {str(kind) for kind in block.kinds}
    ]
    may = file.proposal is not None and Action.PROCESS in access.allowed(user, file.proposal)
    states = []
    for block in sorted(fitting, key=lambda b: b.produces):
        reason: Notice | None = notice(NoticeCode.PROCESSING_NOT_ALLOWED)
        if may:
            key = ("obstacle", block.name, file.id)
            reason = request_coalescing.read(when, key, partial(_obstacle, block, file))
        states.append(ActionState(block.name, block.label, reason is None, reason))
    return states


def _obstacle(block: Block, file: File) -> Notice | None:
    """Return why a process cannot be started on a file now, None when it can."""
    live = Run.select().where(Run.file == file, Run.block == block.name, Run.state.in_(LIVE))
    run = live.order_by(Run.id.desc()).first()
    if run is not None:
        return notices.load(run.notice) or standing(block.label, run.state, run.step)
    if block.suits is not None and not block.suits(describe(file)):
        return notice(NoticeCode.NOT_A_STANDARD_STAR, file=file.file_name)
    settings = proposals.block_settings(file.proposal, block.name).model_dump(mode="json")
    draft = Run(file=file, block=block.name, settings=settings, automatic=False)
    answer = selection.resolve(draft)
    return None if isinstance(answer, Inputs) else answer.notice
