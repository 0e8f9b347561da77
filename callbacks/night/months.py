"""Zero point and throughput of the standard stars over months, below the trends of a night."""

from __future__ import annotations

from collections.abc import Sequence

from dash import Dash, Input, Output, no_update
from dash.exceptions import PreventUpdate

from callbacks.core.dash_types import CallbackValue
from callbacks.core.guard import guarded, person
from callbacks.night.address import parse
from figures.trends import Panel, trends
from services.night import overview, sensitivities
from services.night.points import Point
from services.night.quantities import QUANTITIES
from services.night.sensitivities import MEASURED, SetupTrend

MOST_SETUPS = 6
"""Setups with the most standard stars, of which there are plots."""
WIDE = 4
"""Columns of the night's trends from which two setups are side by side."""
ROW_PX = 165


def register(app: Dash) -> None:
    """Connect the plots."""
    app.callback(
        Output("night-months-graph", "figure"),
        Output("night-months-plots", "style"),
        Output("night-months", "hidden"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-trends", "data"),
        Input("night-columns", "data"),
    )(guarded(3)(show))


def show(
    pathname: str | None, text: str | None, _live: CallbackValue, columns: int | None
) -> tuple[CallbackValue, ...]:
    """Return the plots of the setups, how high they are, and whether there are none."""
    query = parse(pathname, text)
    if query is None or not columns:
        raise PreventUpdate
    user = person()
    date = query.date or overview.latest(user)
    shown = sensitivities.over_months(user, date)[:MOST_SETUPS] if date is not None else ()
    if not shown:
        return no_update, {}, True
    across = len(MEASURED) * (2 if columns >= WIDE and len(shown) > 1 else 1)
    panels = [panel for trend in shown for panel in _panels(trend)]
    rows = -(-len(panels) // across)
    figure = trends(panels, across, f"{date} {across} {len(panels)}")
    return figure, {"height": f"{rows * ROW_PX}px"}, False


def _panels(trend: SetupTrend) -> list[Panel]:
    setup = f"{trend.setup} {trend.slit}, {trend.camera}"
    quantities = [one for one in QUANTITIES if one.name in MEASURED]
    return [_panel(f"{one.label}, {setup}", one.unit, trend.points[one.name]) for one in quantities]


def _panel(label: str, unit: str, points: Sequence[Point]) -> Panel:
    return Panel(
        label,
        unit,
        [point.time for point in points],
        [point.value for point in points],
        [point.is_outside for point in points],
        [(point.low, point.high) for point in points],
        [point.frame for point in points],
        [point.name for point in points],
    )
