"""The calibration report of a file: what was used, why, and what could be used instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db.models import File, Run, User
from reduction.frames import DataType, FrameKind
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, by_severity, notice
from reduction.registry import Block, CalibrationRole, all_blocks, blocks_for
from services import access, notices
from services.access import Action
from services.calibration import arc_selection, manual, selection
from services.calibration.manual import Candidate
from services.calibration.masters import IGNORED_BY
from services.calibration.outcomes import Inputs, none_refused
from services.files import ingredients
from services.proposals import proposals
from services.runs import drafts


@dataclass(frozen=True, slots=True)
class Search:
    """The search for one calibration of a file's step.

    `taken` are the files that the step has used, or would use now; `is_made` is
    whether it has used them. `notice` says why there are none, or what differs. `refused` are the
    raw frames (by id) of those that were tried and not used, with the reason. A request for
    another one is a run of `block` on `target`.
    """

    block: Block
    target: File
    role: CalibrationRole
    is_made: bool
    taken: tuple[File, ...]
    notice: Notice | None
    candidates: tuple[Candidate, ...]
    refused: Mapping[int, Notice] = field(default_factory=dict)


def may_choose(user: User, file: File) -> bool:
    """Return whether a person may select the calibrations that a file is processed with."""
    return file.proposal is not None and Action.PROCESS in access.allowed(user, file.proposal)


def of_file(user: User, file: File) -> list[Search]:
    """Return the searches for the calibrations of a file's next step, else of the one it is of.

    Those of a next step that is done only where its calibrations exist come in addition, and only
    if there is something to choose from.
    """
    file = access.file_for(user, Action.VIEW, file.id)
    if file.proposal is None:
        return []
    following = [
        block
        for block in blocks_for(DataType(file.data_type), FrameKind(file.kind))
        if set(block.calibration_roles) & set(manual.KINDS) and not block.is_shared
    ]
    further = [one for b in following if b.only_with for one in _all_ahead(file, b)]
    chosen = [
        search
        for search in further
        if search.taken or any(one.obstacle is None for one in search.candidates)
    ]
    due = next((block for block in following if not block.only_with), None)
    return [*(_all_behind(file) if due is None else _all_ahead(file, due)), *chosen]


def _all_ahead(file: File, block: Block) -> list[Search]:
    settings = proposals.block_settings(file.proposal, block.name).model_dump(mode="json")
    wish = drafts.draft(block, file, settings)
    return [_ahead(wish, block, role) for role in block.calibration_roles if role in manual.KINDS]


def _all_behind(file: File) -> list[Search]:
    run = Run.get_or_none(Run.id == file.run_id)
    block = all_blocks().get(run.block) if run else None
    if run is None or block is None or file.parent is None:
        return []
    return [
        _behind(run, block, role, file) for role in block.calibration_roles if role in manual.KINDS
    ]


def _ahead(wish: Run, block: Block, role: CalibrationRole) -> Search:
    """Return what a step would take now."""
    taken: tuple[File, ...] = ()
    if wish.settings.get(IGNORED_BY.get(role, ""), False):
        reason: Notice | None = notice(NoticeCode.CALIBRATION_IGNORED, role=role)
    else:
        answer = selection.offer(role, wish, wish.file)
        if isinstance(answer, Inputs):
            taken = tuple(answer.given.values())
            about = arc_selection.remarks(answer, none_refused, wish.settings)
            reason = _gravest((*answer.notices, *about))
        else:
            reason = answer.notice
    offered = tuple(manual.candidates(wish.file, role))
    return Search(
        block, wish.file, role, is_made=False, taken=taken, notice=reason, candidates=offered
    )


def _behind(run: Run, block: Block, role: CalibrationRole, product: File) -> Search:
    """Return what the step that made a product had taken."""
    taken = tuple(used.input for used in ingredients.inputs_of(product, role))
    about = [one for one in notices.load_all(product.notices) if one.params.get("role") == role]
    reason = _gravest(about)
    if not taken and run.settings.get(IGNORED_BY.get(role, ""), False):
        reason = notice(NoticeCode.CALIBRATION_IGNORED, role=role)
    elif not taken and reason is None:
        reason = notice(NoticeCode.MADE_WITHOUT, role=role)
    offered = tuple(manual.candidates(product.parent, role))
    return Search(
        block,
        product.parent,
        role,
        is_made=True,
        taken=taken,
        notice=reason,
        candidates=offered,
        refused=ingredients.refused_for(product, role),
    )


def _gravest(about: Sequence[Notice]) -> Notice | None:
    return next(iter(by_severity(about)), None)
