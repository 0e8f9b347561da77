"""What the search for a run's calibrations can come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db.models import File
from reduction.differences import Difference, Quantity
from reduction.matching import Ranking
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import CalibrationRole

Found = tuple[File, tuple[Difference, ...]]
"""A calibration, and what differs when it is a degraded match."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run is given: rows only, nothing is opened.

    `anchor` is the newest of a master's own series among its `members`.
    """

    members: tuple[File, ...] = ()
    anchor: File | None = None
    given: dict[CalibrationRole, File] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """The run waits; the notice says for what."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Refused:
    """The run cannot be executed, whatever arrives; the notice says why."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Nothing:
    """No calibration, and no reason to wait: go on with a warning."""

    notice: Notice


def degraded(role: CalibrationRole, file_name: str, differences: Sequence[Difference]) -> Notice:
    """Return the notice on a calibration that is used although it does not fully match."""
    return notice(NoticeCode.DEGRADED_MATCH, role=role, file=file_name, differences=differences)


def no_calibration(
    role: CalibrationRole,
    setup: Mapping[Quantity, str | float | None],
    nearest: str | None,
    ranking: Ranking,
) -> Notice:
    """Return the notice that no calibration fits a frame.

    Parameters
    ----------
    role : CalibrationRole
    setup : mapping
        What the calibration has to share with the frame.
    nearest : str or None
        File name of the best of those refused.
    ranking : Ranking
    """
    differences = ranking.nearest.differences if ranking.nearest else ()
    return notice(
        NoticeCode.NO_CALIBRATION,
        role=role,
        setup=dict(setup),
        nearest=nearest,
        differences=differences,
    )
