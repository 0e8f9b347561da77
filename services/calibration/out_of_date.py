"""Products that would be made differently now, and making them again.

A product is out of date when the master it was made with has been superseded, when a fitting
master arrived while it was provisional (`services.calibration.provisional`), when a nearer arc
arrived, or when its parent is out of date. An outdated master is made again automatically; an
outdated reduced frame on request (`request_all`, or Reduce on its raw frame), or automatically
where the proposal's settings say so (`general.redo_stale`). Every version is kept, the newest is
shown first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peewee import fn

from db import clock
from db.models import File, Proposal, Run, User
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import all_blocks
from services import access
from services.access import Action
from services.calibration import masters, selection
from services.calibration.masters import MASTER, REDUCED
from services.errors import Conflict
from services.files import ingredients, rows
from services.proposals import proposals
from services.runs import drafts, master_runs, requests, scheduling
from services.runs.lifecycle import LIVE
from services.unit_of_work import UnitOfWork

REDONE_PER_ROUND = 50
REDUCE = "reduce"


def made_with(master: File, *, above: int = 0) -> list[File]:
    """Return the current files, of an id higher than `above`, that a master went into."""
    products = ingredients.used_in(master)
    return list(products.where(File.id > above, File.state == "current"))


def mark(files: Iterable[File], work: UnitOfWork) -> None:
    """Mark files and their descendants as out of date; inside a transaction."""
    generation = {file.id: file for file in files}
    seen: set[int] = set()
    while generation:
        seen.update(generation)
        File.update(out_of_date=True, last_modified=clock.now_expression()).where(
            File.id.in_(list(generation)), ~File.out_of_date
        ).execute()
        for file in generation.values():
            if not file.out_of_date:
                work.events.append(rows.file_event("file-changed", file))
            if file.data_type == MASTER:
                work.after.append(master_runs.remake_outdated_masters)
        children = File.select().where(File.parent.in_(list(generation)), File.id != File.parent)
        generation = {child.id: child for child in children if child.id not in seen}


# --- making it again --------------------------------------------------------------------------


def request_all(user: User, proposal_id: int) -> list[Run]:
    """Reduce again, with the settings they were reduced with, all outdated frames of a proposal.

    Returns
    -------
    list of Run
        One for each frame; none for what a newer run has reduced already, or is about to.
    """
    proposal = access.proposal_for(user, Action.PROCESS, proposal_id)
    return scheduling.start_all(proposal, [_draft(file, user) for file in _outdated(proposal)])


def count(user: User, proposal_id: int) -> int:
    """Return how many frames of a proposal `request_all` would reduce again."""
    return len(_outdated(access.proposal_for(user, Action.VIEW, proposal_id)))


def redo() -> None:
    """Reduce again what is out of date in the proposals whose settings ask for it."""
    concerned = File.select(File.proposal).where(File.out_of_date, File.data_type == REDUCED)
    for proposal in Proposal.select().where(Proposal.id.in_(concerned.distinct())):
        if getattr(proposals.settings_of(proposal), "general").redo_stale:  # noqa: B009 - composed
            outdated = _outdated(proposal)[:REDONE_PER_ROUND]
            scheduling.start_all(proposal, [_draft(file, None) for file in outdated])


def _outdated(proposal: Proposal) -> list[File]:
    """Return the newest reduced version of each frame where that is out of date."""
    newest = File.alias()
    later = newest.select(newest.id).where(
        newest.original == File.original, newest.data_type == REDUCED, newest.id > File.id
    )
    live = Run.select(Run.id).where(
        Run.file == File.original, Run.block == REDUCE, Run.state.in_(LIVE)
    )
    tried = Run.select(Run.id).where(
        Run.file == File.original, Run.block == REDUCE, Run.created > File.last_modified
    )
    outdated = File.select().where(
        File.proposal == proposal,
        File.data_type == REDUCED,
        File.state == "current",
        File.out_of_date,
        ~fn.EXISTS(later),
        ~fn.EXISTS(live),
        ~fn.EXISTS(tried),
    )
    return list(outdated.order_by(File.date_obs.desc(), File.id))


def _draft(file: File, user: User | None) -> Run:
    """Return the run that makes an outdated file again, after all that is new."""
    before = Run.get_or_none(Run.id == file.run_id)
    block = all_blocks()[before.block if before else REDUCE]
    settings = proposals.block_settings(file.proposal, block.name).model_dump(mode="json")
    asked = {**settings, **(before.settings if before else {})}
    run = drafts.draft(block, file.parent, asked, user)
    run.priority = drafts.BACKGROUND_PRIORITY
    if before is not None and before.calibrations:
        run.calibrations = _still_wanted(run, before.calibrations) or None
    return run


def _still_wanted(run: Run, picked: Mapping[str, int]) -> dict[str, int]:
    """Return the calibrations that a person selected for which no fitting one has arrived."""
    found, kept = selection.at_hand(run), {}
    for role, number in picked.items():
        selected = File.get_or_none(File.id == number)
        if selected is not None and role not in found:
            is_master = selected.data_type == MASTER
            newest = masters.master_of(selected.series) if is_master else selected
            kept[role] = int((newest or selected).id)
    return kept


# --- one of them ------------------------------------------------------------------------------


def newer(file: File) -> File | None:
    """Return a newer version of a product that is up to date."""
    later = File.select().where(
        File.original == file.original_id,
        File.data_type == file.data_type,
        File.state == "current",
        File.id > file.id,
        ~File.out_of_date,
    )
    version: File | None = later.order_by(File.id.desc()).first()
    return version


def why(file: File) -> Notice:
    """Return the calibrations that are newer than an outdated file or its outdated ancestor."""
    root = _root(file)
    run = Run.get_or_none(Run.id == root.run_id)
    newer: list[str] = []
    if run is not None and run.block in all_blocks() and root.parent is not None:
        wish = drafts.draft(all_blocks()[run.block], root.parent, run.settings)
        given = selection.at_hand(wish).values()
        used = ingredients.input_ids(root)
        newer = [calibration.file_name for calibration in given if calibration.id not in used]
    ancestor = None if root.id == file.id else root.file_name
    return notice(NoticeCode.NEWER_CALIBRATION, files=newer, ancestor=ancestor)


def request_again(user: User, file_id: int) -> Run:
    """Make an outdated product again, from the first step that something better has come for.

    Raises
    ------
    Conflict
        It is up to date.
    """
    file = access.file_for(user, Action.PROCESS, file_id)
    if not file.out_of_date:
        raise Conflict(f"{file.file_name} is up to date.")
    root = _root(file)
    run = _draft(root, user)
    run.priority = drafts.MANUAL_PRIORITY
    return requests.start_once(run, all_blocks()[run.block])


def _root(file: File) -> File:
    """Return the outdated file nearest to the raw frame in the ancestry of an outdated one."""
    root = file
    while (parent := root.parent) is not None and parent.out_of_date and parent.id != root.id:
        root = parent
    return root
