"""The steps of a frame's pipeline, each told from its products and the runs that make them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from reduction.frames import DataType
from services.runs.lifecycle import LIVE

_URGENT = ("failed", "running", "queued", "waiting", "cancelled")
_TARGET = re.compile(r"_(?:target|ws)_(\d+)")


@dataclass(frozen=True, slots=True)
class Stage:
    """How far one step of a frame's pipeline is.

    `files` are (id, name) of the products of its newest version, a target each; `state` is
    ``done``, that of the run that is to make them, or "" when nothing has asked for it.
    """

    data_type: DataType
    label: str
    state: str = ""
    files: tuple[tuple[int, str], ...] = ()
    versions: int = 0
    run: int | None = None
    words: str = ""
    progress: float = 0.0
    stale: bool = False
    made: dt.datetime | None = None


def of_step(
    data_type: DataType, label: str, made: list[dict[str, Any]], tried: list[dict[str, Any]]
) -> Stage:
    """Return how a step stands: its newest version, or the run that is to make one.

    The furthest behind of several targets decides: `made` are the step's products, `tried` the
    newest run on each target.
    """
    facts: dict[str, Any] = {"data_type": data_type, "label": label}
    served = {product["parent"] for product in made}
    urgent = [run for run in tried if run["state"] in LIVE or run["file"] not in served]
    urgent = [run for run in urgent if run["state"] in _URGENT]
    last = min(urgent, key=lambda run: _URGENT.index(run["state"]), default=None)
    if last is not None:
        facts |= {
            "run": last["id"],
            "words": last["message"] or last["step"],
            "progress": last["progress"],
        }
    if made:
        newest: dict[int, int] = {}
        for product in made:
            run, parent = product["run_id"] or 0, product["parent"]
            newest[parent] = max(run, newest.get(parent, 0))
        shown = sorted(
            (p for p in made if (p["run_id"] or 0) == newest[p["parent"]]),
            key=lambda p: (_target(p), p["id"]),
        )
        facts |= {
            "files": tuple((p["id"], p["file_name"]) for p in shown),
            "versions": len({p["run_id"] for p in made}) - len(newest) + 1,
            "stale": any(p["out_of_date"] for p in shown),
            "made": min(p["created"] for p in made),
        }
    state = last["state"] if last is not None else "done" if made else ""
    return Stage(state=state, **facts)


def _target(product: dict[str, Any]) -> int:
    """Return the number of a product's target; a calibrated spectrum has it in its name."""
    found = _TARGET.search(product["file_name"])
    return int(found[1]) if found else 1


def of_master(found: dict[str, Any] | None, label: str) -> Stage:
    """Return how the master of a series stands: its row, or the run that is to make it."""
    if found is None:
        return Stage(DataType.MASTER, label)
    if "file_name" in found:
        file = ((found["id"], found["file_name"]),)
        return Stage(
            DataType.MASTER,
            label,
            "done",
            file,
            1,
            stale=found["out_of_date"],
            made=found["created"],
        )
    state = "" if found["state"] == "done" else found["state"]
    return Stage(
        DataType.MASTER,
        label,
        state,
        run=found["id"],
        progress=found["progress"],
        words=found["message"] or found["step"],
    )


def under_way(stage: Stage) -> str:
    """Say what a step that has not ended is doing, or waits for."""
    if stage.state == "running":
        return f"{stage.label}: {stage.words or 'starting'}"
    return f"{stage.label}: {stage.words or stage.state}"
