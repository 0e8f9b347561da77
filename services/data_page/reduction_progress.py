"""How far raw frames have been reduced, for lists: any number of frames in two queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.models import File, Run, User
from reduction.frames import DataType
from services import access
from services.runs.lifecycle import RunState

# The most urgent first: a failure, then work in progress.
_URGENT = (RunState.FAILED, RunState.RUNNING, RunState.QUEUED, RunState.WAITING)


@dataclass(frozen=True, slots=True)
class Progress:
    """The furthest product of a frame (None without one), and the state of its work ("": none)."""

    file_id: int | None = None
    data_type: DataType | None = None
    state: str = ""


def frames(user: User, raw_ids: Sequence[int]) -> dict[int, Progress]:
    """Return the progress of each frame that the person sees and that has a product or a run.

    The furthest product is that of the last stage, of the newest run, of the first target. Of the
    runs of a block on a file only the newest counts: a failure that was repeated with success is
    no failure.
    """
    best = _furthest(user, raw_ids)
    states = _states(user, raw_ids)
    progress = {}
    for raw_id in raw_ids:
        if raw_id in best or raw_id in states:
            file_id, data_type = best.get(raw_id, (None, None))
            progress[raw_id] = Progress(file_id, data_type, states.get(raw_id, ""))
    return progress


def _furthest(user: User, raw_ids: Sequence[int]) -> dict[int, tuple[int, DataType]]:
    columns = (File.original, File.data_type, File.run_id, File.id)
    query = access.visible_files(user, *columns).where(
        File.original.in_(list(raw_ids)),
        File.data_type.between(DataType.REDUCED, DataType.FLUX),
        File.state == "current",
    )
    best: dict[int, tuple[int, int, int]] = {}
    for original, data_type, run_id, file_id in query.tuples():
        rank = (int(data_type), int(run_id or 0), -int(file_id))
        best[original] = max(rank, best.get(original, rank))
    return {original: (-rank[2], DataType(rank[0])) for original, rank in best.items()}


def _states(user: User, raw_ids: Sequence[int]) -> dict[int, str]:
    query = access.visible_runs(user).select(File.original, Run.file, Run.block, Run.state)
    query = query.join(File, on=(Run.file == File.id)).where(
        File.original.in_(list(raw_ids)),
        Run.proposal.is_null(False),
        # What should have replaced a product and failed has changed nothing.
        Run.replaces.is_null() | (Run.state != RunState.FAILED),
    )
    newest: dict[tuple[int, int, str], str] = {}
    for original, file_id, block, state in query.order_by(Run.id).tuples():
        newest[original, file_id, block] = state
    states: dict[int, str] = {}
    for (original, _, _), state in newest.items():
        ranks = [_URGENT.index(s) for s in (state, states.get(original, "")) if s in _URGENT]
        if ranks:
            states[original] = _URGENT[min(ranks)]
    return states
