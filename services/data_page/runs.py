"""One run in full, as the Data page shows it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from db.models import File, Run, RunInput, User
from reduction.notices import Notice
from services import access, logs, notices
from services.runs import listing, read_models
from services.runs.read_models import RunStanding
from services.runs.requests import default_settings


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that a run used or made; `id` is None when it was deleted."""

    id: int | None
    file_name: str


@dataclass(frozen=True, slots=True)
class ManualCalibration:
    """A calibration that a person selected for a run."""

    role: str
    file_id: int


@dataclass(frozen=True, slots=True)
class SettingValue:
    """A setting of a run as text; `default` is given where it differs from the value."""

    name: str
    value: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class RunDetail:
    """One run in full; `requested_by` is None for an automatic run."""

    standing: RunStanding
    attempt: int
    requested_by: str | None
    file: NamedFile
    created: dt.datetime
    started: dt.datetime | None
    finished: dt.datetime | None
    inputs: tuple[NamedFile, ...]
    outputs: tuple[NamedFile, ...]
    manual_calibrations: tuple[ManualCalibration, ...]
    messages: tuple[Notice, ...]
    settings: tuple[SettingValue, ...]


def read(user: User, run_id: int) -> RunDetail:
    """Return one run in full.

    Raises
    ------
    NotFound
        No such run for this person.
    """
    run = listing.get(user, run_id)
    shown = read_models.view(run, user)
    return RunDetail(
        standing=RunStanding(
            id=run.id,
            block=run.block,
            label=shown.label,
            state=run.state,
            notice=notices.load(run.notice),
            step=run.step,
            progress=run.progress,
        ),
        attempt=run.attempt,
        requested_by=_requested_by(user, run),
        file=NamedFile(shown.file_id, shown.file_name),
        created=run.created,
        started=run.started,
        finished=run.finished,
        inputs=_inputs(user, run),
        outputs=tuple(NamedFile(file.id, file.file_name) for file in shown.products),
        manual_calibrations=tuple(
            ManualCalibration(role, file_id) for role, file_id in (run.calibrations or {}).items()
        ),
        messages=tuple(Notice.from_json(entry.notice) for entry in logs.of_run(user, run.id)),
        settings=_settings(run),
    )


def _requested_by(user: User, run: Run) -> str | None:
    """Return who requested a run; of a master's run, which everybody sees, only to staff."""
    is_told = run.proposal_id is not None or access.sees_everything(user) or run.user_id == user.id
    return run.user.full_name if run.user is not None and is_told else None


def _inputs(user: User, run: Run) -> tuple[NamedFile, ...]:
    query = RunInput.select(RunInput.input, RunInput.name).where(
        RunInput.run == run, RunInput.name != ""
    )
    if run.proposal_id is None and not access.sees_everything(user):
        query = query.where(RunInput.input.in_(access.visible_files(user, File.id)))
    return tuple(NamedFile(*values) for values in query.order_by(RunInput.id).tuples())


def _settings(run: Run) -> tuple[SettingValue, ...]:
    defaults = default_settings(run)
    return tuple(
        SettingValue(
            name,
            _text(value),
            _text(defaults[name]) if name in defaults and defaults[name] != value else None,
        )
        for name, value in run.settings.items()
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
