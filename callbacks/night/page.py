"""Tonight: each frame of a night as a row that fills in, the trends of the night, the work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, ctx, html, no_update
from dash.exceptions import PreventUpdate

from callbacks.core.guard import guarded, person
from callbacks.night import rows as parts
from callbacks.night.rows import Query, parse
from callbacks.search.choices import thousands
from figures.trends import Panel
from figures.trends import trends as draw
from jobs import queue
from services import health
from services.night import overview, trends
from services.night.overview import Row
from services.runs import read_models

PAGE_SIZE = 100
MOST_PATCHED = 60
"""Frames that are told again at once; after a larger burst the page is read anew."""


def register(app: Dash) -> None:
    """Connect the page."""
    app.callback(
        Output("night-head", "children"),
        Output("night-kinds", "children"),
        Output("night-data", "data"),
        Output("night-pager", "children"),
        Output("night-empty", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-night", "data"),
    )(guarded(5)(show))
    app.callback(
        Output("night-work", "children"),
        Input("url", "pathname"),
        Input("live-work", "data"),
    )(guarded(1)(show_work))
    app.callback(
        Output("night-trends", "figure"),
        Output("night-axes", "children"),
        Output("night-limits-said", "children"),
        Output("night-limits", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-trends", "data"),
        Input("night-columns", "data"),
    )(guarded(4)(show_trends))
    app.clientside_callback(
        ClientsideFunction("night", "draw"), Output("night-data", "id"), Input("night-data", "data")
    )


def show(pathname: str | None, text: str | None, live: Mapping[str, Any] | None) -> tuple[Any, ...]:
    """Draw the head, the kinds with their counts, the rows and the pager, or what is said instead.

    When frames have changed (`live`: their ids, and the night on show) only these are told.
    """
    query = parse(pathname, text)
    if query is None:
        raise PreventUpdate
    user = person()
    shown = query.date or overview.latest(user)
    if shown is None:
        return parts.nothing(), [], _data(query, None, [], full=True), [], parts.EMPTY
    counts = overview.counts(user, shown)
    kinds = [
        parts.kind(query, kind, counts) for kind in parts.KIND_LABELS if not kind or kind in counts
    ]
    ids = _changed(live, shown)
    if ids is not None:
        rows = [row for row in overview.rows(user, ids) if _belongs(row, query, shown)]
        return no_update, kinds, _data(query, shown, rows, full=False), no_update, no_update
    page = overview.page(user, shown, query.kind, query.page, PAGE_SIZE)
    if query.page > page.pages:
        query = replace(query, page=page.pages)
        page = overview.page(user, shown, query.kind, query.page, PAGE_SIZE)
    rows = overview.rows(user, [number for (number,) in page.rows])
    return (
        parts.head(user, query, shown, counts),
        kinds,
        _data(query, shown, rows, full=True),
        parts.pager(query, page.pages),
        parts.empty(shown, counts),
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
        "rows": [parts.row(row) for row in rows],
    }


# --- the work -----------------------------------------------------------------------------------


def show_work(pathname: str | None, _live: Any) -> list[Any]:
    """Draw the state of queue and workers, and what is being done."""
    if parse(pathname, "") is None:
        raise PreventUpdate
    state = health.status(queue.state)
    found = overview.work(person())
    counts = found["counts"]
    workers = state["workers"]["count"]
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
        for part in (state["queue"], state["workers"])
        if "sentence" in part
    ]
    drawn += [parts.running(run.as_dict()) for run in read_models.views(found["running"])]
    return drawn


# --- trends -------------------------------------------------------------------------------------


def show_trends(
    pathname: str | None, text: str | None, _live: Any, columns: Any
) -> tuple[Any, ...]:
    """Draw what was measured through the night, its axes, and the table of the limits."""
    query = parse(pathname, text)
    if query is None or not columns:
        raise PreventUpdate
    user = person()
    shown = query.date or overview.latest(user)
    if shown is None:
        raise PreventUpdate
    found = trends.of_night(user, shown)
    if not any(found.values()):
        return no_update, [], "", []
    panels = [_panel(quantity, found[quantity.name], query) for quantity in trends.QUANTITIES]
    width = min(max(int(columns), 1), len(panels)) if isinstance(columns, int) else 4
    figure = draw(panels, width, f"{shown}{query.against}{width}")
    return figure, parts.axes(query), parts.said(found), parts.limits(found)


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
