"""Draw the figures of docs/reduction/masters.md and imaging.md, and that of a nebula in extract.md.

Run from the project's folder: ``.venv/bin/python -m tools.figures.master``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from astropy.nddata import CCDData
from plotly.subplots import make_subplots

from reduction.blocks.master_bias import MasterBiasSettings, master_bias
from reduction.blocks.master_flat import MasterFlatSettings, master_flat
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.detector.flatfield import fit_colour
from reduction.extraction import identification, targets
from reduction.extraction.profile_alignment import common_bend
from reduction.fits.frame_io import flags_of
from reduction.frames import PixelFlag
from reduction.registry import BlockInputs
from reduction.simulation import frames, write_frame
from reduction.simulation.sources import Source
from tests.support.goodman_frames import header
from tests.support.science.star_field import raw_frame, star_field
from tests.support.truth.nights import Mode, expose_science, quiet, reduce_frame
from tools.figures.night import heat, save

N_MEMBERS = 20


def masters() -> go.Figure:
    """Draw how the noise of a master bias falls, and what normalising takes out of a flat."""
    plan = Mode(rows=120).plan(5, n_bias=N_MEMBERS, n_flat=5, n_science=0)
    figure = make_subplots(
        1, 2, subplot_titles=("noise of a master bias, ADU", "master flat along the dispersion")
    )
    with tempfile.TemporaryDirectory() as folder:
        paths: dict[str, list[Path]] = {"bias": [], "flat": []}
        for frame in frames(plan):
            paths[frame.truth.kind].append(write_frame(frame, Path(folder)))
        counts = [5, 8, 12, N_MEMBERS]
        told = [_told(paths["bias"][:n]) for n in counts]
        half = [5, 8, 10]
        seen = [float(np.std(_difference(paths["bias"], n))) / np.sqrt(2) for n in half]
        flat = {}
        for method in ("mean", "simple"):
            settings = MasterFlatSettings(minimum=2, normalization=method)
            [product] = master_flat(BlockInputs(members=tuple(paths["flat"])), settings, quiet)
            assert isinstance(product.data, CCDData)
            flat[method] = np.median(product.data.data[20:-20], axis=0)
    figure.add_scatter(x=counts, y=told, name="stated by its variance", row=1, col=1)
    figure.add_scatter(x=half, y=seen, mode="markers", name="between two masters", row=1, col=1)
    camera = plan.detector("bias").camera
    noise = camera.rdnoise / camera.gain / np.sqrt(counts)
    figure.add_scatter(
        x=counts, y=noise, name="read noise / √N", line={"dash": "dot"}, row=1, col=1
    )
    figure.add_scatter(y=flat["mean"], name="combined (mean)", row=1, col=2)
    figure.add_scatter(y=fit_colour(flat["mean"], 15), name="Chebyshev, order 15", row=1, col=2)
    figure.add_scatter(y=flat["simple"], name="normalised (simple)", row=1, col=2)
    figure.update_xaxes(title="frames", row=1, col=1)
    figure.update_xaxes(title="column", row=1, col=2)
    return figure


def _bias(members: list[Path]) -> np.ndarray:
    [product] = master_bias(
        BlockInputs(members=tuple(members)), MasterBiasSettings(minimum=2), quiet
    )
    assert isinstance(product.data, CCDData)
    return np.asarray(product.data.data, dtype=float)


def _difference(members: list[Path], n: int) -> np.ndarray:
    """Return a master of the first `n` frames less one of the last."""
    return np.asarray((_bias(members[:n]) - _bias(members[-n:]))[5:-5, 60:-60])


def _told(members: list[Path]) -> float:
    [product] = master_bias(
        BlockInputs(members=tuple(members)), MasterBiasSettings(minimum=2), quiet
    )
    return float(product.quality["noise_adu"])


def imaging() -> go.Figure:
    """Draw an image before and after, and the cosmic rays found in it."""
    shape = (220, 300)
    scene, _ = star_field(3, shape, 15)
    rng = np.random.default_rng(4)
    electrons = rng.poisson(scene) + rng.normal(0, 3.89, shape)
    rays = rng.integers(10, 210, (40, 2))
    electrons[rays[:, 0], rays[:, 1]] += 3000
    cards = header(
        OBSTYPE="EXPOSE",
        GRATING="NO_GRATING",
        SLIT="NO_MASK",
        WAVMODE="Imaging",
        ROI="Imaging 2x2",
        FILTER="r-SDSS",
        FILTER2="NO_FILTER",
        CAM_TARG=0.0,
        GRT_TARG=0.0,
    )
    raw = raw_frame(400 + electrons / 1.48, cards)
    [product] = reduce(
        BlockInputs(frame=raw, file_name="x.fits"), ReduceSettings(cosmic_rays="lacosmic"), quiet
    )
    assert isinstance(product.data, CCDData)
    marked = (flags_of(product.data) & PixelFlag.COSMIC_RAY) != 0
    figure = make_subplots(
        1,
        3,
        subplot_titles=("raw, ADU", "reduced, electrons", "cosmic-ray mask"),
        horizontal_spacing=0.04,
    )
    for number, image in enumerate((raw.data, product.data.data), 1):
        figure.add_trace(heat(np.asarray(image)), 1, number)
    y, x = np.nonzero(marked)
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"size": 3, "color": "black"},
        showlegend=False,
        row=1,
        col=3,
    )
    for number in (1, 2, 3):
        figure.update_yaxes(range=[0, shape[0]], row=1, col=number)
    return figure


def nebula() -> go.Figure:
    """Draw the cells of a frame with a nebula, and where its lines were found."""
    mode = Mode()
    scene = (Source("nebula", "nebula", 24.5, 20, 6.5), Source("star", "star", 17.5, -60, 6.5))
    reduced = reduce_frame(mode, expose_science(mode, 21, 0, scene))
    blocks = identification.blocks_of(reduced.frame)
    bend = common_bend(blocks)
    found = targets.targets_in(blocks, bend, threshold=5.0, max_targets=3)
    figure = go.Figure(heat(blocks.cells.light))
    for target in found:
        place = target.centre + bend(blocks.cells.columns)
        name = "emission lines only" if target.lines else "continuum"
        figure.add_scatter(y=place, name=name, line={"width": 1, "dash": "dot"})
    figure.update_xaxes(title="cell")
    figure.update_yaxes(title="row", range=[80, 260])
    return figure


def main() -> None:
    """Make every figure."""
    save({"masters": masters(), "imaging": imaging(), "extract-nebula": nebula()})


if __name__ == "__main__":
    main()
