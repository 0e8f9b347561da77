"""The file on show: its family, runs, possible actions and comments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from db.models import File, User
from reduction.frames import DataType
from reduction.notices import Notice
from services import access, notices, request_coalescing
from services.calibration import acceptance
from services.data_page import reduction_progress
from services.files import actions, comments, deletion, file_list, lineage, lookup
from services.files.actions import ActionState
from services.request_coalescing import Moment
from services.runs.read_models import RunStanding, standings
from services.search.filters import FileFilters


class Part(StrEnum):
    """What is read in addition to the file itself and its family."""

    RUNS = "runs"
    ACTIONS = "actions"
    COMMENTS = "comments"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number or a word that the pipeline measured; the name ends in its unit."""

    name: str
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ShownFile:
    """The file on show; its notices are in the order of their severity."""

    id: int
    file_name: str
    checksum: str
    data_type: DataType
    measurements: tuple[Measurement, ...]
    notices: tuple[Notice, ...]
    last_modified: dt.datetime


@dataclass(frozen=True, slots=True)
class FamilyMember:
    """A file made from the same raw frame, or the frame itself."""

    id: int
    file_name: str
    data_type: DataType


@dataclass(frozen=True, slots=True)
class AdvancedTarget:
    """The image of Advanced Visualization, and the spectrum whose windows it opens with."""

    image_id: int
    spectrum_id: int | None = None


@dataclass(frozen=True, slots=True)
class FileActions:
    """What can be done with a file; `accept` is to use it for shared calibrations.

    `deleted` are the names of the files that are deleted with it, the file itself first; empty when
    the person may not delete it.
    """

    advanced: AdvancedTarget | None
    blocks: tuple[ActionState, ...]
    deleted: tuple[str, ...]
    accept: bool = False


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment on a file."""

    id: int
    author: str
    created: dt.datetime
    text: str
    may_delete: bool


@dataclass(frozen=True, slots=True)
class FileView:
    """A file with its family, the furthest stage first; parts that were not asked for are empty."""

    file: ShownFile
    raw_name: str
    family: tuple[FamilyMember, ...]
    runs: tuple[RunStanding, ...] = ()
    actions: FileActions | None = None
    comments: tuple[CommentView, ...] = ()


def find(user: User, key: int | str | None, soar_id: str = "") -> int | None:
    """Return the id of a file given by id or name.

    Parameters
    ----------
    user : User
        Who asks.
    key : int or str or None
        None for the furthest product of the newest raw frame.
    soar_id : str
        The proposal of the newest frame, "" for all that the person sees.

    Returns
    -------
    int or None
        None when there is no frame yet.

    Raises
    ------
    NotFound
        No such file for this person.
    Conflict
        Several files have the name; the detail lists their ids.
    """
    file = _find(user, key, soar_id)
    return int(file.id) if file is not None else None


def _find(user: User, key: int | str | None, soar_id: str) -> File | None:
    if key is not None:
        return lookup.get(user, key)
    values = {"data_type": str(DataType.RAW)} | ({"proposal_id": soar_id} if soar_id else {})
    newest = file_list.page(user, FileFilters.model_validate(values), "-date", 1, 1).rows
    if not newest:
        return None
    raw_id: int = newest[0].id  # a row of a list has not all columns
    progress = reduction_progress.frames(user, [raw_id]).get(raw_id)
    return lookup.get(user, progress.file_id if progress and progress.file_id else raw_id)


def shown(user: User, key: int | str) -> ShownFile:
    """Return a file given by id or name.

    Raises
    ------
    NotFound, Conflict
        As for `find`.
    """
    return _shown(lookup.get(user, key))


def read_address(
    user: User, key: int | str | None, soar_id: str, parts: Collection[Part]
) -> FileView | None:
    """Return a file given as for `find`, with its family and the given parts.

    Raises
    ------
    NotFound, Conflict
        As for `find`.
    """
    file = _find(user, key, soar_id)
    return _view(user, file, parts, None) if file is not None else None


def read(
    user: User, file_id: int, parts: Collection[Part] = (), when: Moment | None = None
) -> FileView:
    """Return a file with its family and the given parts.

    Raises
    ------
    NotFound
        No such file for this person.
    """
    return _view(user, lookup.on_show(user, file_id, when), parts, when)


def _view(user: User, file: File, parts: Collection[Part], when: Moment | None) -> FileView:
    family = lineage.related(user, file, when)
    if all(member.id != file.id for member in family):
        family = [*family, file]
    raw = next((member for member in family if member.id == file.original_id), file)
    return FileView(
        file=_shown(file),
        raw_name=raw.file_name,
        family=tuple(
            FamilyMember(member.id, member.file_name, DataType(member.data_type))
            for member in family
        ),
        runs=_runs(family, when) if Part.RUNS in parts or Part.ACTIONS in parts else (),
        actions=_actions(user, file, when) if Part.ACTIONS in parts else None,
        comments=_comments(user, file.id, when) if Part.COMMENTS in parts else (),
    )


def _shown(file: File) -> ShownFile:
    measured = dict(file.quality or {})
    return ShownFile(
        id=file.id,
        file_name=file.file_name,
        checksum=file.checksum,
        data_type=DataType(file.data_type),
        measurements=tuple(
            Measurement(name, value)
            for name, value in measured.items()
            if not isinstance(value, list | dict)
        ),
        notices=tuple(notices.gravest_first(file.notices)),
        last_modified=file.last_modified,
    )


def _runs(family: Sequence[File], when: Moment | None) -> tuple[RunStanding, ...]:
    ids = tuple(member.id for member in family)
    return request_coalescing.read(when, ("runs", ids), lambda: tuple(standings(family)))


def _actions(user: User, file: File, when: Moment | None) -> FileActions:
    advanced = request_coalescing.read(when, ("advanced", file.id), lambda: _advanced(file))
    return FileActions(
        advanced=advanced,
        blocks=tuple(actions.of_file(user, file, when)),
        deleted=tuple(deletion.deletable(user, file, when)),
        accept=acceptance.can_accept(user, file),
    )


def _advanced(file: File) -> AdvancedTarget | None:
    """Return the image that shows a file: itself, or the image that it was extracted from."""
    if DataType(file.data_type) in (DataType.RAW, DataType.MASTER, DataType.REDUCED):
        return AdvancedTarget(file.id)
    spectrum: File | None = file
    while spectrum is not None and DataType(spectrum.data_type) > DataType.EXTRACTED:
        spectrum = spectrum.parent
    if spectrum is None or spectrum.parent_id is None:
        return None
    return AdvancedTarget(int(spectrum.parent_id), int(spectrum.id))


def _comments(user: User, file_id: int, when: Moment | None) -> tuple[CommentView, ...]:
    moderates = access.sees_everything(user)
    return tuple(
        CommentView(
            id=comment.id,
            author=comment.user.full_name,
            created=comment.created,
            text=comment.text,
            may_delete=moderates or comment.user_id == user.id,
        )
        for comment in comments.listing(user, file_id, when)
    )
