"""Make the figures of docs/reduction/extract.md that show growth curves and residuals of the sky.

They need the real frames of ``shared/data`` beside the checkout, and Chromium:

    .venv/bin/python -m tools.figures.sky
"""

from __future__ import annotations

import cv2
import numpy as np
import plotly.graph_objects as go
from astropy.nddata import CCDData
from plotly.subplots import make_subplots

from reduction.blocks.extract import ExtractSettings, extract
from reduction.blocks.subtract_sky import SubtractSkySettings, subtract_sky
from reduction.frames import Spectrum
from reduction.registry import BlockInputs
from reduction.simulation.sources import Source
from tests.support.truth.nights import Mode, quiet, science
from tests.support.truth.real_frames import reduced_standard
from tools.figures.night import save

WIDTHS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
PARTS = (("blue", "#1f77b4"), ("middle", "#2ca02c"), ("red", "#d62728"))


def spectrum_of(frame: CCDData, **chosen: object) -> Spectrum:
    """Extract the brightest target."""
    inputs = BlockInputs(frame=frame, file_name="cfzst_LTT3218.fits")
    spectrum = extract(inputs, ExtractSettings(**chosen), quiet)[0].data  # type: ignore[arg-type]
    assert isinstance(spectrum, Spectrum)
    return spectrum


def growth() -> go.Figure:
    """Growth curves of the real standard LTT3218, as they are and divided by 1 − loss."""
    frame = reduced_standard("blue").data
    assert isinstance(frame, CCDData)
    best = spectrum_of(frame)
    thirds = np.array_split(np.arange(60, best.flux.size - 60), len(PARTS))
    curves = np.empty((2, len(PARTS), len(WIDTHS)))
    for n, width in enumerate(WIDTHS):
        plain = spectrum_of(frame, extraction_type="fractional", aperture_width=width)
        assert plain.loss is not None
        for k, part in enumerate(thirds):
            curves[0, k, n] = np.nanmedian((plain.flux / best.flux)[part])
            curves[1, k, n] = np.nanmedian((plain.flux / (1 - plain.loss) / best.flux)[part])
    figure = make_subplots(1, 2, subplot_titles=("flux", "flux / (1 − loss)"))
    for column, values in enumerate(curves, start=1):
        for one, (name, colour) in zip(values, PARTS, strict=True):
            line = go.Scatter(x=WIDTHS, y=one, name=name, line_color=colour, showlegend=column == 1)
            figure.add_trace(line, 1, column)
    figure.update_xaxes(title_text="aperture width, FWHM")
    figure.update_yaxes(title_text="over the optimal flux", col=1)
    figure.update_yaxes(range=[0.97, 1.03], col=2)
    return figure


def residuals() -> go.Figure:
    """Residuals in sigmas of a frame with an extended source, and of a real frame."""
    wide = Source("wide", "star", 17.0, 60.0, 70.0, 2.5)
    frames = (
        ("simulated, a source of 10.5″", science(Mode(rows=700), 31, 0, (wide,)).frame),
        ("LTT3218, 18 December 2014", reduced_standard("red").data),
    )
    figure = make_subplots(2, 1, subplot_titles=[title for title, _ in frames])
    for row, (_, frame) in enumerate(frames, start=1):
        inputs = BlockInputs(frame=frame, file_name="cfzst_X.fits")
        _, sigma = subtract_sky(inputs, SubtractSkySettings(), quiet)
        assert isinstance(sigma.data, CCDData)
        # Means of some pixels, in units of their own error, fit the picture and show more.
        n_y, n_x = (side // step for side, step in zip(sigma.data.shape, (3, 5), strict=True))
        good = np.where(sigma.data.flags == 0, sigma.data.data, 0).astype(np.float32)
        small = cv2.resize(good, (n_x, n_y), interpolation=cv2.INTER_AREA) * np.sqrt(15)
        figure.add_trace(
            go.Heatmap(
                z=np.round(np.clip(small, -5, 5)),
                zmin=-5,
                zmax=5,
                x0=0,
                dx=5,
                y0=0,
                dy=3,
                colorscale="RdBu_r",
                showscale=row == 1,
                colorbar_title="σ",
            ),
            row,
            1,
        )
    figure.update_yaxes(title_text="row")
    figure.update_xaxes(title_text="column", row=2)
    return figure


def main() -> None:
    """Make both figures."""
    save({"extract-growth": growth(), "extract-residuals": residuals()})


if __name__ == "__main__":
    main()
