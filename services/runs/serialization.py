"""Runs as the API shows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from db.models import File, Proposal, Run
from reduction.registry import all_blocks
from services.calibration.master_selection import LIVE
from services.files import ingredients


def as_dict(run: Run) -> dict[str, Any]:
    """Return a run as the API shows it.

    `file_id` and `file_name` are what it runs on; of a master's run, which is everyone's, they are
    the master, since its frames may be of somebody else's proposal.
    """
    return as_dicts([run])[0]


def as_dicts(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return runs as the API shows them; what they show of other rows takes four queries."""
    names = File.select(File.id, File.file_name, File.run_id).order_by(File.id)
    made: dict[int, list[File]] = {run.id: [] for run in runs}
    for file in names.where(File.run_id.in_(list(made))):
        made[file.run_id].append(file)
    subjects = {file.id: file for file in names.where(File.id.in_({run.file_id for run in runs}))}
    known = Proposal.select(Proposal.id, Proposal.soar_id).where(
        Proposal.id.in_({run.proposal_id for run in runs if run.proposal_id is not None})
    )
    owners = {owner.id: owner.soar_id for owner in known}
    given = ingredients.names_given(runs)
    return [
        _as_dict(
            run, subjects[run.file_id], owners.get(run.proposal_id), made[run.id], given[run.id]
        )
        for run in runs
    ]


def _as_dict(
    run: Run, subject: File, owner: str | None, made: list[File], given: list[str]
) -> dict[str, Any]:
    shown = subject if run.proposal_id is not None else (made[0] if made else None)
    block = all_blocks().get(run.block)
    return {
        "id": run.id,
        "block": run.block,
        "label": block.label if block else run.block,
        "file_id": shown.id if shown else None,
        "file_name": shown.file_name if shown else "",
        "proposal_id": owner,
        "state": run.state,
        "live": run.state in LIVE,
        "automatic": run.automatic,
        "step": run.step,
        "progress": run.progress,
        "message": run.message,
        "settings": run.settings,
        "inputs": given,
        "calibrations": run.calibrations or {},
        "products": [{"id": file.id, "file_name": file.file_name} for file in made],
        "attempt": run.attempt,
        "created": _time(run.created),
        "queued": _time(run.queued),
        "started": _time(run.started),
        "finished": _time(run.finished),
    }


def _time(value: dt.datetime | None) -> str | None:
    return value.isoformat() if value else None


def newest(files: Sequence[File]) -> list[dict[str, Any]]:
    """Return how the newest run of each process on each of some files stands.

    `files` come from a loader that has checked who asks. In their order; of a master it is the run
    that made it. Of a run only what tells how it stands: ``id``, ``block``, ``label``, ``state``,
    ``message``, ``step``, ``progress``.
    """
    own = [file.id for file in files if file.proposal_id is not None]
    made = {file.run_id: file.id for file in files if file.proposal_id is None}
    which = Run.file.in_(own) | Run.id.in_([number for number in made if number is not None])
    query = Run.select(*_STANDING).where(which).order_by(Run.id.desc())
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for number, file_id, block, *how in query.tuples():
        label = all_blocks()[block].label if block in all_blocks() else block
        said = {"id": number, "block": block, "label": label}
        said |= zip(("state", "message", "step", "progress"), how, strict=True)
        found.setdefault((made.get(number, file_id), block), said)
    return [said for file in files for (owner, _), said in found.items() if owner == file.id]


_STANDING = (Run.id, Run.file, Run.block, Run.state, Run.message, Run.step, Run.progress)
