"""Deduplication of requests: one run answers all that ask for the same."""

from __future__ import annotations

from db.models import File, Run
from reduction.frames import DataType
from reduction.registry import Block
from services.runs.lifecycle import LIVE


def same_live(wanted: Run, block: Block, priority: int) -> Run | None:
    """Return the live run that does what a draft asks for, and raise its priority.

    Called inside the transaction that would otherwise write the draft.

    Parameters
    ----------
    wanted : Run
        The draft. Two runs are the same if file, settings and manual calibrations are; two runs
        of a master if the series is the same.
    block : Block
        Its block.
    priority : int
        What the live run has at least, afterwards.

    Returns
    -------
    Run or None
        None when there is no such run.
    """
    # Two requests at the same moment: PostgreSQL lets the second wait here for the first.
    file = wanted.file
    File.update(id=file.id).where(File.id == file.id).execute()
    live = Run.select(Run, File).join(File).where(Run.block == block.name, Run.state.in_(LIVE))
    if block.produces is DataType.MASTER and file.series:
        live = live.where(File.series == file.series)
    else:
        live = live.where(Run.file == file)
    for run in live.order_by(Run.id):
        if (run.settings, run.calibrations) == (wanted.settings, wanted.calibrations):
            if run.priority < priority:
                run.priority = priority
                run.save(only=[Run.priority])
            return run
    return None
