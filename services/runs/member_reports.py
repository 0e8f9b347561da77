"""What is said of the frames of a shared calibration, and to whom.

A master names none of its frames, since they belong to proposals. The owner of a frame that was not
used is told so by its name; whoever uses the master is told that frames were left out of it, or
that its level has changed, once for each master.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from db.models import File, LogEntry, Run, RunInput, User
from reduction.frames import DataType, FrameKind, Product
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from services import access, logs, notices
from services.calibration import master_selection, masters
from services.calibration.outcomes import Inputs
from services.files import ingredients
from services.files.ingredients import Role
from services.unit_of_work import UnitOfWork

TOLD = frozenset(
    {
        NoticeCode.MEMBERS_LEFT_OUT,
        NoticeCode.FLATS_LEFT_OUT,
        NoticeCode.MASTER_UNCONFIRMED,
        NoticeCode.LEVEL_CHANGED,
    }
)
"""What is said of a master that everybody who uses it should know."""
SCATTERS, NOISES, LEAST_ADU = 5.0, 5.0, 3.0
"""By how much the level of a bias may change: scatter of the frames, noise of the masters, ADU."""
HIDDEN = "a frame"
OTHER_NAME = "another name"


def level_change(master: File) -> Notice | None:
    """Return the notice that the level of a master bias is not that of the one before.

    The one before is the nearest in time of the same read-out, of this night or another.
    """
    if master.kind != str(FrameKind.BIAS):
        return None
    before = masters.previous(master)
    found = _number(master.quality, "level_adu")
    known = None if before is None else _number(before.quality, "level_adu")
    if before is None or found is None or known is None:
        return None
    spread = sum(_number(m.quality, "level_scatter_adu") or 0.0 for m in (master, before))
    noise = sum(_number(m.quality, "noise_adu") or 0.0 for m in (master, before))
    if abs(found - known) <= max(SCATTERS * spread, NOISES * noise, LEAST_ADU):
        return None
    return notice(
        NoticeCode.LEVEL_CHANGED,
        role=master_selection.role_of(master.kind),
        level=found,
        previous=known,
        file=before.file_name,
    )


def _number(quality: Mapping[str, Any], name: str) -> float | None:
    value = quality.get(name)
    return float(value) if isinstance(value, int | float) else None


def tell_owners(work: UnitOfWork, product: Product, inputs: Inputs, absent: Iterable[File]) -> None:
    """Tell the owners of frames that they were not used; inside the finishing transaction."""
    by_path = {member.full_path: member for member in inputs.members}
    reasons = {
        by_path[str(path)].id: str(misfit)
        for path, misfit in product.left_out.items()
        if str(path) in by_path
    } | {file.id: "unreadable" for file in absent}
    for member in inputs.members:
        if member.id in reasons:
            entry = notice(
                NoticeCode.MEMBER_REJECTED,
                role=master_selection.role_of(member.kind),
                file=member.file_name,
                misfit=reasons[member.id],
            )
            work.events.append(logs.write(entry, proposal=member.proposal, file=member))


def remarks(master: File) -> list[Notice]:
    """Return what a user of a master should know of it."""
    return [
        notice(
            NoticeCode.MASTER_REMARK,
            role=master_selection.role_of(master.kind),
            file=master.file_name,
            reason=told,
        )
        for told in notices.load_all(master.notices)
        if told.code in TOLD
    ]


def tell_users(work: UnitOfWork, file: File, inputs: Inputs) -> None:
    """Tell the proposal of a new product of the masters it was made with, once for each master."""
    if file.proposal_id is None:
        return
    for master in inputs.given.values():
        if master.data_type != DataType.MASTER:
            continue
        told = remarks(master)
        before = LogEntry.select().where(
            LogEntry.proposal == file.proposal_id, LogEntry.file == master.id
        )
        if told and not before.exists():
            for entry in told:
                work.events.append(logs.write(entry, proposal=file.proposal, file=master))


def without_names(reason: Notice) -> Notice:
    """Return what is said of a master's run, which everybody sees, without the names of frames."""
    params = {
        name: HIDDEN if name in ("file", "reference") else value
        for name, value in reason.params.items()
    }
    return Notice(reason.code, reason.severity, params)


def hiding(names: Mapping[str, str], said: Notice) -> Notice:
    """Return what is said of a sensitivity, which everybody sees, with some names replaced."""
    params = {
        name: names.get(value, value) if isinstance(value, str) else value
        for name, value in said.params.items()
    }
    return Notice(said.code, said.severity, params)


# --- names of what went in ---------------------------------------------------------------------

_OF_OTHERS = (Role.MEMBER, Role.STANDARD)
"""What of a shared calibration belongs to a proposal, and is named to those who see it."""


def names_given(runs: Iterable[Run], user: User | None = None) -> dict[int, list[str]]:
    """Return the names of what each of some runs was given, by the run's id.

    A master's run is everybody's: the frames that it was given are named to those who see them.
    """
    names: dict[int, list[str]] = {}
    shared = set()
    for run in runs:
        names[run.id] = []
        if run.proposal_id is None:
            shared.add(run.id)
    query = RunInput.select(RunInput.run, RunInput.name, RunInput.input, RunInput.role)
    query = query.where(RunInput.run.in_(list(names)), RunInput.name != "")
    given = list(query.order_by(RunInput.id).tuples())
    members = {i for run, _, i, role in given if run in shared and role == Role.MEMBER}
    seen = _seen(members, user)
    for run, name, number, role in given:
        if run not in shared or role != Role.MEMBER or number in seen:
            names[run].append(name)
    return names


def names_of(product: File, user: User | None = None) -> list[str]:
    """Return the names of what went into a product.

    The frames of a master, and the spectrum of a sensitivity, are named to those who see them.
    """
    used = ingredients.of(product)
    if product.proposal_id is not None:
        return [ingredient.name for ingredient in used]
    owned = {one.input_id for one in used if one.role in _OF_OTHERS}
    seen = _seen(owned, user)
    return [one.name for one in used if one.role not in _OF_OTHERS or one.input_id in seen]


def _seen(files: Iterable[int | None], user: User | None) -> set[int | None]:
    """Return those of some files that a person sees; staff also those that were deleted."""
    wanted = set(files)
    if user is None or not wanted:
        return set()
    if access.sees_everything(user):
        return wanted
    known = [number for number in wanted if number is not None]
    visible = access.visible_files(user, File.id).where(File.id.in_(known))
    return {number for (number,) in visible.tuples()}
