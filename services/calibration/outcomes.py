"""What the search for a run's calibrations can come to."""

from __future__ import annotations

from dataclasses import dataclass, field

from db.models import File
from reduction.registry import CalibrationRole

Found = tuple[File, str | None]
"""A calibration, and a sentence when it is a makeshift."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run is given: rows only, nothing is opened.

    `anchor` is the newest of a master's own series among its `members`.
    """

    members: tuple[File, ...] = ()
    anchor: File | None = None
    given: dict[CalibrationRole, File] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """File names of everything that goes in besides the parent."""
        return [file.file_name for file in (*self.members, *self.given.values())]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something may still come; the sentence says what."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing that comes will help; the sentence says why."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """No calibration, and no reason to wait: go on with a warning."""

    sentence: str
