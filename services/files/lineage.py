"""Which files were made from which: the family of a raw frame, the descendants of a file."""

from __future__ import annotations

from db.models import File, User
from services import access, request_coalescing
from services.request_coalescing import Moment

_MEMBER = (
    File.id,
    File.file_name,
    File.data_type,
    File.original,
    File.proposal,
    File.run_id,
)
"""The columns of a family's members that are loaded."""


def related(user: User, file: File, when: Moment | None = None) -> list[File]:
    """Return the family of a file's raw frame: the furthest stage first, the raw frame last.

    Only the columns that a tab shows are loaded.

    Raises
    ------
    NotFound
        No such file for this person.
    """
    access.require_seen(user, file.id)
    if file.original_id is None:
        return [file]
    family = request_coalescing.read(
        when, ("family", file.original_id), lambda: _family(file.original_id)
    )
    scope = access.visibility_scope(user)
    return [member for member in family if access.passes(scope, member)]


def _family(original_id: int) -> list[File]:
    query = File.select(*_MEMBER).where(File.original == original_id, File.state == "current")
    return list(query.order_by(File.data_type.desc(), File.id.desc()))


def with_descendants(file: File) -> list[File]:
    """Return a file and everything that was made from it, generation by generation."""
    files = [file]
    generation = [file.id]
    while generation:
        children = list(
            File.select().where(File.parent.in_(generation), File.id.not_in([f.id for f in files]))
        )
        files += children
        generation = [child.id for child in children]
    return files


def ancestors(file: File) -> list[File]:
    """Return a file, what it was made from, and so on, the raw frame last."""
    files = [file]
    while (parent := files[-1].parent) is not None and parent.id != files[-1].id:
        files.append(parent)
    return files
