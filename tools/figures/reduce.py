"""Draw the figures of docs/reduction/reduce.md that show real frames.

Run from the project's folder: ``.venv/bin/python -m tools.figures.reduce``. The frames
are read from ``shared/data`` beside the checkout.
"""

from __future__ import annotations

import cv2
import numpy as np
import plotly.graph_objects as go
from astropy.nddata import CCDData
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from reduction.blocks.master_bias import MasterBiasSettings, master_bias
from reduction.blocks.master_flat import MasterFlatSettings, master_flat
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.detector import geometry, overscan, read_noise
from reduction.fits import frame_io
from reduction.fits.frame_io import flags_of, variance_of
from reduction.frames import PixelFlag
from reduction.registry import BlockInputs
from tests.support.paths import REAL_NIGHT
from tests.support.truth.nights import quiet
from tools.figures.night import save

GAIN = 1.4
ROWS, COLUMNS = slice(35, 120), slice(720, 830)


def _science(method: str) -> list[CCDData]:
    """Reduce the five exposures of the supernova AT2018oh."""
    biases, flats = (tuple(sorted(REAL_NIGHT.glob(name))) for name in ("*Zero*", "*QuFlat*"))
    [bias] = master_bias(BlockInputs(members=biases), MasterBiasSettings(minimum=2), quiet)
    assert isinstance(bias.data, CCDData)
    [flat] = master_flat(
        BlockInputs(members=flats, master_bias=bias.data), MasterFlatSettings(minimum=2), quiet
    )
    assert isinstance(flat.data, CCDData)
    frames = []
    for path in sorted(REAL_NIGHT.glob("*AT2018oh*")):
        inputs = BlockInputs(
            frame=frame_io.read_raw(path),
            file_name=path.name,
            master_bias=bias.data,
            master_flat=flat.data,
        )
        [product] = reduce(inputs, ReduceSettings(cosmic_rays=method), quiet)  # type: ignore[arg-type]
        assert isinstance(product.data, CCDData)
        frames.append(product.data)
    return frames


def _deviation(frames: list[CCDData], number: int) -> NDArray[np.floating]:
    """Return by how many sigmas a frame is above the median of the others, scaled to it."""
    others = np.array([one.data for n, one in enumerate(frames) if n != number])
    reference = np.median(others, axis=0)
    smooth, level = (cv2.boxFilter(one, -1, (101, 1)) for one in (frames[number].data, reference))
    scale = np.where(level > 50, smooth / np.maximum(level, 1), 1)
    variance = np.median([variance_of(one) for one in frames], axis=0)
    return np.asarray((frames[number].data - scale * reference) / np.sqrt(1.3 * variance))


def _image(values: NDArray[np.floating], low: float, high: float) -> go.Heatmap:
    return go.Heatmap(z=values, zmin=low, zmax=high, colorscale="Greys_r", showscale=False)


def cosmic_rays() -> go.Figure:
    """Draw a real exposure, by how much it exceeds the four others, and what was flagged in it."""
    plain, number = _science("none"), 3
    found = (flags_of(_science("lacosmic")[number]) & PixelFlag.COSMIC_RAY) != 0
    cut = (ROWS, COLUMNS)
    titles = (
        "one of five exposures of 240 s",
        "excess over the four others, σ",
        "flagged in this exposure alone",
    )
    figure = make_subplots(1, 3, subplot_titles=titles, horizontal_spacing=0.02)
    figure.add_trace(_image(plain[number].data[cut], 0, 400), row=1, col=1)
    figure.add_trace(_image(_deviation(plain, number)[cut], -3, 12), row=1, col=2)
    figure.add_trace(_image(found[cut].astype(float), 0, 1), row=1, col=3)
    figure.update_xaxes(showticklabels=False)
    figure.update_yaxes(showticklabels=False)
    return figure


def noise() -> go.Figure:
    """Draw level and read noise of the real biases: from medians, and from the core."""
    paths = sorted(REAL_NIGHT.glob("*Zero*"))
    levels: dict[str, list[float]] = {"median": [], "core": []}
    noises: dict[str, list[float]] = {"median": [], "core": []}
    for path in paths:
        frame = frame_io.read_raw(path)
        section = geometry.overscan_section(frame.meta, frame.shape)
        assert section is not None
        counts = frame.data[section.slices]
        scatter, level = overscan.scatter(counts), overscan.level(counts)
        assert scatter is not None
        assert level is not None
        levels["median"].append(float(np.median(counts)))
        levels["core"].append(level)
        deviation = np.median(np.abs(counts - np.median(counts, axis=0)))
        noises["median"].append(1.4826 * GAIN * float(deviation))
        noises["core"].append(GAIN * scatter.adu)
    figure = make_subplots(
        1, 2, subplot_titles=("level of the overscan, ADU", "read noise of the overscan, e⁻")
    )
    names = {"median": "median, and median deviation", "core": "core of the distribution"}
    colours = {"median": "#999999", "core": "#1f77b4"}
    for column, values in enumerate((levels, noises), start=1):
        for kind, series in values.items():
            figure.add_scatter(
                y=series,
                mode="markers+lines",
                name=names[kind],
                line={"color": colours[kind]},
                showlegend=column == 1,
                row=1,
                col=column,
            )
    pairs = read_noise.of_pairs(paths, GAIN)
    figure.add_hline(y=pairs, line={"dash": "dot"}, row=1, col=2, annotation_text="bias pairs")
    figure.add_hline(y=4.74, line={"dash": "dash"}, row=1, col=2, annotation_text="header")
    figure.update_xaxes(title_text="bias frame of 2018-02-04")
    return figure


def main() -> None:
    """Draw all figures."""
    save({"reduce-cosmic-rays": cosmic_rays(), "reduce-read-noise": noise()})


if __name__ == "__main__":
    main()
