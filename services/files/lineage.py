"""Files as people meet them: lists, families, what can be done with one, deleting."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from peewee import fn

from db.models import File, Proposal, Run, User
from reduction.frames import DataType
from reduction.registry import Block, all_blocks
from services import access, request_coalescing
from services.access import Action
from services.calibration import selection
from services.calibration.selection import LIVE, Inputs
from services.errors import AccessDenied, Conflict, NotFound
from services.files import previews, rows
from services.files.contents import HeaderCard, SpectrumData, header, open_path, spectrum
from services.paging import Page, before, n_pages
from services.proposals import proposals
from services.request_coalescing import Moment
from services.search import query as search_query
from services.search.filters import FileFilters
from services.unit_of_work import transaction

__all__ = [
    "ActionState",
    "FileFilters",
    "HeaderCard",
    "Page",
    "SpectrumData",
    "actions",
    "as_dict",
    "counts",
    "counts_by_proposal",
    "deletable",
    "delete",
    "get",
    "header",
    "on_show",
    "open_path",
    "page",
    "preview",
    "related",
    "spectrum",
]

RAW, MASTER = int(DataType.RAW), int(DataType.MASTER)


@dataclass(frozen=True, slots=True)
class ActionState:
    """A process that can be started on a file, or the reason why not now."""

    block: str
    label: str
    enabled: bool
    reason: str = ""


def page(
    user: User,
    filters: FileFilters | None = None,
    ordering: str = "-date",
    page: int = 1,
    page_size: int = 20,
) -> Page:
    """Return one page of the current files that a person sees.

    Raises
    ------
    Unacceptable
        A filter, the ordering or the page makes no sense; names it.
    """
    start = before(page, page_size)
    count, ids = search_query.find(user, filters or FileFilters(), ordering, start, page_size)
    shown = {file.id: file for file in File.select().where(File.id.in_(ids))}
    files = [shown[number] for number in ids if number in shown]
    _attach(files)
    return Page(count, files, page, n_pages(count, page_size))


def _attach(files: Sequence[File]) -> None:
    """Load what `as_dict` shows of other rows in two queries instead of three a file."""
    ids = {i for file in files for i in (file.original_id, file.parent_id) if i is not None}
    names = File.select(File.id, File.file_name).where(File.id.in_(ids))
    relatives = {file.id: file for file in names} if ids else {}
    known = {i for file in files if (i := file.proposal_id) is not None}
    owners = {p.id: p for p in Proposal.select().where(Proposal.id.in_(known))} if known else {}
    for file in files:
        file.original = relatives.get(file.original_id)
        file.parent = relatives.get(file.parent_id)
        file.proposal = owners.get(file.proposal_id)


def get(user: User, file: int | str) -> File:
    """Return a file that the person may see, by id or by name.

    Raises
    ------
    NotFound
        Absent, or another's.
    Conflict
        Several files have the name; the detail lists their ids.
    """
    if isinstance(file, int):
        return access.file_for(user, Action.VIEW, file)
    named = access.visible_files(user).where(File.file_name == file.replace("\x00", ""))
    found = list(named.order_by(File.state, File.id.desc()).limit(100))
    current = [row for row in found if row.state == "current"] or found
    if not current:
        raise NotFound("No such file.")
    if len(current) > 1:
        ids = [row.id for row in current]
        raise Conflict("Several files have this name; use the id.", field="id", detail={"ids": ids})
    return current[0]


def counts(user: User, proposal_id: int | None = None) -> tuple[int, int]:
    """Return how many raw frames (of a proposal) and how many masters a person sees."""
    observed, masters = counts_by_proposal(user)
    if proposal_id is not None:
        return observed.get(proposal_id, 0), masters
    return sum(observed.values()), masters


def counts_by_proposal(user: User) -> tuple[dict[int, int], int]:
    """Return how many raw frames of each proposal, and how many masters, a person sees."""
    seen = access.visible_files(user, File.proposal, fn.COUNT(File.id)).where(
        File.state == "current", File.data_type == RAW
    )
    masters = File.select(File.id).where(File.state == "current", File.data_type == MASTER)
    return dict(seen.group_by(File.proposal).tuples()), masters.count()


def on_show(user: User, file_id: int, when: Moment | None = None) -> File:
    """Return a file that the person may see, for what is shown of it at a moment."""
    access.require_seen(user, file_id)
    file = request_coalescing.read(
        when, ("file", file_id), lambda: File.get_or_none(File.id == file_id)
    )
    if file is None:
        raise NotFound("No such file.")
    return file


_MEMBER = (
    File.id,
    File.file_name,
    File.data_type,
    File.original,
    File.proposal,
    File.run_id,
)
"""What the tabs of a family show; the rest of these rows is not loaded."""


def related(user: User, file: File, when: Moment | None = None) -> list[File]:
    """Return the family of a file's raw frame: the furthest stage first, the raw frame last.

    Of each only what its tab shows is loaded.
    """
    access.require_seen(user, file.id)
    if file.original_id is None:
        return [file]
    family = request_coalescing.read(
        when, ("family", file.original_id), lambda: _family(file.original_id)
    )
    seen = access.sight(user)
    return [member for member in family if access.passes(seen, member)]


def _family(original_id: int) -> list[File]:
    query = File.select(*_MEMBER).where(File.original == original_id, File.state == "current")
    return list(query.order_by(File.data_type.desc(), File.id.desc()))


def actions(user: User, file: File, when: Moment | None = None) -> list[ActionState]:
    """Return the processes that take a file, each with the reason when it can't start now."""
    data_type = DataType(str(file.data_type))
    fitting = [
        block
        for block in all_blocks().values()
        if data_type in block.accepts and file.kind in {str(kind) for kind in block.kinds}
    ]
    may = file.proposal is not None and Action.PROCESS in access.allowed(user, file.proposal)
    states = []
    for block in sorted(fitting, key=lambda b: b.produces):
        reason = "Your role does not allow you to process this file."
        if may:
            key = ("obstacle", block.name, file.id)
            reason = request_coalescing.read(when, key, partial(_obstacle, block, file))
        states.append(ActionState(block.name, block.label, not reason, reason))
    return states


