"""A night as it comes in: what each frame's pipeline has done, does, waits for or refused."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import fn

from db.models import File, Proposal, Run, User, utc_now
from reduction.frames import DataType, FrameKind, night_of
from services import access
from services.calibration import master_selection
from services.night import stages as stages_of
from services.night import trends
from services.night.stages import Stage
from services.night.trends import Point
from services.paging import Page, paginate
from services.runs import scheduling
from services.runs.lifecycle import LIVE

RAW, MASTER = DataType.RAW, DataType.MASTER
NIGHTS_LISTED = 60
LATE = master_selection.FRESH
"""A frame that came this long after its exposure is timed from its arrival."""
SLOW_S = 60.0
"""From the shutter to the last product: more is coloured."""
KINDS = tuple(str(kind) for kind in FrameKind)


@dataclass(frozen=True, slots=True)
class Night:
    """An observing night and how many raw frames of it a person sees."""

    date: dt.date
    frames: int


@dataclass(frozen=True, slots=True)
class Row:
    """One raw frame of a night; `frame` are its columns.

    `seconds` from the shutter's closing to the last product, or from its arrival when it came
    late (`late`). `words` say why it is not further, or what is amiss with what was made; `mood` is
    ``failed``, ``waiting``, ``running``, ``warning`` or "".
    """

    frame: dict[str, Any]
    soar_id: str
    stages: tuple[Stage, ...]
    words: str
    mood: str
    seconds: float | None
    late: bool
    values: dict[str, Point]


def nights(user: User, upto: dt.date | None = None) -> list[Night]:
    """Return the newest nights (not after `upto`) with frames that a person sees."""
    query = access.visible_files(user, File.night, fn.COUNT(File.id)).where(File.data_type == RAW)
    if upto is not None:
        query = query.where(File.night <= upto)
    query = query.group_by(File.night).order_by(File.night.desc()).limit(NIGHTS_LISTED)
    return [Night(night, count) for night, count in query.tuples()]


def latest(user: User) -> dt.date | None:
    """Return the newest night of which a person sees a frame."""
    newest = access.visible_files(user, File.night).where(File.data_type == RAW)
    found: dt.date | None = newest.order_by(File.date_obs.desc()).limit(1).scalar()
    return found


def neighbours(user: User, night: dt.date) -> tuple[dt.date | None, dt.date | None]:
    """Return the nights before and after one, of those that a person sees frames of."""
    seen = access.visible_files(user, File.night).where(File.data_type == RAW)
    before = seen.where(File.night < night).order_by(File.night.desc()).limit(1).scalar()
    after = seen.where(File.night > night).order_by(File.night).limit(1).scalar()
    return before, after


def is_tonight(night: dt.date) -> bool:
    """Tell whether a night is the one that it is now."""
    return night == night_of(utc_now())


_FRAME = (
    *trends.FACTS,
    File.file_name,
    File.obstype,
    File.object,
    File.slit,
    File.filter,
    File.created,
    File.series,
    File.proposal,
    File.warnings,
    File.technique,
    File.night,
)


def counts(user: User, night: dt.date) -> dict[str, int]:
    """Return how many raw frames of a night a person sees, by kind."""
    query = access.visible_files(user, File.kind, fn.COUNT(File.id)).where(
        File.night == night, File.data_type == RAW
    )
    return dict(query.group_by(File.kind).tuples())


def page(user: User, night: dt.date, kind: str = "", page: int = 1, page_size: int = 100) -> Page:
    """Return some of a night's frames, the newest first; `rows` are ids of raw files."""
    query = access.visible_files(user, File.id).where(File.night == night, File.data_type == RAW)
    if kind in KINDS:
        query = query.where(File.kind == kind)
    return paginate(query.order_by(File.date_obs.desc(), File.id.desc()).tuples(), page, page_size)


def rows(user: User, ids: Sequence[int]) -> list[Row]:
    """Return how raw frames stand, the newest first; what a person does not see is left out."""
    raw = access.visible_files(user, *_FRAME).where(File.id.in_(list(ids)), File.data_type == RAW)
    frames = list(raw.order_by(File.date_obs.desc(), File.id.desc()).dicts())
    owners = {frame["proposal"] for frame in frames}
    named = access.visible_proposals(user).where(Proposal.id.in_(owners))
    known = _Known(
        soar_ids={row.id: row.soar_id for row in named},
        products=_products(user, ids),
        runs=_runs(user, ids),
        masters=_masters({frame["series"] for frame in frames if frame["series"]}),
    )
    measured = _measured(
        [product for made in known.products.values() for product in made],
        {frame["id"]: frame for frame in frames},
    )
    return [_row(frame, known, measured.get(frame["id"], {})) for frame in frames]


