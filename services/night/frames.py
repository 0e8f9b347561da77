"""The rows of a night: for each raw frame the state of its pipeline and its measurements."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from db.models import File, Proposal, Run, User
from reduction.frames import DataType, FrameKind
from reduction.notice_codes import NoticeCode, Severity
from reduction.notices import Notice, notice
from services import access, notices
from services.calibration import master_selection
from services.night import stages as stages_of
from services.night import trends
from services.night.points import Point
from services.night.stages import Stage
from services.runs import scheduling
from services.runs.lifecycle import RunState

RAW, MASTER = DataType.RAW, DataType.MASTER
LATE = master_selection.FRESH
"""A frame that arrived this long after its exposure is timed from its arrival."""
SLOW_S = 60.0
"""Seconds from the end of the exposure to the last product; a longer time is marked."""

RowState: TypeAlias = Literal["failed", "waiting", "running", "warning", ""]

_COLUMNS = (
    *trends.FACTS,
    File.file_name,
    File.obstype,
    File.object,
    File.slit,
    File.filter,
    File.created,
    File.series,
    File.proposal,
    File.notices,
    File.technique,
    File.night,
)


@dataclass(frozen=True, slots=True)
class NightFrame:
    """A raw frame: its name and its setup. `exptime` is in seconds, `date_obs` in UTC."""

    id: int
    file_name: str
    soar_id: str
    night: dt.date
    date_obs: dt.datetime
    exptime: float | None
    kind: FrameKind
    obstype: str
    object: str
    technique: str
    grating: str
    slit: str
    filter: str


@dataclass(frozen=True, slots=True)
class NightRow:
    """A raw frame of a night with its pipeline.

    Attributes
    ----------
    stages : tuple of Stage
        The steps of the pipeline in their order.
    notice : Notice or None
        Why the pipeline is not complete, or the gravest notice of the products.
    state : str
        ``failed``, ``waiting``, ``running``, ``warning`` or "".
    seconds : float or None
        From the end of the exposure to the last product; from the arrival when `late`.
    late : bool
        Whether the frame arrived long after its exposure.
    values : mapping
        Measurements by the name of the quantity.
    """

    frame: NightFrame
    stages: tuple[Stage, ...]
    notice: Notice | None
    state: RowState
    seconds: float | None
    late: bool
    values: Mapping[str, Point]


def rows(user: User, ids: Sequence[int]) -> list[NightRow]:
    """Return the rows of raw frames, newest first; frames that a person does not see are left out.

    The number of queries does not depend on the number of frames.
    """
    raw = access.visible_files(user, *_COLUMNS).where(File.id.in_(list(ids)), File.data_type == RAW)
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


Columns: TypeAlias = dict[str, Any]
"""Columns of a row of the database by their names."""

Runs: TypeAlias = dict[tuple[int, str], Columns]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read for a page of frames."""

    soar_ids: dict[int, str]
    products: dict[int, list[Columns]]
    runs: Runs
    masters: dict[str, Columns]


def _products(user: User, ids: Sequence[int]) -> dict[int, list[Columns]]:
    """Return the current products of raw frames, newest first, by the id of the frame."""
    columns = (
        *trends.MEASURED,
        File.run_id,
        File.out_of_date,
        File.provisional_until,
        File.notices,
        File.created,
        File.parent,
    )
    query = access.visible_files(user, *columns).where(
        File.original.in_(list(ids)),
        File.data_type.between(DataType.REDUCED, DataType.FLUX),
        File.state == "current",
    )
    found = defaultdict(list)
    for product in query.order_by(File.id.desc()).dicts():
        found[product["original"]].append(product)
    return found


def _runs(user: User, ids: Sequence[int]) -> Runs:
    """Return the newest run of each block on each frame and its products."""
    columns = (Run.id, Run.file, Run.block, Run.state, Run.notice, Run.step, Run.progress)
    query = access.visible_runs(user).select(*columns).join(File, on=(Run.file == File.id))
    query = query.where(File.original.in_(list(ids))).order_by(Run.id)
    return {(run["file"], run["block"]): run for run in query.dicts()}


def _masters(series: Iterable[str]) -> dict[str, Columns]:
    """Return the current master of each series, else the run that is to make it."""
    wanted = list(series)
    if not wanted:
        return {}
    columns = (Run.id, Run.state, Run.notice, Run.step, Run.progress, File.series)
    runs = (
        Run.select(*columns)
        .join(File, on=(Run.file == File.id))
        .where(File.series.in_(wanted), Run.proposal.is_null())
    )
    found: dict[str, Columns] = {run["series"]: run for run in runs.order_by(Run.id).dicts()}
    made = File.select(File.id, File.file_name, File.series, File.out_of_date, File.created).where(
        File.series.in_(wanted), File.data_type == MASTER, File.state == "current"
    )
    return found | {master["series"]: master for master in made.order_by(File.id).dicts()}


