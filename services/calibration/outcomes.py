"""What the search for a run's calibrations can come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from db.models import File
from reduction.differences import Difference, Quantity
from reduction.frames import ArcSide, TriedArc
from reduction.matching import Ranking
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import CalibrationRole
from reduction.slits import ZeroPointEvidence

Found = tuple[File, tuple[Difference, ...]]
"""A calibration, and what differs when it is a degraded match."""


@dataclass(frozen=True, slots=True)
class ArcCandidate:
    """An arc that may be used: its reduced frame, or the raw one if that could not be reduced.

    `raw` is the raw frame; `differences` is what differs when it is a degraded match; `refused` is
    why it cannot be used at all.
    """

    file: File
    raw: File
    differences: tuple[Difference, ...] = ()
    refused: Notice | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run is given: rows only, nothing is opened.

    `anchor` is the newest of a master's own series among its `members`. `arcs` are the arcs of each
    side in the order in which they are tried; `given` has the best of them. `zero_points` are what
    other spectra say of the offset of arc and spectrum, `siblings` those of the same night.
    `is_coming`: a better arc is being reduced. `site_library` are sensitivities of earlier nights,
    the nearest first.
    """

    members: tuple[File, ...] = ()
    anchor: File | None = None
    given: dict[CalibrationRole, File] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    arcs: Mapping[ArcSide, tuple[ArcCandidate, ...]] = field(default_factory=dict)
    is_coming: bool = False
    zero_points: tuple[ZeroPointEvidence, ...] = ()
    siblings: tuple[File, ...] = ()
    site_library: tuple[File, ...] = ()

    def with_more(self, other: Inputs) -> Inputs:
        """Return these inputs with those of another role."""
        return replace(
            self,
            given=self.given | other.given,
            notices=(*self.notices, *other.notices),
            arcs=other.arcs or self.arcs,
            is_coming=self.is_coming or other.is_coming,
            site_library=other.site_library or self.site_library,
        )

    def walk(self, refusal: Refusal) -> list[tuple[ArcSide, ArcCandidate, Notice | None]]:
        """Return the arcs that are tried, with the reason where one is not used.

        Parameters
        ----------
        refusal : callable
            Side and arc → why it is not used, None when it is.
        """
        tried: list[tuple[ArcSide, ArcCandidate, Notice | None]] = []
        for side in ArcSide:
            if side is ArcSide.OTHER and any(reason is None for _, _, reason in tried):
                break
            for arc in self.arcs.get(side, ()):
                reason = arc.refused or refusal(side, arc)
                tried.append((side, arc, reason))
                if reason is None:
                    break
        return tried


Refusal = Callable[[ArcSide, ArcCandidate], Notice | None]


def none_refused(_side: ArcSide, _arc: ArcCandidate) -> Notice | None:
    """Refuse no arc."""
    return None


def as_tried(tried: Sequence[TriedArc]) -> Refusal:
    """Return what came of arcs that were offered in their order."""
    outcomes = {side: [one.refused for one in tried if one.side is side] for side in ArcSide}

    def refusal(side: ArcSide, _arc: ArcCandidate) -> Notice | None:
        return outcomes[side].pop(0) if outcomes[side] else None

    return refusal


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
