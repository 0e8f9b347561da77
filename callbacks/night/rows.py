"""Pieces of the Tonight page: its address, a row as the browser draws it, what is around it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dash import html

from callbacks.core.sentences import sentence
from callbacks.data.address import Address
from callbacks.data.drawing.file_list import RUN_MARKS, STAGES, SUFFIXES
from callbacks.search.choices import thousands
from reduction.frames import DataType, FrameKind
from services.night import overview, trends
from services.night.overview import Row
from services.night.stages import Stage

ROOT = "/night"
TIME = "time"

KIND_LABELS = {
    "": "All",
    FrameKind.SPECTRUM: "Spectra",
    FrameKind.ARC: "Arcs",
    FrameKind.IMAGE: "Images",
    FrameKind.FLAT: "Flats",
    FrameKind.BIAS: "Biases",
    FrameKind.FOCUS: "Focus",
    FrameKind.UNKNOWN: "Unknown",
}
EMPTY = (
    "No frames yet. Each is a row here within a second of being whole in a watched folder, and "
    "fills in as it is reduced, extracted and calibrated."
)
SHORT = {**STAGES, DataType.MASTER: "master"}


@dataclass(frozen=True, slots=True)
class Query:
    """What an address of the page asks for; without a date the newest night."""

    date: dt.date | None = None
    kind: str = ""
    against: str = TIME
    page: int = 1

    def href(self, **changes: Any) -> str:
        """Return the address with `changes`, on the first page."""
        wanted = replace(self, **{"page": 1, **changes})
        path = ROOT if wanted.date is None else f"{ROOT}/{wanted.date.isoformat()}"
        query = {
            name: str(value)
            for name, usual in (("kind", ""), ("against", TIME), ("page", 1))
            if (value := getattr(wanted, name)) != usual
        }
        return f"{path}?{urlencode(query)}" if query else path


def parse(pathname: str | None, text: str | None) -> Query | None:
    """Return what an address asks for, None when it is not the page's.

    What makes no sense in the query is read as absent.
    """
    parts = (pathname or "").strip("/").split("/")
    if parts[0] != ROOT.strip("/") or len(parts) > 2:
        return None
    date = None
    if len(parts) == 2:
        try:
            date = dt.date.fromisoformat(parts[1])
        except ValueError:
            return None
    given = dict(parse_qsl((text or "").lstrip("?")))
    page = given.get("page", "")
    return Query(
        date,
        given.get("kind", "") if given.get("kind") in overview.KINDS else "",
        given.get("against", TIME) if given.get("against") in trends.AXES else TIME,
        max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )


# --- a row ------------------------------------------------------------------------------------


def row(row: Row) -> dict[str, Any]:
    """Return a row as the browser draws it: text and addresses only."""
    frame = row.frame
    name = str(frame["file_name"])
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    run = next((stage.run for stage in row.stages if stage.state not in ("done", "")), None)
    took, title, slow = _took(row)
    return {
        "id": frame["id"],
        "at": frame["date_obs"].isoformat(),
        "time": f"{frame['date_obs']:%H:%M:%S}",
        "name": name,
        "href": Address(file=str(frame["id"])).href(),
        "object": frame["object"],
        "obstype": frame["obstype"],
        "setup": " ".join(
            str(frame[part])
            for part in (("filter",) if frame["technique"] == "Imaging" else ("grating", "slit"))
            if frame["kind"] != FrameKind.BIAS
        ),
        "exptime": f"{frame['exptime']:g}" if frame["exptime"] else "",
        "proposal": row.soar_id,
        "stages": [_stage(stage) for stage in row.stages],
        "values": {
            key: {"text": f"{point.value:.{digits}f}", "out": point.is_outside}
            for key, digits in (("seeing", 2), ("snr", 0))
            if (point := row.values.get(key)) is not None
        },
        "took": {"text": took, "title": title, "out": slow},
        "words": sentence(row.words),
        "mood": row.mood,
        "run": Address(file=str(frame["id"])).href() + f"?run={run}" if run else "",
    }


def _took(row: Row) -> tuple[str, str, bool]:
    if row.seconds is None:
        return "", "", False
    seconds = max(row.seconds, 0.0)
    text = f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"
    since = "its arrival; it came long after it was taken" if row.late else "the shutter's closing"
    return text, f"Since {since}", seconds > overview.SLOW_S


def _stage(stage: Stage) -> dict[str, Any]:
    label = SHORT.get(stage.data_type, stage.label)
    hrefs = [(Address(file=str(number)).href(), name) for number, name in stage.files]
    mark, word = RUN_MARKS.get(stage.state, ("", stage.state))
    said = [stage.label, *(name for _, name in hrefs), word, stage.words]
    if stage.versions > 1:
        said.append(f"{stage.versions} versions")
    if stage.stale:
        said.append("a better calibration has come since")
    return {
        "label": label,
        "state": stage.state or "none",
        "mark": mark,
        "stale": stage.stale,
        "progress": round(100 * stage.progress) if stage.state == "running" else None,
        "title": "\n".join(part for part in said if part),
        "files": [{"href": href, "name": name} for href, name in hrefs],
    }


# --- around the rows --------------------------------------------------------------------------


def head(user: Any, query: Query, shown: dt.date, counts: Mapping[str, int]) -> list[Any]:
    """Return the title of a night and the way to others; `counts` are its frames by kind."""
    before, after = overview.neighbours(user, shown)
    tonight = overview.is_tonight(shown)
    title = "Tonight" if tonight else "Latest night" if counts and after is None else "Night"
    listed = overview.nights(user)
    return [
        html.H1([title, html.Span(f"{shown:%Y-%m-%d}", className="quiet")]),
        html.Nav(
            [
                _turn(query, before, "‹", "The night before"),
                html.Details(
                    [
                        html.Summary("Nights"),
                        html.Ul([html.Li(_night(query, one, shown)) for one in listed]),
                    ]
                ),
                _turn(query, after, "›", "The night after"),
            ],
            **{"aria-label": "Other nights"},
        ),
    ]


def _night(query: Query, one: overview.Night, shown: dt.date) -> html.A:
    current = {"aria-current": "true"} if one.date == shown else {}
    return html.A(
        [f"{one.date:%Y-%m-%d}", html.Span(thousands(one.frames), className="number")],
        href=query.href(date=one.date, kind=""),
        **{"data-go": "", **current},
    )


def _turn(query: Query, date: dt.date | None, text: str, label: str) -> Any:
    if date is None:
        return html.Span(text, className="off", **{"aria-hidden": "true"})
    return html.A(
        text,
        href=query.href(date=date, kind=""),
        title=f"{label}: {date:%Y-%m-%d}",
        **{"data-go": "", "aria-label": label},
    )


def empty(shown: dt.date, counts: Mapping[str, int]) -> str:
    """Return what is said in place of rows when there are none."""
    if counts:
        return "No frames of this kind that night."
    return EMPTY if overview.is_tonight(shown) else "No frames of that night."


def nothing() -> list[Any]:
    """Return the head while there is no frame at all."""
    return [html.H1("Tonight")]


def kind(query: Query, kind: str, counts: Mapping[str, int]) -> html.A:
    """Return the link that leaves one kind of frames in the list."""
    current = {"aria-current": "true"} if query.kind == kind else {}
    number = counts.get(kind, 0) if kind else sum(counts.values())
    return html.A(
        [KIND_LABELS[kind], html.Span(thousands(number), className="count")],
        href=query.href(kind=kind),
        **{"data-go": "", **current},
    )


def pager(query: Query, pages: int) -> list[Any]:
    """Return the links to newer and older frames."""
    if pages <= 1:
        return []
    drawn: list[Any] = []
    for page, text, label in (
        (query.page - 1, "‹ newer", "Newer frames"),
        (query.page + 1, "older ›", "Older frames"),
    ):
        if 1 <= page <= pages:
            link = {"data-go": "", "aria-label": label}
            drawn.append(html.A(text, href=query.href(page=page), **link))
        else:
            drawn.append(html.Span(text, className="off", **{"aria-hidden": "true"}))
    drawn.insert(1, html.Span(f"page {query.page} of {pages}", className="off"))
    return drawn


def running(run: Mapping[str, Any]) -> html.Span:
    """Return what is being done now, with its progress."""
    percent = str(round(100 * float(run["progress"] or 0)))
    name = str(run["file_name"])
    return html.Span(
        [
            f"{run['label']} ",
            html.A(name, href=f"/data/{run['file_id']}", **{"data-go": ""}) if name else "",
            html.Progress(value=percent, max="100", **{"aria-label": f"{run['label']} {name}"}),
        ],
        className="running",
        title=str(run["step"]),
    )


def axes(query: Query) -> list[Any]:
    """Return the choice of what the trends are drawn against."""
    return [
        html.Span("against"),
        *(
            html.A(
                label,
                href=query.href(against=name, page=query.page),
                **{
                    "data-go": "",
                    **({"aria-current": "true"} if name == query.against else {}),
                },
            )
            for name, label in trends.AXES.items()
        ),
    ]


def said(found: Mapping[str, Sequence[trends.Point]]) -> str:
    """Return what the table of the limits is headed by."""
    n_outside = sum(point.is_outside for points in found.values() for point in points)
    return f"Limits: {n_outside} outside" if n_outside else "Limits: nothing outside"


def limits(found: Mapping[str, Sequence[trends.Point]]) -> html.Table:
    """Return the table of the limits, and how many points leave each."""
    head = html.Tr([html.Th(text) for text in ("Quantity", "From", "To", "Counted", "Outside")])
    rows = []
    for quantity in trends.QUANTITIES:
        outside = sum(point.is_outside for point in found[quantity.name])
        rows.append(
            html.Tr(
                [
                    html.Td([f"{quantity.label} ", html.Span(quantity.meaning, className="quiet")]),
                    *(html.Td(_side(side)) for side in (quantity.low, quantity.high)),
                    html.Td(
                        quantity.unit
                        if quantity.against is trends.Against.NOTHING
                        else str(quantity.against),
                        className="quiet",
                    ),
                    html.Td(
                        f"{outside} of {len(found[quantity.name])}",
                        className="bad" if outside else "quiet",
                    ),
                ]
            )
        )
    return html.Table([html.Thead(head), html.Tbody(rows)], className="table-quiet")


def _side(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:g}"
