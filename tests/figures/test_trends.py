"""Plots of quantities against time: the axis says hours, days or months."""

from __future__ import annotations

import datetime as dt

import pytest

from figures.trends import Panel, trends

START = dt.datetime(2026, 8, 1, 23, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("days", "written"), [(0.3, "%H:%M"), (9, "%b %d"), (120, "%b %d"), (500, "%Y-%m")]
)
def test_times_are_written_for_the_length_of_the_axis(days: float, written: str) -> None:
    times = [START, START + dt.timedelta(days=days)]
    panel = Panel("Zero point", "mag", times, [39.2, 39.4], [False, True], [], [7, 8], ["a", "b"])
    figure = trends([panel], 1, "r")
    assert figure.layout.xaxis.tickformat == written
    assert (list(figure.data[0].customdata), list(figure.data[1].customdata)) == ([7], [8])


def test_other_axes_have_no_times() -> None:
    panel = Panel("Seeing", "arcsec", [10.0, 20.0], [0.8, 0.9], [False] * 2, [], [1, 2], ["a", "b"])
    assert trends([panel], 1, "r").layout.xaxis.tickformat is None