def _obstacle(block: Block, file: File) -> str:
    """Return why nobody can start a process on a file now, "" when it can be."""
    live = Run.select().where(Run.file == file, Run.block == block.name, Run.state.in_(LIVE))
    run = live.order_by(Run.id.desc()).first()
    if run is not None:
        return run.message or f"{block.label} is {run.state}."
    settings = proposals.block_settings(file.proposal, block.name).model_dump(mode="json")
    wish = Run(file=file, block=block.name, settings=settings, automatic=False)
    answer = selection.resolve(wish)
    return "" if isinstance(answer, Inputs) else answer.sentence


def preview(user: User, file_id: int) -> Path | None:
    """Return the folder of an image's pyramid, None while it has not been made."""
    file = access.file_for(user, Action.VIEW, file_id)
    return previews.folder(file) if previews.exists(file) else None


# --- deleting ---------------------------------------------------------------------------------


def _require_delete(user: User, file: File) -> None:
    if file.data_type == RAW:
        raise AccessDenied("Raw files can't be deleted.")
    if file.proposal is None:
        access.require_site(user, Action.DELETE_PRODUCT)
        return
    granted = access.allowed(user, file.proposal)
    run = Run.get_or_none(Run.id == file.run_id)
    own = run is not None and run.user_id == user.id
    if Action.DELETE_PRODUCT not in granted and not (own and Action.DELETE_OWN in granted):
        raise AccessDenied("Your role allows you to delete only what your own runs have made.")


def _with_descendants(file: File) -> list[File]:
    found = [file]
    for parent in found:  # grows while it is walked: the descendants of descendants
        found += list(File.select().where(File.parent == parent.id, File.id != parent.id))
    return found


def deletable(user: User, file: File, when: Moment | None = None) -> list[str]:
    """Return the names of what would be deleted with a file, itself first; [] when it may not."""
    access.require_seen(user, file.id)
    try:
        _require_delete(user, file)
    except AccessDenied:
        return []
    doomed = request_coalescing.read(when, ("doomed", file.id), lambda: _with_descendants(file))
    return [one.file_name for one in doomed]


def delete(user: User, file_id: int) -> list[str]:
    """Delete a product and all that was made of it; return their names.

    Raises
    ------
    AccessDenied
        It is a raw file, or the person's role does not allow it.
    """
    file = access.file_for(user, Action.VIEW, file_id)
    _require_delete(user, file)
    with transaction() as effects:
        doomed = _with_descendants(file)
        for gone in doomed:
            effects.events.append(rows.file_event("file-deleted", gone))
            effects.removed.append(Path(gone.full_path))
        File.delete().where(File.id.in_([gone.id for gone in doomed])).execute()
    for gone in doomed:
        shutil.rmtree(previews.folder(gone), ignore_errors=True)
    return [gone.file_name for gone in doomed]


# --- as the API types a file ------------------------------------------------------------------


def _decimal(number: float | None) -> str | None:
    return None if number is None else str(round(number, 6))


def _identifier(text: str | None) -> int | str | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else text


def _whole(number: float | None) -> int | float | None:
    return int(number) if number is not None and number == int(number) else number


def as_dict(file: File) -> dict[str, Any]:
    """Return a file as the API shows it: types as in the manual, angles being text."""
    path = Path(file.full_path)
    data_type = DataType(str(file.data_type))
    same = (
        "id",
        "file_name",
        "full_path",
        "obstype",
        "object",
        "filter",
        "filter_2",
        "grating",
        "slit",
        "obsra",
        "obsdec",
        "roi",
        "wavmode",
        "normalized",
        "technique",
        "exptime",
        "ra_deg",
        "dec_deg",
        "checksum",
        "size",
        "state",
        "warnings",
        "stale",
        "quality",
        "inputs",
        "kind",
    )
    return {
        **{name: getattr(file, name) for name in same},
        "created": file.created.isoformat(),
        "last_modified": file.last_modified.isoformat(),
        "original_file": file.original.file_name if file.original else None,
        "original_file_id": file.original_id,
        "parent_file": file.parent.file_name if file.parent else None,
        "parent_file_id": file.parent_id,
        "directory_name": str(path.parent),
        "cam_targ": _decimal(file.cam_targ),
        "grt_targ": _decimal(file.grt_targ),
        "gain": _decimal(file.gain),
        "rdnoise": _decimal(file.rdnoise),
        "proposal_id": file.proposal.soar_id if file.proposal else None,
        "observation_id": _identifier(file.observation_id),
        "configuration_id": _identifier(file.configuration_id),
        "block_id": _identifier(file.block_id),
        "image_id": _identifier(file.image_id),
        "date": file.date.isoformat(),
        "date_obs": file.date_obs.isoformat(),
        "night": file.night.isoformat(),
        "data_type": str(data_type),
        "type": data_type.label,
        "saturation_value": _whole(file.saturation_value),
    }
