"""How far frames have come, for lists: twenty frames in two queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.models import File, Run, User
from reduction.frames import DataType
from services import access

# What the observer should know first: something failed, then something is under way.
_URGENT = ("failed", "running", "queued", "waiting")


@dataclass(frozen=True, slots=True)
class Glance:
    """The furthest product of a frame (None: only raw), and how its work stands ("" or a state)."""

    file_id: int | None = None
    data_type: DataType | None = None
    state: str = ""


def frames(user: User, raw_ids: Sequence[int]) -> dict[int, Glance]:
    """Return a glance at each of the frames that the person sees.

    The furthest product is that of the last stage, of the newest run, of the first target. A run
    counts when it is the newest of its block on its file: what failed and was then done is done.
    """
    best = _furthest(user, raw_ids)
    states = _states(user, raw_ids)
    seen = {}
    for number in raw_ids:
        if number in best or number in states:
            file_id, data_type = best.get(number, (None, None))
            seen[number] = Glance(file_id, data_type, states.get(number, ""))
    return seen


def _furthest(user: User, raw_ids: Sequence[int]) -> dict[int, tuple[int, DataType]]:
    columns = (File.original, File.data_type, File.run_id, File.id)
    query = access.visible_files(user, *columns).where(
        File.original.in_(list(raw_ids)),
        File.data_type >= int(DataType.REDUCED),
        File.state == "current",
    )
    best: dict[int, tuple[int, int, int]] = {}
    for original, data_type, run_id, file_id in query.tuples():
        rank = (int(data_type), int(run_id or 0), -int(file_id))
        best[original] = max(rank, best.get(original, rank))
    return {original: (-rank[2], DataType(str(rank[0]))) for original, rank in best.items()}


def _states(user: User, raw_ids: Sequence[int]) -> dict[int, str]:
    query = access.visible_runs(user).select(File.original, Run.file, Run.block, Run.state)
    query = query.join(File, on=(Run.file == File.id)).where(
        File.original.in_(list(raw_ids)), Run.proposal.is_null(False)
    )
    newest: dict[tuple[int, int, str], str] = {}
    for original, file_id, block, state in query.order_by(Run.id).tuples():
        newest[original, file_id, block] = state
    found: dict[int, str] = {}
    for (original, _, _), state in newest.items():
        ranks = [_URGENT.index(s) for s in (state, found.get(original, "")) if s in _URGENT]
        if ranks:
            found[original] = _URGENT[min(ranks)]
    return found
