"""What a block asks for while it is at work, and what it was given: the arcs of each side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from astropy.nddata import CCDData

from db.models import File
from reduction.frames import ArcSide, OfferedArc
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from services.calibration.outcomes import ArcCandidate


class ArcLender:
    """Offer the arcs of a run one after the other; each is opened only when it is tried.

    Parameters
    ----------
    arcs : mapping
        Those of each side, the best first; what cannot be used at all is not offered.
    open_frame : callable
        Opens a reduced arc.
    """

    def __init__(
        self,
        arcs: Mapping[ArcSide, Sequence[ArcCandidate]],
        open_frame: Callable[[File], CCDData],
    ) -> None:
        self._open = open_frame
        self._rest: dict[ArcSide, Iterator[ArcCandidate]] = {
            side: iter([arc for arc in candidates if arc.refused is None])
            for side, candidates in arcs.items()
        }
        self._lent: set[int] = set()

    def __call__(self, side: ArcSide) -> OfferedArc | None:
        """Return the next arc of a side, None when there is no further one."""
        arc = next(self._rest.get(side, iter(())), None)
        if arc is None:
            return None
        self._lent.add(arc.file.id)
        return OfferedArc(arc.file.file_name, partial(self._open, arc.file))

    def refusal(self, _side: ArcSide, arc: ArcCandidate) -> Notice | None:
        """Return that an arc was tried, of a run that failed; None for one that was not."""
        if arc.file.id not in self._lent:
            return None
        return notice(NoticeCode.LAMP_NOT_IDENTIFIED)
