"""The steps of a frame's pipeline: the state of each from its products and runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from db.models import utc_now
from reduction.frames import DataType
from reduction.notices import Notice
from services.notices import load, standing
from services.runs.lifecycle import LIVE, RunState

Columns: TypeAlias = Mapping[str, Any]
"""Columns of a row of the database by their names."""

_BY_URGENCY = (
    RunState.FAILED,
    RunState.RUNNING,
    RunState.QUEUED,
    RunState.WAITING,
    RunState.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Stage:
    """The state of one step of a frame's pipeline.

    Attributes
    ----------
    state : str
        ``done``, the state of the run that is to make the products, or "" when none was requested.
    files : tuple
        Id and name of the products of the newest version, one for each target.
    versions : int
        Number of versions of the products.
    run : int or None
        Id of the run that decides the state.
    notice : Notice or None
        The state of that run.
    progress : float
        Of that run, from 0 to 1.
    out_of_date : bool
        Whether a product was made with a superseded master or other settings.
    provisional : bool
        Whether a better arc may still come for a product.
    made : datetime.datetime or None
        When the first product was made.
    """

    data_type: DataType
    label: str
    state: str = ""
    files: tuple[tuple[int, str], ...] = ()
    versions: int = 0
    run: int | None = None
    notice: Notice | None = None
    progress: float = 0.0
    out_of_date: bool = False
    provisional: bool = False
    made: dt.datetime | None = None


def of_step(
    data_type: DataType,
    label: str,
    products: Sequence[Columns],
    runs: Sequence[Columns],
    parents: Sequence[int],
) -> Stage:
    """Return the state of a step: its newest products, or the run that is to make them.

    With several targets, the one that is furthest behind decides.

    Parameters
    ----------
    data_type : DataType
        Of the products.
    label : str
        Name of the step.
    products : sequence of mapping
        The step's current products.
    runs : sequence of mapping
        The newest run of the step on each of `parents`.
    parents : sequence of int
        Ids of the files that the step processes, in the order of the targets.
    """
    served = {product["parent"] for product in products}
    open_runs = [
        run
        for run in runs
        if run["state"] in _BY_URGENCY and (run["state"] in LIVE or run["file"] not in served)
    ]
    run = min(open_runs, key=lambda run: _BY_URGENCY.index(run["state"]), default=None)
    newest = _newest(products, parents)
    return Stage(
        data_type,
        label,
        state=run["state"] if run is not None else "done" if products else "",
        files=tuple((product["id"], product["file_name"]) for product in newest),
        versions=len({product["run_id"] for product in products}) - max(len(served) - 1, 0),
        run=run["id"] if run is not None else None,
        notice=_standing(label, run) if run is not None else None,
        progress=run["progress"] if run is not None else 0.0,
        out_of_date=any(product["out_of_date"] for product in newest),
        provisional=any(_may_improve(product["provisional_until"]) for product in newest),
        made=min((product["created"] for product in products), default=None),
    )


def _may_improve(until: dt.datetime | None) -> bool:
    return until is not None and until > utc_now()


def _newest(products: Sequence[Columns], parents: Sequence[int]) -> list[Columns]:
    """Return the products of the newest run on each parent, in the order of the targets."""
    runs: dict[int, int] = {}
    for product in products:
        run, parent = product["run_id"] or 0, product["parent"]
        runs[parent] = max(run, runs.get(parent, 0))
    newest = [p for p in products if (p["run_id"] or 0) == runs[p["parent"]]]
    return sorted(
        newest,
        key=lambda p: (parents.index(p["parent"]), p["quality"].get("target", 1), p["id"]),
    )


def of_master(row: Columns | None, label: str) -> Stage:
    """Return the state of the master of a series: the master, or the run that is to make it."""
    if row is None:
        return Stage(DataType.MASTER, label)
    if "file_name" in row:
        return Stage(
            DataType.MASTER,
            label,
            state="done",
            files=((row["id"], row["file_name"]),),
            versions=1,
            out_of_date=row["out_of_date"],
            made=row["created"],
        )
    return Stage(
        DataType.MASTER,
        label,
        state="" if row["state"] == RunState.DONE else row["state"],
        run=row["id"],
        progress=row["progress"],
        notice=_standing(label, row),
    )


def _standing(label: str, run: Columns) -> Notice | None:
    """Return the state of the run of a step."""
    return standing(label, run["state"], run["step"], load(run["notice"]))