Runs = dict[tuple[int, str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a page of frames, to be told frame by frame."""

    soar_ids: dict[int, str]
    products: dict[int, list[dict[str, Any]]]
    runs: Runs
    masters: dict[str, Any]


def _products(user: User, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the current products of raw frames, the newest first."""
    columns = (
        *trends.MEASURED,
        File.run_id,
        File.out_of_date,
        File.warnings,
        File.created,
        File.parent,
    )
    query = access.visible_files(user, *columns).where(
        File.original.in_(list(ids)),
        File.data_type >= DataType.REDUCED,
        File.state == "current",
    )
    found = defaultdict(list)
    for product in query.order_by(File.id.desc()).dicts():
        found[product["original"]].append(product)
    return found


def _runs(user: User, ids: Sequence[int]) -> Runs:
    """Return the newest run of each block on each file of the frames' families."""
    columns = (Run.id, Run.file, Run.block, Run.state, Run.message, Run.step, Run.progress)
    query = access.visible_runs(user).select(*columns).join(File, on=(Run.file == File.id))
    query = query.where(File.original.in_(list(ids))).order_by(Run.id)
    return {(run["file"], run["block"]): run for run in query.dicts()}


def _masters(series: Iterable[str]) -> dict[str, Any]:
    """Return of each series its current master, else the run that is to make it."""
    wanted = list(series)
    if not wanted:
        return {}
    columns = (Run.id, Run.state, Run.message, Run.step, Run.progress, File.series)
    runs = (
        Run.select(*columns)
        .join(File, on=(Run.file == File.id))
        .where(File.series.in_(wanted), Run.proposal.is_null())
    )
    found: dict[str, Any] = {run["series"]: run for run in runs.order_by(Run.id).dicts()}
    made = File.select(File.id, File.file_name, File.series, File.out_of_date, File.created).where(
        File.series.in_(wanted), File.data_type == MASTER, File.state == "current"
    )
    return found | {master["series"]: master for master in made.order_by(File.id).dicts()}


def _measured(
    products: Iterable[dict[str, Any]], frames: dict[int, dict[str, Any]]
) -> dict[int, dict[str, Point]]:
    """Return the seeing and the signal of each frame: their limits need no other frame."""
    found: dict[int, dict[str, Point]] = defaultdict(dict)
    for name, points in trends.measure(products, frames).items():
        if name in ("seeing", "snr"):
            for point in points:
                found[point.frame][name] = point
    return found


def _row(frame: dict[str, Any], known: _Known, values: dict[str, Point]) -> Row:
    products = known.products.get(frame["id"], [])
    kind = FrameKind(frame["kind"])
    stages: list[Stage] = []
    parents = [frame["id"]]
    for block in scheduling.chain(kind):
        if block.produces is DataType.MASTER:
            stages.append(stages_of.of_master(known.masters.get(frame["series"]), block.label))
            break
        # Of the newest version of the step before: a target may have a run of its own.
        made = [p for p in products if p["data_type"] == block.produces and p["parent"] in parents]
        asked = ((parent, block.name) for parent in parents)
        tried = [known.runs[key] for key in asked if key in known.runs]
        stages.append(stages_of.of_step(block.produces, block.label, made, tried))
        parents = [number for number, _ in stages[-1].files]
    words, mood = _words(frame, stages, products)
    late = frame["created"] - _closed(frame) > LATE
    soar_id = known.soar_ids.get(frame["proposal"], "")
    return Row(
        frame, soar_id, tuple(stages), words, mood, _seconds(frame, stages, late=late), late, values
    )


def _closed(frame: dict[str, Any]) -> dt.datetime:
    closed: dt.datetime = frame["date_obs"] + dt.timedelta(seconds=frame["exptime"] or 0)
    return closed


def _seconds(frame: dict[str, Any], stages: Sequence[Stage], *, late: bool) -> float | None:
    last = stages[-1] if stages else None
    if last is None or last.made is None or last.data_type is DataType.MASTER:
        return None
    begin = frame["created"] if late else _closed(frame)
    return (last.made - begin).total_seconds()


def _words(
    frame: dict[str, Any], stages: Sequence[Stage], products: list[dict[str, Any]]
) -> tuple[str, str]:
    """Return the sentence of a frame, and its mood: first what is not done, then what is amiss."""
    for stage in stages:
        if stage.state == "failed":
            return f"{stage.label} failed: {stage.words}", "failed"
        if stage.state == "cancelled":
            return f"{stage.label} was cancelled.", "warning"
        if stage.state in LIVE:
            return stages_of.under_way(stage), "waiting" if stage.state == "waiting" else "running"
    unmade = next((stage for stage in stages if stage.state == ""), None)
    if unmade is not None and unmade.data_type is DataType.MASTER:
        return "No master of it yet: fewer frames than any proposal asks for.", ""
    if any(stage.stale for stage in stages):
        return "A better calibration has come since: it can be reduced again.", "warning"
    warnings = products[0]["warnings"] if products else frame["warnings"]
    return (str(warnings[0]), "warning") if warnings else ("", "")


# --- the work ---------------------------------------------------------------------------------


def work(user: User) -> dict[str, Any]:
    """Return how many of a person's runs are due, under way and waiting, and those under way.

    Those of other proposals are not counted either: their number tells what somebody else does.
    """
    live = access.visible_runs(user).where(Run.state.in_(LIVE))
    query = live.select(Run.state, fn.COUNT(Run.id)).group_by(Run.state)
    running = access.visible_runs(user).where(Run.state == "running")
    return {
        "counts": dict.fromkeys(LIVE, 0) | dict(query.tuples()),
        "running": list(running.order_by(Run.started).limit(8)),
    }
