"""Which products other files went into: of other bytes of them, or at all."""

from __future__ import annotations

from collections.abc import Iterable

from db.models import File, Ingredient
from services.files.ingredients import Role


def children(file: File) -> list[File]:
    """Return the products of a file that were made of other bytes of it."""
    children = File.select().where(
        File.parent == file,
        File.id != file.id,
        File.state == "current",
        File.parent_version.not_in(["", file.checksum]),
    )
    return list(children)


def of_other_versions(file: File) -> list[File]:
    """Return the products that another version of a file went into.

    Borrowed traces and site libraries are compared where one of these comes.
    """
    users = Ingredient.select(Ingredient.product).where(
        Ingredient.input == file,
        Ingredient.role.not_in([Role.TRACE, Role.SITE_LIBRARY]),
        Ingredient.version.not_in(["", file.checksum]),
    )
    return list(File.select().where(File.id.in_(users), File.state == "current"))


def of_any_version(files: Iterable[File]) -> list[int]:
    """Return the ids of the products that some files went into, or were refused for."""
    ids = [file.id for file in files]
    users = Ingredient.select(Ingredient.product).where(Ingredient.input.in_(ids))
    return [number for (number,) in users.distinct().tuples()]
