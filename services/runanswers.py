"""Runs as the API shows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from db.models import File, Proposal, Run
from reduction.registry import all_blocks
from services.masterchoice import LIVE


def as_dict(run: Run) -> dict[str, Any]:
    """Return a run as the API shows it.

    `file_id` and `file_name` are what it runs on; of a master's run, which is everyone's, they are
    the master, since its frames may be of somebody else's proposal.
    """
    return as_dicts([run])[0]


def as_dicts(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return runs as the API shows them; what they show of other rows takes three queries."""
    names = File.select(File.id, File.file_name, File.run_id).order_by(File.id)
    made: dict[int, list[File]] = {run.id: [] for run in runs}
    for file in names.where(File.run_id.in_(list(made))):
        made[file.run_id].append(file)
    subjects = {file.id: file for file in names.where(File.id.in_({run.file_id for run in runs}))}
    known = Proposal.select(Proposal.id, Proposal.soar_id).where(
        Proposal.id.in_({run.proposal_id for run in runs if run.proposal_id is not None})
    )
    owners = {owner.id: owner.soar_id for owner in known}
    return [
        _as_dict(run, subjects[run.file_id], owners.get(run.proposal_id), made[run.id])
        for run in runs
    ]


def _as_dict(run: Run, subject: File, owner: str | None, made: list[File]) -> dict[str, Any]:
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
        "inputs": run.inputs,
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
