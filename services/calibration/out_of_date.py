"""Products that would be made differently now, and making them again.

A product is out of date when the master it was made with has been superseded, when a fitting
master came after it had been made without one, or when its parent is out of date. An outdated
master is made again automatically; an outdated reduced frame on request (`request_all`, or Reduce
on its raw frame), or automatically where the proposal's settings say so (`general.redo_stale`).
Every version is kept, the newest is shown first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from peewee import fn

from db.models import File, Proposal, Run, User, utc_now
from reduction import matching
from reduction.frames import FrameKind
from reduction.registry import CalibrationRole, all_blocks
from services import access
from services.access import Action
from services.calibration import masters, selection
from services.calibration.master_selection import LIVE
from services.calibration.masters import DAYS, IGNORED_BY, MASTER, REDUCED
from services.errors import Conflict
from services.files import ingredients, rows
from services.files.ingredients import SelectedBy
from services.files.rows import describe
from services.proposals import proposals
from services.runs import scheduling
from services.runs.deduplication import same_live
from services.unit_of_work import Effects, transaction

REACH_DAYS = 3.0
"""A new master puts out of date what was made without one this long before or after it."""
REDONE_PER_ROUND = 50
REDUCE = "reduce"

_RANKS = {FrameKind.BIAS: matching.rank_bias, FrameKind.FLAT: matching.rank_flats}
_ROLES = {FrameKind.BIAS: CalibrationRole.MASTER_BIAS, FrameKind.FLAT: CalibrationRole.MASTER_FLAT}


# --- what a new master puts out of date -------------------------------------------------------


def made_without(master: File, *, above: int = 0) -> list[File]:
    """Return the reduced frames and masters that a new master fits and that were made without one.

    A master that a person selected although it does not fully match counts as none.

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
        if all(used.differences for used in ingredients.inputs_of(file, role))
        and _asked_for(file, role)
        and _RANKS[kind](describe(file), [described]).best is not None
        and (master.n_combined or 0) >= masters.minimum_for(file, masters.block_for(kind))
    ]


def _asked_for(file: File, role: CalibrationRole) -> bool:
    """Tell whether the run that made a file wanted this calibration."""
    run = Run.get_or_none(Run.id == file.run_id)
    block = all_blocks().get(run.block) if run else None
    if run is None or block is None or role not in block.calibration_roles:
        return False
    return not run.settings.get(IGNORED_BY.get(role, ""), False)


def made_with(master: File, *, above: int = 0) -> list[File]:
    """Return the current files, of an id higher than `above`, that a master went into."""
    products = ingredients.used_in(master)
    return list(products.where(File.id > above, File.state == "current"))


def mark(files: Iterable[File], effects: Effects) -> None:
    """Mark files and their descendants as out of date; inside a transaction."""
    generation = {file.id: file for file in files}
    seen: set[int] = set()
    while generation:
        seen.update(generation)
        File.update(out_of_date=True, last_modified=utc_now()).where(
            File.id.in_(list(generation)), ~File.out_of_date
        ).execute()
        for file in generation.values():
            if not file.out_of_date:
                effects.events.append(rows.file_event("file-changed", file))
            if file.data_type == MASTER:
                effects.after.append(scheduling.remake_outdated_masters)
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
    return scheduling.enter_all(proposal, [_draft(file, user) for file in _outdated(proposal)])


def count(user: User, proposal_id: int) -> int:
    """Return how many frames of a proposal `request_all` would reduce again."""
    return len(_outdated(access.proposal_for(user, Action.VIEW, proposal_id)))


def redo() -> None:
    """Reduce again what is out of date in the proposals whose settings ask for it."""
    concerned = File.select(File.proposal).where(File.out_of_date, File.data_type == REDUCED)
    for proposal in Proposal.select().where(Proposal.id.in_(concerned.distinct())):
        if getattr(proposals.settings_of(proposal), "general").redo_stale:  # noqa: B009 - composed
            outdated = _outdated(proposal)[:REDONE_PER_ROUND]
            scheduling.enter_all(proposal, [_draft(file, None) for file in outdated])


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
    run = scheduling.draft(block, file.parent, asked, user)
    run.priority = scheduling.BACKGROUND_PRIORITY
    if before is not None and before.calibrations:
        run.calibrations = _still_wanted(run, before.calibrations) or None
    return run


def _still_wanted(run: Run, picked: Mapping[str, int]) -> dict[str, int]:
    """Return of the calibrations that a person chose those for which nothing fitting has come."""
    found, kept = selection.at_hand(run), {}
    for role, number in picked.items():
        one = File.get_or_none(File.id == number)
        if one is not None and role not in found:
            newest = masters.master_of(one.series) if one.data_type == MASTER else one
            kept[role] = int((newest or one).id)
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


def why(file: File) -> str:
    """Say what has come since an outdated file, or its outdated ancestor, was made."""
    root = _root(file)
    run = Run.get_or_none(Run.id == root.run_id)
    came: list[str] = []
    if run is not None and run.block in all_blocks() and root.parent is not None:
        wish = scheduling.draft(all_blocks()[run.block], root.parent, run.settings)
        given = selection.at_hand(wish).values()
        used = ingredients.input_ids(root)
        came = [calibration.file_name for calibration in given if calibration.id not in used]
    what = " and ".join(came) or "Something that it would be better with"
    have = "have" if len(came) > 1 else "has"
    made = "this was made" if root.id == file.id else f"{root.file_name}, which it is made of, was"
    return f"{what} {have} come since {made}."


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
    run.priority = scheduling.MANUAL_PRIORITY
    scheduling.judge(run)
    with transaction() as effects:
        same = same_live(run, all_blocks()[run.block], run.priority)
        if same is not None:
            return same
        scheduling.enter(run, effects)
    return run


def _root(file: File) -> File:
    """Return the outdated file nearest to the raw frame in the ancestry of an outdated one."""
    root = file
    while (parent := root.parent) is not None and parent.out_of_date and parent.id != root.id:
        root = parent
    return root
