"""Which way a raw frame came in."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from services.context import site


class Origin(StrEnum):
    """How a raw frame came: through the folders of the instrument, or brought by a person."""

    WATCHED = "watched"
    UPLOADED = "uploaded"


def origin_of(path: Path) -> Origin:
    """Return the origin of a frame by the root in which it lies; `path` has no links."""
    uploaded = path.is_relative_to(site().uploads_dir.resolve())
    return Origin.UPLOADED if uploaded else Origin.WATCHED
