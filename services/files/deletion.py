"""Deleting a product, with everything that was made from it."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from db.models import File, Run, User
from reduction.frames import DataType
from services import access, request_coalescing
from services.access import Action
from services.calibration.recalibration import consideration, users
from services.errors import AccessDenied
from services.files import rows
from services.files.lineage import with_descendants
from services.files.visualization import previews
from services.request_coalescing import Moment
from services.unit_of_work import transaction


def _require_delete(user: User, file: File) -> None:
    if file.data_type == DataType.RAW:
        raise AccessDenied("Raw files can't be deleted.")
    if file.proposal is None:
        access.require_site(user, Action.DELETE_PRODUCT)
        return
    granted = access.allowed(user, file.proposal)
    run = Run.get_or_none(Run.id == file.run_id)
    own = run is not None and run.user_id == user.id
    if Action.DELETE_PRODUCT not in granted and not (own and Action.DELETE_OWN in granted):
        raise AccessDenied("Your role allows you to delete only what your own runs have made.")


def deletable(user: User, file: File, when: Moment | None = None) -> list[str]:
    """Return the names of the files that would be deleted with a file, itself first.

    Empty when the person may not delete it.
    """
    access.require_seen(user, file.id)
    try:
        _require_delete(user, file)
    except AccessDenied:
        return []
    files = request_coalescing.read(when, ("descendants", file.id), lambda: with_descendants(file))
    return [descendant.file_name for descendant in files]


def delete(user: User, file_id: int) -> list[str]:
    """Delete a product and everything that was made from it; return their names.

    Raises
    ------
    AccessDenied
        It is a raw file, or the person's role does not allow it.
    NotFound
        No such file for this person.
    """
    file = access.file_for(user, Action.VIEW, file_id)
    _require_delete(user, file)
    with transaction() as work:
        deleted = with_descendants(file)
        work.after.append(partial(consideration.recheck_ids, users.of_any_version(deleted)))
        for product in deleted:
            work.events.append(rows.file_event("file-deleted", product))
            work.removed.append(Path(product.full_path))
        File.delete().where(File.id.in_([product.id for product in deleted])).execute()
    for product in deleted:
        shutil.rmtree(previews.folder(product), ignore_errors=True)
    return [product.file_name for product in deleted]
