"""Tonight: each frame of a night as a row that fills in, the trends of the night, the work."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dash import ClientsideFunction, Dash, Input, Output, ctx, html, no_update
from dash.exceptions import PreventUpdate

from callbacks.address import Address
from callbacks.choices import thousands
from callbacks.guard import guarded, person
from callbacks.index import RUN_MARKS, STAGES, SUFFIXES
from figures.trends import Panel
from figures.trends import trends as draw
from jobs import queue
from reduction.frames import DataType, FrameKind
from services import health, night, runs, trends
from services.night import Row, Stage

ROOT = "/night"
PAGE_SIZE = 100
MOST_PATCHED = 60
"""Frames that are told again at once; after a larger burst the page is read anew."""
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
        given.get("kind", "") if given.get("kind") in night.KINDS else "",
        given.get("against", TIME) if given.get("against") in trends.AXES else TIME,
        max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )


def register(app: Dash) -> None:
    """Connect the page."""
    app.callback(
        Output("night-head", "children"),
        Output("night-kinds", "children"),
        Output("night-data", "data"),
        Output("night-pager", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-night", "data"),
    )(guarded(4)(show))
    app.callback(
        Output("night-work", "children"),
        Input("url", "pathname"),
        Input("live-work", "data"),
    )(guarded(1)(show_work))
    app.callback(
        Output("night-trends", "figure"),
        Output("night-limits", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-trends", "data"),
        Input("night-columns", "data"),
    )(guarded(2)(show_trends))
    app.clientside_callback(
        ClientsideFunction("night", "draw"), Output("night-data", "id"), Input("night-data", "data")
    )


def show(pathname: str | None, text: str | None, live: Mapping[str, Any] | None) -> tuple[Any, ...]:
    """Draw the head, the kinds with their counts, the rows and the pager.

    When frames have changed (`live`: their ids, and the night on show) only these are told.
    """
    query = parse(pathname, text)
    if query is None:
        raise PreventUpdate
    user = person()
    shown = query.date or night.latest(user)
    if shown is None:
        return _nothing(), [], _data(query, None, [], full=True), []
    counts = night.counts(user, shown)
    kinds = [_kind(query, kind, counts) for kind in KIND_LABELS if not kind or kind in counts]
    ids = _changed(live, shown)
    if ids is not None:
        rows = [row for row in night.rows(user, ids) if _belongs(row, query, shown)]
        return no_update, kinds, _data(query, shown, rows, full=False), no_update
    page = night.page(user, shown, query.kind, query.page, PAGE_SIZE)
    if query.page > page.pages:
        query = replace(query, page=page.pages)
        page = night.page(user, shown, query.kind, query.page, PAGE_SIZE)
    rows = night.rows(user, [number for (number,) in page.rows])
    return (
        _head(user, query, shown),
        kinds,
        _data(query, shown, rows, full=True),
        _pager(query, page.pages),
    )


def _changed(live: Mapping[str, Any] | None, shown: dt.date) -> list[int] | None:
    """Return the frames that the browser asks for anew; None when it asks for the page."""
    if not isinstance(live, dict) or ctx.triggered_id != "live-night":
        return None
    if live.get("night") != shown.isoformat():
        return None
    ids = live.get("ids")
    if not isinstance(ids, list) or len(ids) > MOST_PATCHED:
        return None
    return [number for number in ids if isinstance(number, int)] or None


def _belongs(row: Row, query: Query, shown: dt.date) -> bool:
    return row.frame["night"] == shown and query.kind in ("", row.frame["kind"])


def _data(query: Query, shown: dt.date | None, rows: Sequence[Row], *, full: bool) -> Any:
    """Return what the browser draws the rows from."""
    return {
        "night": shown.isoformat() if shown else None,
        "page": query.page,
        "size": PAGE_SIZE,
        "full": full,
        "rows": [_row(row) for row in rows],
    }


# --- a row ------------------------------------------------------------------------------------


def _row(row: Row) -> dict[str, Any]:
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
        "words": _sentence(row.words),
        "mood": row.mood,
        "run": Address(file=str(frame["id"])).href() + f"?run={run}" if run else "",
    }


def _sentence(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")


def _took(row: Row) -> tuple[str, str, bool]:
    if row.seconds is None:
        return "", "", False
    seconds = max(row.seconds, 0.0)
    text = f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"
    since = "its arrival; it came long after it was taken" if row.late else "the shutter's closing"
    return text, f"Since {since}", seconds > night.SLOW_S


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


def _head(user: Any, query: Query, shown: dt.date) -> list[Any]:
    before, after = night.neighbours(user, shown)
    tonight = night.is_tonight(shown)
    title = "Tonight" if tonight else "Latest night" if after is None else "Night"
    listed = night.nights(user)
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


def _night(query: Query, one: night.Night, shown: dt.date) -> html.A:
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


def _nothing() -> list[Any]:
    return [html.H1("Tonight")]


def _kind(query: Query, kind: str, counts: Mapping[str, int]) -> html.A:
    current = {"aria-current": "true"} if query.kind == kind else {}
    number = counts.get(kind, 0) if kind else sum(counts.values())
    return html.A(
        [KIND_LABELS[kind], html.Span(thousands(number), className="count")],
        href=query.href(kind=kind),
        **{"data-go": "", **current},
    )


def _pager(query: Query, pages: int) -> list[Any]:
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


# --- the work -----------------------------------------------------------------------------------


def show_work(pathname: str | None, _live: Any) -> list[Any]:
    """Draw the state of queue and workers, and what is being done."""
    if parse(pathname, "") is None:
        raise PreventUpdate
    parts = health.status(queue.state)
    found = night.work(person())
    counts = found["counts"]
    workers = parts["workers"]["count"]
    drawn: list[Any] = [
        html.Span(
            [html.B(str(workers)), " workers" if workers != 1 else " worker"],
            className="" if workers else "bad",
        ),
        html.Span([html.B(thousands(counts["running"])), " running"]),
        html.Span([html.B(thousands(counts["queued"])), " queued"]),
        html.Span([html.B(thousands(counts["waiting"])), " waiting"]),
    ]
    drawn += [
        html.Span(part["sentence"], className="bad", role="alert")
        for part in (parts["queue"], parts["workers"])
        if "sentence" in part
    ]
    drawn += [_running(runs.as_dict(run)) for run in found["running"]]
    return drawn


def _running(run: Mapping[str, Any]) -> html.Span:
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


# --- trends -------------------------------------------------------------------------------------


def show_trends(
    pathname: str | None, text: str | None, _live: Any, columns: Any
) -> tuple[Any, Any]:
    """Draw what was measured through the night, and the table of the limits."""
    query = parse(pathname, text)
    if query is None or not columns:
        raise PreventUpdate
    user = person()
    shown = query.date or night.latest(user)
    if shown is None:
        raise PreventUpdate
    found = trends.of_night(user, shown)
    panels = [_panel(quantity, found[quantity.name], query) for quantity in trends.QUANTITIES]
    width = min(max(int(columns), 1), len(panels)) if isinstance(columns, int) else 4
    figure = draw(panels, width, f"{shown}{query.against}{width}")
    return figure, [_axes(query), _limits(found)]


def _panel(quantity: trends.Quantity, points: Sequence[trends.Point], query: Query) -> Panel:
    placed = [(x, point) for point in points if (x := getattr(point, query.against)) is not None]
    return Panel(
        quantity.label,
        quantity.unit,
        [x for x, _ in placed],
        [point.value for _, point in placed],
        [point.is_outside for _, point in placed],
        [(point.low, point.high) for _, point in placed],
        [point.frame for _, point in placed],
        [point.name for _, point in placed],
    )


def _axes(query: Query) -> html.Nav:
    return html.Nav(
        [
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
        ],
        className="axes",
        **{"aria-label": "Trends against"},
    )


def _limits(found: Mapping[str, Sequence[trends.Point]]) -> html.Details:
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
    n_outside = sum(point.is_outside for points in found.values() for point in points)
    said = f"Limits: {n_outside} outside" if n_outside else "Limits: nothing outside"
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="table-quiet")
    return html.Details([html.Summary(said), html.Div(table, className="scroll-x")])


def _side(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:g}"
