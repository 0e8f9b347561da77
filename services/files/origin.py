"""How raw frames came in, and which of them shared calibrations are made of.

A master serves everybody who observed. It is made of frames that came through the instrument's own
folders as their headers say, and of those that staff accepted. A frame that somebody uploaded, or
whose kind somebody changed, waits for staff (`services.calibration.acceptance`).

A sensitivity is shared if the standard star's frame is such a frame and every step from it was
automatic, or requested by staff. What a person made with choices of their own (another arc, another
aperture, another star) belongs to the proposal of the frame, and serves nobody else.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from db.models import File, Run, User
from services import access
from services.access import Action
from services.context import site
from services.files import lineage


class Origin(StrEnum):
    """How a raw frame came in."""

    WATCHED = "watched"
    UPLOADED = "uploaded"


def of_path(path: Path) -> Origin:
    """Return how a file came in, by the folder that it lies in."""
    uploads = site().uploads_dir.resolve()
    return Origin.UPLOADED if path.is_relative_to(uploads) else Origin.WATCHED


def is_shared(file: File) -> bool:
    """Return whether shared calibrations may be made of a raw frame."""
    untouched = file.origin == Origin.WATCHED and not file.overrides
    return bool(untouched or file.accepted_by is not None)


def shared() -> Any:
    """Return the condition for raw frames that shared calibrations may be made of."""
    untouched = (File.origin == Origin.WATCHED) & (File.overrides.cast("TEXT") == "{}")
    return untouched | File.accepted_by.is_null(False)


def serves_everybody(spectrum: File) -> bool:
    """Return whether a product may become a shared calibration.

    Its raw frame may, and no person has chosen how it was made, apart from staff.
    """
    raw = spectrum.original
    if raw is None or not is_shared(raw):
        return False
    *made, first = lineage.ancestors(spectrum)
    runs = {run.id: run for run in Run.select().where(Run.id.in_([one.run_id for one in made]))}
    trusted = [one.run_id in runs and is_trusted(runs[one.run_id]) for one in made]
    return bool(first.id == raw.id) and all(trusted)


def is_trusted(run: Run) -> bool:
    """Return whether a run was automatic, or requested by a member of the staff."""
    user: User | None = run.user
    return bool(run.automatic) or (user is not None and access.may(user, Action.ACCEPT))
