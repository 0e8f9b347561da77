"""The same asked for twice: one run answers both."""

from __future__ import annotations

from db.models import File, Run
from reduction.frames import DataType
from reduction.registry import Block

LIVE = ("waiting", "queued", "running")


def same_live(wish: Run, block: Block, priority: int) -> Run | None:
    """Return the run that does what `wish` asks for, given at least this priority; None without.

    Called inside the transaction that would else make one. A master is the same when it is of the
    same series.
    """
    # Two requests at the same moment: PostgreSQL lets the second wait here for the first.
    file = wish.file
    File.update(id=file.id).where(File.id == file.id).execute()
    live = Run.select(Run, File).join(File).where(Run.block == block.name, Run.state.in_(LIVE))
    if block.produces is DataType.MASTER and file.series:
        live = live.where(File.series == file.series)
    else:
        live = live.where(Run.file == file)
    for run in live.order_by(Run.id):
        if (run.settings, run.calibrations) == (wish.settings, wish.calibrations):
            if run.priority < priority:
                run.priority = priority
                run.save(only=[Run.priority])
            return run
    return None
