"""Calibrations that a person chose for a run, and what could be chosen: the nearest, ranked.

What differs in a way that no person can overrule (`reduction.matching.Match.impossible`) is
refused here; all else is done, and the product says what differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from db.models import File, Run
from reduction import matching
from reduction.frames import DataType, FrameKind
from reduction.matching import Match
from reduction.registry import Block, Need, blocks_for
from services.calibration import arc_selection, master_selection, masters
from services.calibration.masters import MASTER, RAW
from services.calibration.outcomes import Inputs, Refused, Waiting
from services.errors import Unacceptable
from services.files.rows import describe

ALTHOUGH = "was chosen by hand although it differs"
KINDS = {
    Need.MASTER_BIAS: FrameKind.BIAS,
    Need.MASTER_FLAT: FrameKind.FLAT,
    Need.ARC: FrameKind.ARC,
}
"""What a person can choose, and the kind of frame that it is."""
_RANKS = {
    Need.MASTER_BIAS: matching.rank_bias,
    Need.MASTER_FLAT: matching.rank_flats,
    Need.ARC: matching.rank_arcs,
}
REACH_DAYS = 90.0
"""Masters further away in time are not offered."""
MOST_LOOKED_AT = 300
MOST_OFFERED = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    """A calibration that could serve a frame.

    `fits` tells that nobody has to ask for it; `obstacle` why it can't be used even on request.
    """

    file: File
    differences: tuple[str, ...]
    fits: bool
    obstacle: str = ""


def candidates(file: File, need: Need) -> list[Candidate]:
    """Return the calibrations nearest to a frame, those that fit first."""
    found = _around(file, need)
    ranking = _RANKS[need](describe(file), [describe(one) for one in found])
    ranked = (*ranking.matches, *ranking.refused)[:MOST_OFFERED]
    judged = [_candidate(file, need, found[match.index], match) for match in ranked]
    return sorted(judged, key=lambda one: (bool(one.obstacle), not one.fits))


def _candidate(file: File, need: Need, one: File, match: Match) -> Candidate:
    few = _few(file, need, one)
    refused = (match.degraded is None and bool(match.differences)) or bool(few)
    obstacle = ""
    if match.impossible:
        obstacle = f"it can't be used: {', '.join(match.impossible)}"
    elif need is Need.ARC and arc_selection.reduced_of(one) is None:
        obstacle = "it could not be reduced"
    return Candidate(one, (*match.differences, *few), not refused, obstacle)


def _few(file: File, need: Need, one: File) -> tuple[str, ...]:
    """Say that a master was made of fewer frames than the frame's proposal asks for."""
    if need is Need.ARC:
        return ()
    minimum = masters.minimum_for(file, _maker(need))
    frames = one.n_combined or 0
    return () if frames >= minimum else (f"{frames} frames instead of {minimum}",)


def _maker(need: Need) -> Block:
    return blocks_for(DataType.RAW, KINDS[need])[0]


def _around(file: File, need: Need) -> list[File]:
    if need is Need.ARC:
        return arc_selection.candidates(file)
    near = master_selection.around(file, KINDS[need], REACH_DAYS) & (File.data_type == MASTER)
    newest = File.select().where(near).order_by(File.date_obs.desc()).limit(MOST_LOOKED_AT)
    return list(newest)


def checked(block: Block, wanted: Mapping[str, int]) -> dict[str, int]:
    """Return what a person chose as a run keeps it; names are those of `Need`, _ for a space.

    Raises
    ------
    Unacceptable
        The process has no such need.
    """
    known = {need.replace(" ", "_"): need for need in block.needs if need in KINDS}
    for name in wanted:
        if name.replace(" ", "_") not in known:
            raise Unacceptable(
                f"{block.label} takes no {name[:40].replace('_', ' ')}.", field="calibrations"
            )
    return {str(known[name.replace(" ", "_")]): int(number) for name, number in wanted.items()}


def given(run: Run, need: Need, file: File) -> Inputs | Refused | Waiting:
    """Return the calibration that was chosen for a run, with the notice its product will carry."""
    number = (run.calibrations or {})[need]
    wanted = File.select().where(File.id == number, File.kind == str(KINDS[need]))
    wanted = wanted.where(File.data_type == (RAW if need is Need.ARC else MASTER))
    if need is Need.ARC:
        wanted = wanted.where(File.id.in_(arc_selection.visible(file, days=None).select(File.id)))
    one = wanted.first()
    if one is None:
        return Refused(f"the {need} that was chosen is not there, or is none of its kind")
    ranking = _RANKS[need](describe(file), [describe(one)])
    candidate = _candidate(file, need, one, (*ranking.matches, *ranking.refused)[0])
    if candidate.obstacle:
        return Refused(f"{need} {one.file_name}: {candidate.obstacle}")
    note = f"{need}: {one.file_name} was chosen by hand"
    if candidate.differences:
        note = f"{need}: {one.file_name} {ALTHOUGH}: {', '.join(candidate.differences)}"
    if need is not Need.ARC:
        return Inputs(given={need: one}, notes=(note,))
    reduced = arc_selection.reduced_of(one)
    if isinstance(reduced, Waiting):
        return reduced
    assert reduced is not None  # else it had an obstacle
    return Inputs(given={need: reduced}, notes=(note,))
