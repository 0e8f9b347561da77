"""How raw frames came in, and which of them shared masters are made of.

A master serves everybody who observed. It is made of frames that came through the instrument's own
folders as their headers say, and of those that staff accepted. A frame that somebody uploaded, or
whose kind somebody changed, waits for staff (`services.calibration.acceptance`).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from db.models import File
from services.context import site


class Origin(StrEnum):
    """How a raw frame came in."""

    WATCHED = "watched"
    UPLOADED = "uploaded"


def of_path(path: Path) -> Origin:
    """Return how a file came in, by the folder that it lies in."""
    uploads = site().uploads_dir.resolve()
    return Origin.UPLOADED if path.is_relative_to(uploads) else Origin.WATCHED


def is_shared(file: File) -> bool:
    """Return whether shared masters may be made of a raw frame."""
    untouched = file.origin == Origin.WATCHED and not file.overrides
    return bool(untouched or file.accepted_by is not None)


def shared() -> Any:
    """Return the condition for raw frames that shared masters may be made of."""
    untouched = (File.origin == Origin.WATCHED) & (File.overrides.cast("TEXT") == "{}")
    return untouched | File.accepted_by.is_null(False)
