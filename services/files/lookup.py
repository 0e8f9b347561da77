"""One file, found by its id or its name, for a person who may see it."""

from __future__ import annotations

from db.models import File, User
from services import access, request_coalescing
from services.access import Action
from services.errors import Conflict, NotFound
from services.request_coalescing import Moment


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
    files: list[File] = list(named.order_by(File.state, File.id.desc()).limit(100))
    current = [row for row in files if row.state == "current"] or files
    if not current:
        raise NotFound("No such file.")
    if len(current) > 1:
        ids = [row.id for row in current]
        raise Conflict("Several files have this name; use the id.", field="id", detail={"ids": ids})
    return current[0]


def on_show(user: User, file_id: int, when: Moment | None = None) -> File:
    """Return a file that the person may see; requests of one moment share one read of its row.

    Raises
    ------
    NotFound
        Absent, or another's.
    """
    access.require_seen(user, file_id)
    file: File | None = request_coalescing.read(
        when, ("file", file_id), lambda: File.get_or_none(File.id == file_id)
    )
    if file is None:
        raise NotFound("No such file.")
    return file
