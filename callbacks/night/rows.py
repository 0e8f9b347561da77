"""The rows of the page Tonight as the browser draws them (``night.js``): texts and addresses."""

from __future__ import annotations

from collections.abc import Mapping

from callbacks.core.dash_types import Properties
from callbacks.data.address import Address
from callbacks.data.drawing.file_list import RUN_MARKS, STAGES, SUFFIXES
from reduction import notice_text
from reduction.frames import DataType, FrameKind
from services.night.frames import SLOW_S, NightFrame, NightRow
from services.night.points import Point
from services.night.stages import Stage

STAGE_LABELS = {**STAGES, DataType.MASTER: "master"}
DIGITS = {"seeing": 2, "snr": 0}
"""Decimal places of the measurements in a row."""


def row(row: NightRow) -> Properties:
    """Return a row as the browser draws it."""
    frame = row.frame
    href = Address(file=str(frame.id)).href()
    run = next((stage.run for stage in row.stages if stage.state not in ("done", "")), None)
    return {
        "id": frame.id,
        "at": frame.date_obs.isoformat(),
        "time": f"{frame.date_obs:%H:%M:%S}",
        "name": _stem(frame.file_name),
        "href": href,
        "object": frame.object,
        "obstype": frame.obstype,
        "setup": _setup(frame),
        "exptime": f"{frame.exptime:g}" if frame.exptime else "",
        "proposal": frame.soar_id,
        "stages": [_stage(stage) for stage in row.stages],
        "values": _values(row.values),
        "took": _duration(row),
        "message": notice_text.text(row.notice) if row.notice else "",
        "code": str(row.notice.code) if row.notice else "",
        "state": row.state,
        "run": f"{href}?run={run}" if run else "",
    }


def _stem(name: str) -> str:
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _setup(frame: NightFrame) -> str:
    if frame.kind is FrameKind.BIAS:
        return ""
    return frame.filter if frame.technique == "Imaging" else f"{frame.grating} {frame.slit}"


def _values(values: Mapping[str, Point]) -> Properties:
    return {
        name: {"text": f"{values[name].value:.{digits}f}", "out": values[name].is_outside}
        for name, digits in DIGITS.items()
        if name in values
    }


def _duration(row: NightRow) -> Properties:
    """Return the time from the exposure to the last product, and what it is measured from."""
    if row.seconds is None:
        return {"text": "", "title": "", "out": False}
    seconds = max(row.seconds, 0.0)
    since = "arrival, long after the exposure" if row.late else "the end of the exposure"
    return {
        "text": f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min",
        "title": f"Since {since}",
        "out": seconds > SLOW_S,
    }


def _stage(stage: Stage) -> Properties:
    files = [
        {"href": Address(file=str(number)).href(), "name": name} for number, name in stage.files
    ]
    mark, state = RUN_MARKS.get(stage.state, ("", stage.state))
    standing = notice_text.text(stage.notice) if stage.notice else stage.label
    title = [standing, *(name for _, name in stage.files), state]
    if stage.versions > 1:
        title.append(f"{stage.versions} versions")
    if stage.out_of_date:
        title.append("a better calibration is available")
    if stage.provisional:
        title.append("provisional: a better arc may still come")
    return {
        "label": STAGE_LABELS.get(stage.data_type, stage.label),
        "state": stage.state or "none",
        "mark": mark,
        "out_of_date": stage.out_of_date,
        "progress": round(100 * stage.progress) if stage.state == "running" else None,
        "title": "\n".join(part for part in title if part),
        "files": files,
    }
