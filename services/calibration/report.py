"""Why a file is what it is, or is not further: its calibrations, and what could serve instead."""

from __future__ import annotations

from dataclasses import dataclass

from db.models import File, Run, User
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, CalibrationRole, all_blocks, blocks_for
from services import access
from services.access import Action
from services.calibration import manual, selection
from services.calibration.manual import Candidate
from services.calibration.masters import IGNORED_BY
from services.calibration.outcomes import Inputs
from services.files import ingredients
from services.proposals import proposals
from services.runs import drafts


@dataclass(frozen=True, slots=True)
class Search:
    """The search for one calibration of a file's step.

    `taken` are the files that the step has used, or would use now; `is_made` tells which of the
    two. `sentence` says why there are none. A request for another one is a run of `block` on
    `target`.
    """

    block: Block
    target: File
    role: CalibrationRole
    is_made: bool
    taken: tuple[File, ...]
    sentence: str
    candidates: tuple[Candidate, ...]


def may_choose(user: User, file: File) -> bool:
    """Tell whether a person may have a file processed with calibrations of the own choice."""
    return file.proposal is not None and Action.PROCESS in access.allowed(user, file.proposal)


def of_file(user: User, file: File) -> list[Search]:
    """Return the searches for the calibrations of a file's next step, else of the one it is of."""
    file = access.file_for(user, Action.VIEW, file.id)
    if file.proposal is None:
        return []
    following = blocks_for(DataType(file.data_type), FrameKind(file.kind))
    due = [
        block
        for block in following
        if set(block.calibration_roles) & set(manual.KINDS)
        and block.produces is not DataType.MASTER
    ]
    if due:
        settings = proposals.block_settings(file.proposal, due[0].name).model_dump(mode="json")
        wish = drafts.draft(due[0], file, settings)
        return [
            _ahead(wish, due[0], role) for role in due[0].calibration_roles if role in manual.KINDS
        ]
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
    sentence = ""
    if wish.settings.get(IGNORED_BY.get(role, ""), False):
        sentence = "the settings of the proposal do without it"
    else:
        answer = selection.offer(role, wish, wish.file)
        if isinstance(answer, Inputs):
            taken = tuple(answer.given.values())
            sentence = " ".join(answer.notes)
        else:
            sentence = answer.sentence
    offered = tuple(manual.candidates(wish.file, role))
    return Search(
        block, wish.file, role, is_made=False, taken=taken, sentence=sentence, candidates=offered
    )


def _behind(run: Run, block: Block, role: CalibrationRole, product: File) -> Search:
    """Return what the step that made a product had taken."""
    taken = tuple(used.input for used in ingredients.inputs_of(product, role))
    sentence = ""
    if not taken and run.settings.get(IGNORED_BY.get(role, ""), False):
        sentence = "the settings did without it"
    elif not taken:
        said = (text for text in product.warnings if str(role).split()[-1] in text)
        sentence = next(said, f"it was made without a {role}")
    offered = tuple(manual.candidates(product.parent, role))
    return Search(
        block,
        product.parent,
        role,
        is_made=True,
        taken=taken,
        sentence=sentence,
        candidates=offered,
    )
