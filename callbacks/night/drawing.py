"""The parts of the page Tonight around its rows: head, kinds, runs in progress, trends."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from dash import html

from callbacks.core.dash_types import Child, Component
from callbacks.core.numbers import thousands
from callbacks.data.address import Address
from callbacks.night.address import Query
from reduction.frames import FrameKind
from services.night.overview import Night, NightHead
from services.night.points import Point
from services.night.quantities import AXES, QUANTITIES, Against, Quantity
from services.night.work import RunProgress, Work

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
NO_FRAMES = (
    "No frames yet. Each frame is listed within a second of its arrival, and its row is updated "
    "while it is reduced, extracted and calibrated."
)
NO_FRAMES_THAT_NIGHT = "No frames of that night."
NONE_OF_KIND = "No frames of this kind that night."


def title() -> list[Component]:
    """Return the head of the page while there is no frame at all."""
    return [html.H1("Tonight")]


def head(query: Query, night: NightHead, counts: Mapping[str, int]) -> list[Component]:
    """Return the title of a night and the links to others; `counts` are its frames by kind."""
    if night.is_tonight:
        name = "Tonight"
    else:
        name = "Latest night" if counts and night.after is None else "Night"
    listed = html.Ul([html.Li(_night(query, other, night.date)) for other in night.listed])
    return [
        html.H1([name, html.Span(f"{night.date:%Y-%m-%d}", className="quiet")]),
        html.Nav(
            [
                _neighbour(query, night.before, "‹", "The night before"),
                html.Details([html.Summary("Nights"), listed]),
                _neighbour(query, night.after, "›", "The night after"),
            ],
            **{"aria-label": "Other nights"},
        ),
    ]


def _night(query: Query, night: Night, shown: dt.date) -> html.A:
    current = {"aria-current": "true"} if night.date == shown else {}
    return html.A(
        [f"{night.date:%Y-%m-%d}", html.Span(thousands(night.frames), className="number")],
        href=query.href(date=night.date, kind=""),
        **{"data-go": "", **current},
    )


def _neighbour(query: Query, date: dt.date | None, text: str, label: str) -> Component:
    if date is None:
        return html.Span(text, className="off", **{"aria-hidden": "true"})
    return html.A(
        text,
        href=query.href(date=date, kind=""),
        title=f"{label}: {date:%Y-%m-%d}",
        **{"data-go": "", "aria-label": label},
    )


def empty(night: NightHead, counts: Mapping[str, int]) -> str:
    """Return the sentence in place of rows when there are none."""
    if counts:
        return NONE_OF_KIND
    return NO_FRAMES if night.is_tonight else NO_FRAMES_THAT_NIGHT


def kinds(query: Query, counts: Mapping[str, int]) -> list[Component]:
    """Return links that restrict the rows to one kind of frame, with the counts."""
    return [_kind(query, kind, counts) for kind in KIND_LABELS if not kind or kind in counts]


def _kind(query: Query, kind: str, counts: Mapping[str, int]) -> html.A:
    current = {"aria-current": "true"} if query.kind == kind else {}
    number = counts.get(kind, 0) if kind else sum(counts.values())
    return html.A(
        [KIND_LABELS[kind], html.Span(thousands(number), className="count")],
        href=query.href(kind=kind),
        **{"data-go": "", **current},
    )


def work(runs: Work, n_workers: int, problems: Sequence[str]) -> list[Component]:
    """Return the number of workers and runs, problems of the queue, and the runs in progress."""
    counts = ((runs.n_running, "running"), (runs.queued, "queued"), (runs.waiting, "waiting"))
    return [
        html.Span(
            [html.B(str(n_workers)), " worker" if n_workers == 1 else " workers"],
            className="" if n_workers else "bad",
        ),
        *(html.Span([html.B(thousands(number)), f" {state}"]) for number, state in counts),
        *(html.Span(problem, className="bad", role="alert") for problem in problems),
        *(_running(run) for run in runs.running),
    ]


def _running(run: RunProgress) -> html.Span:
    percent = str(round(100 * run.progress))
    link: Child = ""
    if run.file_name:
        href = Address(file=str(run.file_id)).href()
        link = html.A(run.file_name, href=href, **{"data-go": ""})
    bar = html.Progress(value=percent, max="100", **{"aria-label": f"{run.label} {run.file_name}"})
    return html.Span([f"{run.label} ", link, bar], className="running", title=run.step)


def axes(query: Query) -> list[Component]:
    """Return the links that choose the horizontal axis of the trends."""
    links: list[Component] = [html.Span("against")]
    for name, label in AXES.items():
        current = {"aria-current": "true"} if name == query.against else {}
        href = query.href(against=name, page=query.page)
        links.append(html.A(label, href=href, **{"data-go": "", **current}))
    return links


Trends = Mapping[str, Sequence[Point]]
"""Points by the name of the quantity."""


def limits_summary(trends: Trends) -> str:
    """Return the heading of the table of limits."""
    n_outside = sum(point.is_outside for points in trends.values() for point in points)
    return f"Limits: {n_outside} outside" if n_outside else "Limits: nothing outside"


def limits(trends: Trends) -> html.Table:
    """Return the table of limits with the number of points outside each."""
    head = html.Tr([html.Th(text) for text in ("Quantity", "From", "To", "Counted", "Outside")])
    rows = [_limit(quantity, trends[quantity.name]) for quantity in QUANTITIES]
    return html.Table([html.Thead(head), html.Tbody(rows)], className="table-quiet")


def _limit(quantity: Quantity, points: Sequence[Point]) -> html.Tr:
    n_outside = sum(point.is_outside for point in points)
    against = quantity.unit if quantity.against is Against.NOTHING else str(quantity.against)
    meaning = html.Span(quantity.meaning, className="quiet")
    return html.Tr(
        [
            html.Td([f"{quantity.label} ", meaning]),
            html.Td(_side(quantity.low)),
            html.Td(_side(quantity.high)),
            html.Td(against, className="quiet"),
            html.Td(f"{n_outside} of {len(points)}", className="bad" if n_outside else "quiet"),
        ]
    )


def _side(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:g}"
