"""The figure of a sensitivity shows what the arrays say, each part by its name."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from figures.sensitivity import Curves, EarlierCurve, sensitivity

X = np.linspace(4000.0, 8000.0, 41)
OWN = 10 + np.sin(X / 500)


def curves(**more: object) -> Curves:
    points = OWN.copy()
    points[5] = np.nan
    points[20] = 0.6 * OWN[20]
    band, wild = np.zeros(41, bool), np.zeros(41, bool)
    band[18:23] = True
    wild[20], wild[30] = True, True
    used = 1.1 * OWN
    used[:2] = np.nan
    whole = Curves(
        X,
        used,
        OWN,
        points,
        np.full(41, 0.05),
        "Throughput",
        "%",
        {"outlier": wild, "telluric band": band},
    )
    return dataclasses.replace(whole, **more)  # type: ignore[arg-type]


def test_points_are_shown_by_the_first_reason_that_they_are_not_used() -> None:
    traces = {trace.uid: trace for trace in sensitivity(curves()).data}
    outliers, band, used = traces["masked-0"], traces["masked-1"], traces["points"]
    assert list(outliers.x) == [X[20], X[30]]
    assert list(band.x) == [X[18], X[19], X[21], X[22]]
    assert (outliers.name, band.name) == ("outlier", "telluric band")
    assert used.x.size == 41 - 6 - 1
    assert not {X[5], X[20]} & set(used.x)


def test_residuals_are_magnitudes_above_the_fit_to_this_star() -> None:
    figure = sensitivity(curves())
    traces = {trace.uid: trace for trace in figure.data}
    residual = traces["masked-0-residual"]
    assert residual.y[0] == pytest.approx(-0.5546, abs=1e-4)  # 2.5 log10 0.6
    np.testing.assert_allclose(traces["points-residual"].y, 0, atol=1e-12)
    assert residual.yaxis == "y2"
    band = traces["systematic-residual"].y
    assert max(band) == pytest.approx(0.0543, abs=1e-4)  # 5 % in magnitudes
    low, high = figure.layout.yaxis2.range
    assert low == -high
    assert 0.054 < high < 0.3, "a masked point does not flatten the residuals"


def test_the_band_is_around_the_curve_that_is_used() -> None:
    band = next(t for t in sensitivity(curves()).data if t.uid == "systematic")
    assert set(band.x) == set(X[2:])
    assert max(band.y) == pytest.approx(np.nanmax(1.1 * OWN[2:]) * 1.05)


def test_only_curves_that_are_there_are_drawn() -> None:
    assert not {"library", "expected"} & {trace.uid for trace in sensitivity(curves()).data}
    far = np.linspace(3000.0, 9000.0, 7)
    earlier = EarlierCurve(12, "2026-11-01 <EG 274>", far, np.full(7, 30.0))
    figure = sensitivity(curves(library=OWN, expected=2 * OWN, earlier=[earlier]))
    traces = {trace.uid: trace for trace in figure.data}
    assert np.array_equal(traces["earlier-12"].x, far)
    assert traces["earlier-12"].name == "2026-11-01 &lt;EG 274&gt;"
    assert np.array_equal(traces["expected"].y, 2 * OWN)
    assert figure.layout.yaxis.range[1] > 30
    assert tuple(figure.layout.xaxis.range) == (4000.0, 8000.0)
    assert figure.layout.yaxis.title.text == "Throughput (%)"


def test_names_last_in_the_browser() -> None:
    figure = sensitivity(curves())
    assert '"uid":"masked-0"' in figure.to_json(remove_uids=False)


def test_planes_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="length of its wavelengths"):
        sensitivity(curves(own=OWN[:-1]))
    with pytest.raises(ValueError, match="length of its wavelengths"):
        none = np.empty(0)
        sensitivity(Curves(none, none, none, none, none, "", ""))
