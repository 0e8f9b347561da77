"""Draw the figures of docs/reduction/reduce.md and extract.md from simulated frames.

Run from the project's folder: ``.venv/bin/python -m tools.figures.night``. Needs the browser that
``tools/provide_test_machine`` installs: Plotly draws in it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from playwright.sync_api import sync_playwright
from plotly.subplots import make_subplots

from reduction.blocks.extract import ExtractSettings, extract
from reduction.extraction import profile_alignment, slit_profiles, targets, tracing
from reduction.fits import frame_io
from reduction.frames import PixelFlag, Spectrum
from reduction.registry import BlockInputs
from reduction.simulation.sources import Source
from tests.support.browser_window import chromium_path
from tests.support.truth.accuracy import expected_electrons
from tests.support.truth.nights import Mode, Reduced, expose_science, quiet, reduce_frame

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
WIDTH, HEIGHT = 900, 380
SCENE = (
    Source("target", "star", 15.5, -5, 6.5),
    Source("neighbour", "white dwarf", 16.5, 13, 6.5),
)


def save(figures: dict[str, go.Figure]) -> None:
    """Draw figures in a browser and write them as small PNG files."""
    with sync_playwright() as play, tempfile.TemporaryDirectory() as folder:
        browser = play.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for name, figure in figures.items():
            figure.update_layout(
                width=WIDTH,
                height=HEIGHT,
                template="plotly_white",
                margin={"l": 60, "r": 15, "t": 35, "b": 45},
                font={"size": 12},
            )
            sheet = Path(folder) / f"{name}.html"
            figure.write_html(sheet, include_plotlyjs=True, config={"staticPlot": True})
            page.goto(sheet.as_uri())
            page.wait_for_selector(".main-svg")
            page.screenshot(
                path=IMAGES / f"{name}.png",
                clip={
                    "x": 0,
                    "y": 0,
                    "width": WIDTH,
                    "height": HEIGHT,
                },
            )
        browser.close()


def heat(values: np.ndarray) -> go.Heatmap:
    """Return an image between its 1st and 96th percentile."""
    low, high = np.nanpercentile(values, [1, 96])
    return go.Heatmap(z=values, zmin=low, zmax=high, colorscale="Greys_r", showscale=False)


def steps(raw: np.ndarray, reduced: Reduced) -> go.Figure:
    """Draw a cut of the raw frame, of the reduced one, and of the cosmic rays marked in it."""
    frame = reduced.frame
    x0, y0 = reduced.origin
    rows, columns = slice(100, 300), slice(700, 1500)
    cosmic = (frame_io.flags_of(frame)[rows, columns] & PixelFlag.COSMIC_RAY) != 0
    cut = raw[y0 + rows.start : y0 + rows.stop, x0 + columns.start : x0 + columns.stop]
    figure = make_subplots(
        1,
        3,
        subplot_titles=("raw, ADU", "reduced, electrons", "cosmic-ray mask"),
        horizontal_spacing=0.04,
    )
    y, x = np.nonzero(cosmic)
    for number, image in enumerate((cut, frame.data[rows, columns]), 1):
        figure.add_trace(heat(image), 1, number)
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"size": 2, "color": "black"},
        showlegend=False,
        row=1,
        col=3,
    )
    for number in (1, 2, 3):
        figure.update_yaxes(range=[0, cosmic.shape[0]], row=1, col=number)
        figure.update_xaxes(title="column", row=1, col=number)
    return figure


def profile(reduced: Reduced) -> go.Figure:
    """Draw the aligned slit profile, its targets and what is modelled of each."""
    frame = reduced.frame
    variance = frame_io.variance_of(frame)
    assert variance is not None
    blocks = slit_profiles.make_blocks(frame.data, variance, frame_io.flags_of(frame) != 0)
    bend = profile_alignment.common_bend(blocks)
    mean, noise = profile_alignment.aligned_profile(blocks, bend)
    found = targets.find_targets(mean, noise, threshold=5, max_targets=3)
    traces, _ = tracing.follow(blocks, bend, found, 2, model="moffat")
    middle = len(blocks.columns) // 2
    x = blocks.columns[middle]
    rows = np.arange(mean.size)
    shown = slit_profiles.without_background(blocks.means)[middle]
    figure = go.Figure()
    figure.add_scatter(x=rows, y=shown, mode="markers", name="64 columns", marker={"size": 5})
    total = np.zeros(mean.size)
    for number, trace in enumerate(traces, 1):
        light = trace.light[middle] * trace.shape.pixels(rows - trace.polynomial(x))
        total += light
        figure.add_scatter(x=rows, y=light, name=f"target {number}")
    figure.add_scatter(x=rows, y=total, name="sum", line={"dash": "dot", "color": "black"})
    centre = float(traces[0].polynomial(x))
    figure.update_xaxes(title="row", range=[centre - 20, centre + 30])
    figure.update_yaxes(title="electrons per column")
    return figure


def truth(reduced: Reduced) -> go.Figure:
    """Draw the extracted light over the truth, of both kinds of extraction."""
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.08)
    for kind, colour in (("fractional", "#b0b0b0"), ("optimal", "#1f77b4")):
        [product] = extract(
            BlockInputs(frame=reduced.frame, file_name="x.fits"),
            ExtractSettings(extraction_type=kind, max_targets=1),
            quiet,
        )
        spectrum = product.data
        assert isinstance(spectrum, Spectrum)
        expected = expected_electrons(reduced, reduced.truth.sources[0])
        flux = spectrum.flux / (1 - float(product.quality["aperture_loss"]))
        figure.add_scatter(y=flux, name=kind, line={"color": colour, "width": 1}, row=1, col=1)
        figure.add_scatter(
            y=flux / expected,
            mode="markers",
            marker={"color": colour, "size": 2},
            showlegend=False,
            row=2,
            col=1,
        )
    figure.update_yaxes(title="electrons", row=1, col=1)
    figure.update_yaxes(title="over truth", range=[0.7, 1.3], row=2, col=1)
    figure.update_xaxes(title="column", row=2, col=1)
    return figure


def main() -> None:
    """Make every figure."""
    mode = Mode()
    raw = expose_science(mode, 21, 0, SCENE)
    both = reduce_frame(mode, raw)
    faint = reduce_frame(mode, expose_science(mode, 22, 0, (Source("t", "star", 18.5, 10, 6.5),)))
    save(
        {
            "reduce-steps": steps(raw.data, both),
            "extract-profile": profile(both),
            "extract-truth": truth(faint),
        }
    )


if __name__ == "__main__":
    main()
