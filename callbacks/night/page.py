"""Tonight: the frames of a night with the state of their pipelines, trends, and current runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dash import ClientsideFunction, Dash, Input, Output, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.core.dash_types import CallbackValue, Component, Properties
from callbacks.core.guard import guarded, person
from callbacks.core.pager import newer_older
from callbacks.night import drawing, months
from callbacks.night.address import Query, parse
from callbacks.night.rows import row as draw_row
from figures.trends import Panel
from figures.trends import trends as draw_trends
from jobs import queue
from services.monitoring import health
from services.night import frames, overview, trends
from services.night.frames import NightRow
from services.night.points import Point
from services.night.quantities import QUANTITIES, Quantity
from services.night.work import work

PAGE_SIZE = 100
MAX_PATCHED = 60
"""Rows that are updated at once; after a larger burst the whole page is read again."""
DEFAULT_COLUMNS = 4
"""Plots side by side until the browser has reported its width."""


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
    months.register(app)
    app.clientside_callback(
        ClientsideFunction("night", "draw"), Output("night-data", "id"), Input("night-data", "data")
    )


def show(
    pathname: str | None, text: str | None, live: Mapping[str, CallbackValue] | None
) -> tuple[CallbackValue, ...]:
    """Return head, kinds with their counts, rows, pager, and the sentence when there are no rows.

    When frames have changed, `live` holds their ids and the night on show. Only their rows are
    returned then.
    """
    query = parse(pathname, text)
    if query is None:
        raise PreventUpdate
    user = person()
    date = query.date or overview.latest(user)
    if date is None:
        return drawing.title(), [], _data(query, None, [], full=True), [], drawing.NO_FRAMES
    counts = overview.counts(user, date)
    kinds = drawing.kinds(query, counts)
    ids = _changed(live, date)
    if ids is not None:
        rows = [row for row in frames.rows(user, ids) if _belongs(row, query, date)]
        return no_update, kinds, _data(query, date, rows, full=False), no_update, no_update
    page = overview.page(user, date, query.kind, query.page, PAGE_SIZE)
    query = replace(query, page=page.page)
    night = overview.head(user, date)
    return (
        drawing.head(query, night, counts),
        kinds,
        _data(query, date, frames.rows(user, page.rows), full=True),
        newer_older(query, page.pages, "frames"),
        drawing.empty(night, counts),
    )


def _changed(live: Mapping[str, CallbackValue] | None, date: dt.date) -> list[int] | None:
    """Return the frames that the browser requests again; None when it requests the page."""
    if not isinstance(live, dict) or ctx.triggered_id != "live-night":
        return None
    if live.get("night") != date.isoformat():
        return None
    ids = live.get("ids")
    if not isinstance(ids, list) or len(ids) > MAX_PATCHED:
        return None
    return [number for number in ids if isinstance(number, int)] or None


def _belongs(row: NightRow, query: Query, date: dt.date) -> bool:
    return row.frame.night == date and query.kind in ("", row.frame.kind)


def _data(
    query: Query, date: dt.date | None, rows: Sequence[NightRow], *, full: bool
) -> Properties:
    """Return what the browser draws the rows from."""
    return {
        "night": date.isoformat() if date else None,
        "page": query.page,
        "size": PAGE_SIZE,
        "full": full,
        "rows": [draw_row(row) for row in rows],
    }


def show_work(pathname: str | None, _live: CallbackValue) -> list[Component]:
    """Return the state of queue and workers, and the runs in progress."""
    if parse(pathname, "") is None:
        raise PreventUpdate
    state = health.status(queue.state)
    parts = (state.queue, state.workers)
    problems = [part.sentence for part in parts if part.sentence]
    return drawing.work(work(person()), state.workers.count or 0, problems)


def show_trends(
    pathname: str | None, text: str | None, _live: CallbackValue, columns: int | None
) -> tuple[CallbackValue, ...]:
    """Return the plots of the trends, their axes, and the table of limits.

    `columns` is the number of plots side by side.
    """
    query = parse(pathname, text)
    if query is None or not columns:
        raise PreventUpdate
    user = person()
    date = query.date or overview.latest(user)
    if date is None:
        raise PreventUpdate
    measured = trends.of_night(user, date)
    if not any(measured.values()):
        return no_update, [], "", []
    panels = [_panel(quantity, measured[quantity.name], query) for quantity in QUANTITIES]
    width = DEFAULT_COLUMNS
    if isinstance(columns, int):
        width = min(max(columns, 1), len(panels))
    figure = draw_trends(panels, width, f"{date}{query.against}{width}")
    return (
        figure,
        drawing.axes(query),
        drawing.limits_summary(measured),
        drawing.limits(measured),
    )


def _panel(quantity: Quantity, points: Sequence[Point], query: Query) -> Panel:
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