def _measured(
    products: Iterable[Columns], frames: dict[int, Columns]
) -> dict[int, dict[str, Point]]:
    """Return seeing and signal of each frame; their limits do not depend on other frames."""
    found: dict[int, dict[str, Point]] = defaultdict(dict)
    for name, points in trends.measure(products, frames).items():
        if name in ("seeing", "snr"):
            for point in points:
                found[point.frame][name] = point
    return found


def _row(frame: Columns, known: _Known, values: dict[str, Point]) -> NightRow:
    products = known.products.get(frame["id"], [])
    stages = _stages(frame, known, products)
    remark, state = _remark(frame, stages, products)
    late = frame["created"] - _end_of_exposure(frame) > LATE
    return NightRow(
        frame=_frame(frame, known.soar_ids.get(frame["proposal"], "")),
        stages=tuple(stages),
        notice=remark,
        state=state,
        seconds=_seconds(frame, stages, late=late),
        late=late,
        values=values,
    )


def _frame(frame: Columns, soar_id: str) -> NightFrame:
    return NightFrame(
        id=frame["id"],
        file_name=frame["file_name"],
        soar_id=soar_id,
        night=frame["night"],
        date_obs=frame["date_obs"],
        exptime=frame["exptime"],
        kind=FrameKind(frame["kind"]),
        obstype=frame["obstype"],
        object=frame["object"],
        technique=frame["technique"],
        grating=frame["grating"],
        slit=frame["slit"],
        filter=frame["filter"],
    )


def _stages(frame: Columns, known: _Known, products: Sequence[Columns]) -> list[Stage]:
    """Return the steps of a frame's pipeline, each on the newest products of the one before."""
    stages: list[Stage] = []
    parents = [frame["id"]]
    for block in scheduling.chain(FrameKind(frame["kind"])):
        if block.produces is DataType.MASTER:
            stages.append(stages_of.of_master(known.masters.get(frame["series"]), block.label))
            break
        made = [
            product
            for product in products
            if product["data_type"] == block.produces and product["parent"] in parents
        ]
        keys = ((parent, block.name) for parent in parents)
        runs = [known.runs[key] for key in keys if key in known.runs]
        if block.only_with and not (made or runs):
            break  # it is not due: there is no calibration for it
        stages.append(stages_of.of_step(block.produces, block.label, made, runs, parents))
        parents = [number for number, _ in stages[-1].files]
    return stages


def _end_of_exposure(frame: Columns) -> dt.datetime:
    end: dt.datetime = frame["date_obs"] + dt.timedelta(seconds=frame["exptime"] or 0)
    return end


def _seconds(frame: Columns, stages: Sequence[Stage], *, late: bool) -> float | None:
    # A flux may follow hours later, when a standard star is observed.
    due = [stage for stage in stages if stage.data_type is not DataType.FLUX]
    last = due[-1] if due else None
    if last is None or last.made is None or last.data_type is DataType.MASTER:
        return None
    start: dt.datetime = frame["created"] if late else _end_of_exposure(frame)
    return (last.made - start).total_seconds()


def _remark(
    frame: Columns, stages: Sequence[Stage], products: Sequence[Columns]
) -> tuple[Notice | None, RowState]:
    """Return the notice and the state of a frame: first what is missing, then warnings."""
    for stage in stages:
        if stage.state in _ROW_STATES:
            return stage.notice, _ROW_STATES[stage.state]
    missing = next((stage for stage in stages if stage.state == ""), None)
    if missing is not None and missing.data_type is DataType.MASTER:
        return notice(NoticeCode.NO_MASTER_YET), ""
    if any(stage.out_of_date for stage in stages):
        return notice(NoticeCode.OUT_OF_DATE), "warning"
    known = notices.gravest_first((products[0] if products else frame)["notices"])
    if not known:
        return None, ""
    return known[0], "warning" if known[0].severity > Severity.INFO else ""


_ROW_STATES: Mapping[str, RowState] = {
    RunState.FAILED: "failed",
    RunState.CANCELLED: "warning",
    RunState.WAITING: "waiting",
    RunState.QUEUED: "running",
    RunState.RUNNING: "running",
}
"""The state of a row by that of the step that decides it."""
