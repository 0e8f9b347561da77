"""Make the figures of docs/reduction/flux.md about sensitivities.

They need the real frames of ``shared/data`` beside the checkout, and Chromium:

    .venv/bin/python -m tools.figures.sensitivity
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from reduction.astrometry.airmass import airmass_of
from reduction.flux.references.library import star_of
from reduction.flux.response.response import Response, measure
from reduction.flux.response.throughput import throughput
from reduction.frames import Spectrum
from tests.support.science import standard_nights
from tests.support.truth.real_frames import calibrated_standard
from tools.figures.night import save

COLOURS = {"one star": "#1f77b4", "site library": "#2ca02c", "PypeIt": "#d62728"}
RANGES = {"400_M1": (3700, 6900), "400_M2": (5100, 8850)}
STEP = 100.0


def response_of(setting: str) -> Response:
    """Measure the response with LTT 3218 in a setting of December 2014."""
    spectrum, star = calibrated_standard(setting).data, star_of("LTT 3218")
    assert isinstance(spectrum, Spectrum)
    assert star is not None
    airmass = airmass_of(spectrum.header)
    assert airmass is not None
    return measure(spectrum, star, airmass)


def fit() -> go.Figure:
    """Measured points, the fit and its residuals, as throughput."""
    figure = make_subplots(
        2,
        2,
        shared_xaxes=True,
        row_heights=[0.7, 0.3],
        vertical_spacing=0.06,
        subplot_titles=[f"LTT 3218, 930 lines, {setting}" for setting in ("blue", "red")],
    )
    for column, setting in enumerate(("blue", "red"), start=1):
        found = response_of(setting)
        used = np.isfinite(found.points) & (found.masked == 0)
        masked = np.isfinite(found.points) & (found.masked != 0)
        measured = throughput(found.wavelength, found.points)
        for chosen, name, colour in ((used, "used", "#1f77b4"), (masked, "masked", "#bbbbbb")):
            marker = {"size": 4, "color": colour}
            for row, values in ((1, measured), (2, found.residual)):
                figure.add_trace(
                    go.Scatter(
                        x=found.wavelength[chosen],
                        y=values[chosen],
                        mode="markers",
                        name=name,
                        marker=marker,
                        showlegend=column == row == 1,
                    ),
                    row,
                    column,
                )
        curve = throughput(found.wavelength, found.sensitivity)
        figure.add_trace(
            go.Scatter(
                x=found.wavelength,
                y=curve,
                name="fit",
                line={"color": "#111111", "width": 1.5},
                showlegend=column == 1,
            ),
            1,
            column,
        )
    figure.update_yaxes(title_text="throughput", range=[0, 0.45], row=1, col=1)
    figure.update_yaxes(range=[0, 0.45], row=1, col=2)
    figure.update_yaxes(range=[-0.1, 0.1], row=2)
    figure.update_yaxes(title_text="mag", row=2, col=1)
    figure.update_xaxes(title_text="wavelength, Å", row=2)
    return figure


def nights() -> go.Figure:
    """Scatter of the shape between nights: one star, site library, and the fits of PypeIt."""
    figure = make_subplots(1, 2, subplot_titles=list(RANGES))
    for column, (mode, (first, last)) in enumerate(RANGES.items(), start=1):
        at = np.arange(first, last + 1, STEP)
        for name, residuals in (
            ("one star", standard_nights.one_star),
            ("site library", standard_nights.with_library),
            ("PypeIt", standard_nights.stored_fits),
        ):
            figure.add_trace(
                go.Scatter(
                    x=at,
                    y=standard_nights.scatter(residuals(mode, at)),
                    name=name,
                    line_color=COLOURS[name],
                    showlegend=column == 1,
                ),
                1,
                column,
            )
    figure.update_yaxes(range=[0, 0.25])
    figure.update_yaxes(title_text="scatter, mag", col=1)
    figure.update_xaxes(title_text="wavelength, Å")
    return figure


def main() -> None:
    """Make both figures."""
    save({"flux-sensitivity": fit(), "flux-nights": nights()})


if __name__ == "__main__":
    main()
