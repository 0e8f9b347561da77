"""Runs as the API and the pages show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from db.models import File, Proposal, Run, User
from reduction.notices import Notice
from reduction.registry import all_blocks
from services import notices
from services.notices import Stored
from services.runs import member_reports
from services.runs.lifecycle import LIVE


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product of a run."""

    id: int
    file_name: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with its products.

    `file_id` and `file_name` are what it runs on. Of a master's run, which is everyone's, they are
    the master, since its frames may belong to another proposal. `proposal_id` is a SOAR ID.
    `message`, `code`, `severity` and `params` are what it waits for, or why it failed.
    """

    id: int
    block: str
    label: str
    file_id: int | None
    file_name: str
    proposal_id: str | None
    state: str
    live: bool
    automatic: bool
    step: str
    progress: float
    message: str
    code: str | None
    severity: str | None
    params: Mapping[str, Any]
    settings: Mapping[str, Any]
    inputs: Sequence[str]
    calibrations: Mapping[str, int]
    products: tuple[ProductView, ...]
    attempt: int
    created: dt.datetime
    queued: dt.datetime | None
    started: dt.datetime | None
    finished: dt.datetime | None

    def as_dict(self) -> dict[str, Any]:
        """Return the run as JSON: times in ISO format."""
        times = ("created", "queued", "started", "finished")
        values = asdict(self)
        return values | {name: _text(values[name]) for name in times}


def _text(time: dt.datetime | None) -> str | None:
    return time.isoformat() if time else None


def view(run: Run, user: User | None = None) -> RunView:
    """Return a run with its products."""
    return views([run], user)[0]


def views(runs: Sequence[Run], user: User | None = None) -> list[RunView]:
    """Return runs with their products, in their order; the number of queries is fixed.

    The frames of a master's run are named to those who see them (`user`).
    """
    names = File.select(File.id, File.file_name, File.run_id).order_by(File.id)
    products: dict[int, list[File]] = {run.id: [] for run in runs}
    for file in names.where(File.run_id.in_(list(products))):
        products[file.run_id].append(file)
    subjects = {file.id: file for file in names.where(File.id.in_({run.file_id for run in runs}))}
    known = Proposal.select(Proposal.id, Proposal.soar_id).where(
        Proposal.id.in_({run.proposal_id for run in runs if run.proposal_id is not None})
    )
    owners = {owner.id: owner.soar_id for owner in known}
    given = member_reports.names_given(runs, user)
    return [
        _view(
            run, subjects[run.file_id], owners.get(run.proposal_id), products[run.id], given[run.id]
        )
        for run in runs
    ]


def _view(
    run: Run, subject: File, owner: str | None, products: list[File], given: Sequence[str]
) -> RunView:
    shown = subject if run.proposal_id is not None else (products[0] if products else None)
    return RunView(
        id=run.id,
        block=run.block,
        label=label_of(run.block),
        file_id=shown.id if shown else None,
        file_name=shown.file_name if shown else "",
        proposal_id=owner,
        state=run.state,
        live=run.state in LIVE,
        automatic=run.automatic,
        step=run.step,
        progress=run.progress,
        **_reason(run.notice),
        settings=run.settings,
        inputs=given,
        calibrations=run.calibrations or {},
        products=tuple(ProductView(file.id, file.file_name) for file in products),
        attempt=run.attempt,
        created=run.created,
        queued=run.queued,
        started=run.started,
        finished=run.finished,
    )


def _reason(stored: Stored | None) -> dict[str, Any]:
    """Return what a run waits for, or why it failed: sentence, code, severity and parameters."""
    reason = notices.load(stored)
    if reason is None:
        return {"message": "", "code": None, "severity": None, "params": {}}
    return notices.as_dict(reason)


def label_of(block: str) -> str:
    """Return the label of a process block; its name when this release has none of that name."""
    return all_blocks()[block].label if block in all_blocks() else block


@dataclass(frozen=True, slots=True)
class RunStanding:
    """The state of a run: `notice` says what it waits for, or why it failed.

    `progress` is from 0 to 1.
    """

    id: int
    block: str
    label: str
    state: str
    notice: Notice | None
    step: str
    progress: float


def standings(files: Sequence[File]) -> list[RunStanding]:
    """Return the state of the newest run of each process on each of some files, in their order.

    Parameters
    ----------
    files : sequence of File
        From a loader that has checked who asks. Of a master it is the run that made it.
    """
    own = [file.id for file in files if file.proposal_id is not None]
    masters = {file.run_id: file.id for file in files if file.proposal_id is None}
    made = [number for number in masters if number is not None]
    # The run of a sensitivity belongs to the proposal of its standard star.
    which = Run.file.in_(own) | (Run.id.in_(made) & Run.proposal.is_null())
    columns = (Run.id, Run.file, Run.block, Run.state, Run.notice, Run.step, Run.progress)
    newest: dict[tuple[int, str], RunStanding] = {}
    for number, file_id, block, state, reason, *rest in (
        Run.select(*columns).where(which).order_by(Run.id.desc()).tuples()
    ):
        standing = RunStanding(number, block, label_of(block), state, notices.load(reason), *rest)
        newest.setdefault((masters.get(number, file_id), block), standing)
    return [
        standing for file in files for (owner, _), standing in newest.items() if owner == file.id
    ]
