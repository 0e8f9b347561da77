"""What a run needs besides its frame: the frames of a master, a bias, a flat, an arc.

What counts as fitting is `reduction.matching`; what is there, pending or on its way is known here,
in `services.masterchoice` for masters. A wavelength calibration always waits for an arc: without
one there is nothing to show.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from db.models import File, Proposal, Run, utc_now
from reduction import matching
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, Need, all_blocks
from services import masterchoice, masters
from services.answers import Found, Inputs, Nothing, Refused, Waiting
from services.masterchoice import LIVE, around, so_far, words
from services.masters import IGNORED_BY, RAW
from services.rows import describe

__all__ = ["LIVE", "Inputs", "Refused", "Waiting", "describe", "resolve"]


def resolve(run: Run) -> Inputs | Waiting | Refused:
    """Find what a run needs, say what it waits for, or why it can't be."""
    block = all_blocks().get(run.block)
    if block is None:
        return Refused(f"{run.block} is no process block of this release.")
    members: tuple[File, ...] = ()
    anchor: File | None = None
    if block.produces is DataType.MASTER:
        found = _members(run, block)
        if not isinstance(found, tuple):
            return found
        members = found
        anchor = [member for member in members if member.series == run.file.series][-1]
    given: dict[Need, File] = {}
    notes: list[str] = []
    for need in block.needs:
        if run.settings.get(IGNORED_BY.get(need, ""), False):
            continue
        answer = _FINDERS[need](anchor or run.file)
        if isinstance(answer, Waiting):
            return answer
        if isinstance(answer, Nothing):
            notes.append(answer.sentence)
            continue
        given[need], degraded = answer
        if degraded:
            notes.append(f"{need}: {degraded}")
    return Inputs(members, anchor, given, tuple(notes))


# --- the frames of a master -------------------------------------------------------------------


def _members(run: Run, block: Block) -> tuple[File, ...] | Waiting | Refused:
    series = run.file.series
    minimum = int(run.settings.get("minimum", 1))
    members = masters.pool(series, minimum, masterchoice.at_rest)
    own = [member for member in members if member.series == series]
    if not own:
        return Refused(f"{run.file.file_name} is no frame that a master is made of.")
    what = words(block)
    if len(members) < minimum and not run.automatic:
        return Refused(f"minimum: only {len(members)} of {minimum} frames for a {what}.")
    if len(members) < minimum:
        return Waiting(so_far(what, len(members), minimum))
    if run.automatic and len(own) < minimum and masterchoice.still_coming(own[-1]):
        return Waiting(so_far(what, len(own), minimum))
    newest = max(member.created for member in own)
    if (
        run.automatic
        and masters.master_of(series) is not None
        and utc_now() - newest < masterchoice.SETTLE
    ):
        return Waiting("waiting until the series is complete")
    return tuple(members)


# --- arcs -------------------------------------------------------------------------------------


N_NEAREST = 40
"""Candidates looked at on either side in time: enough to find the best, and to name the nearest."""


def _nearest(query: Any, file: File) -> list[File]:
    """Return the files of a query that were taken next before and next after a file."""
    before = query.where(File.date_obs <= file.date_obs).order_by(File.date_obs.desc())
    after = query.where(File.date_obs > file.date_obs).order_by(File.date_obs)
    return [*before.limit(N_NEAREST), *after.limit(N_NEAREST)]


def _arcs(file: File) -> list[File]:
    """Return the raw arcs that may serve a file: of its own proposal, or of one without a PI.

    Another observer's lamps stay unseen, as everything of a proposal does. Those with the file's
    grating and angles come first; of the others only the nearest, to be named when none fits.
    """
    shared = Proposal.select(Proposal.id).where(Proposal.pi.is_null())
    arcs = File.select().where(
        around(file, FrameKind.ARC, matching.ARC_DAYS),
        File.data_type == RAW,
        (File.proposal == file.proposal_id) | File.proposal.in_(shared),
    )
    likely = arcs.where(File.grating == file.grating, File.filter_2 == file.filter_2)
    for column, angle in ((File.cam_targ, file.cam_targ), (File.grt_targ, file.grt_targ)):
        if angle is not None:
            likely = likely.where(column.between(angle - 0.1, angle + 0.1))
    found = {arc.id: arc for arc in (*_nearest(likely, file), *_nearest(arcs, file))}
    return list(found.values())


def _arc(file: File) -> Found | Waiting | Nothing:
    frame = describe(file)
    arcs = _arcs(file)
    ranking = matching.rank_arcs(frame, [describe(arc) for arc in arcs])
    for match in ranking.matches:
        arc = arcs[match.index]
        reduced = newest_product(arc, DataType.REDUCED)
        if reduced is not None:
            return reduced, match.degraded
        if Run.select().where(Run.file == arc, Run.state.in_(LIVE)).exists():
            return Waiting(f"waiting for the arc lamp {arc.file_name} to be reduced")
    if ranking.best is not None:
        name = arcs[ranking.best.index].file_name
        return Waiting(f"the arc lamp of this setup, {name}, could not be reduced")
    nearest = arcs[ranking.nearest.index].file_name if ranking.nearest else None
    return Waiting(matching.no_arc_sentence(frame, nearest, ranking.nearest))


def newest_product(raw: File, data_type: DataType) -> File | None:
    """Return the newest current product of a type that was made from a raw frame."""
    query = File.select().where(
        File.original == raw, File.data_type == int(data_type), File.state == "current"
    )
    return query.order_by(File.id.desc()).first()


_FINDERS: dict[Need, Callable[[File], Found | Waiting | Nothing]] = {
    Need.MASTER_BIAS: masterchoice.bias_for,
    Need.MASTER_FLAT: masterchoice.flat_for,
    Need.ARC: _arc,
}
