"""The numbers of the reduction engine beside their goals and those of goodman-pipeline 3.1.0.

Seconds are the least of several runs. Its own figures are those that `make bench-peer` measured on
this machine, else those published with the goals ("–" where there are none).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.nddata import CCDData

from reduction import fitsio
from reduction.frames import Product
from reduction.registry import BlockInputs, Need
from reduction.simulation import simulate_night
from reduction.simulation.sources import Source
from tests.bench.engine_night import run, sort_out, take
from tests.bench.table import row
from tests.truth import cosmic_rays
from tests.truth.accuracy import Accuracy, measure
from tests.truth.nights import Mode, science

pytestmark = pytest.mark.bench

PEER = Path(__file__).resolve().parents[2] / "var" / "bench-peer.json"
REPEATS = 5


def least(do: Callable[[], object]) -> tuple[float, float]:
    """Return the least wall and CPU seconds of several runs, after one that warms up."""
    do()
    walls, cpus = [], []
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        do()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def peer_night(binning: str, published: str) -> str:
    """Say what the peer took for a night: measured here, else published."""
    if not PEER.is_file():
        return f"{published} (published; `make bench-peer` measures it)"
    took = json.loads(PEER.read_text())[binning]
    steps = [took["redccd"], took["redspec"]]
    wall, size = sum(s["wall"] for s in steps), max(s["peak_mb"] for s in steps)
    failed = "".join(" failed: " + s["complaint"][-80:] for s in steps if s["complaint"])
    return f"{wall:.1f} s, {size / 1024:.1f} GB, {took['spectra']} spectra{failed}"


@pytest.fixture(scope="module", autouse=True)
def heading() -> None:
    print()
    row("", "GSP Live", "goal", "goodman-pipeline 3.1.0")


NIGHTS = {"2x2": ((2, 2), "lacosmic", 11), "1x1": ((1, 1), "dcr", 10)}


@pytest.mark.parametrize("name", NIGHTS)
def test_a_night(name: str, tmp_path: Path) -> None:
    binning, cosmic, n_bias = NIGHTS[name]
    raws = simulate_night(tmp_path / "raw", seed=7, binning=binning, n_bias=n_bias)
    took = take(raws, tmp_path / "products", cosmic)
    goal = {"2x2": "4 s, 1 GB a worker", "1x1": "13 s, 2 GB a worker"}[name]
    published = {"2x2": "20 s, 1.8 GB", "1x1": "52 s, 6.2 GB"}[name]
    row(
        f"night of {took.frames} frames {name}, all blocks ({cosmic})",
        f"{took.wall:.2f} s, {took.peak_mb / 1024:.2f} GB",
        goal,
        peer_night(name, published),
    )
    assert took.spectra >= 3


@pytest.mark.parametrize("name", NIGHTS)
def test_single_steps(name: str, tmp_path: Path) -> None:
    binning = NIGHTS[name][0]
    roles = sort_out(simulate_night(tmp_path, seed=7, binning=binning, n_bias=12, n_flat=12))
    bias = master("master_bias", roles["BIAS"], None)
    flat = master("master_flat", roles["FLAT"], bias)
    names = {Need.MASTER_BIAS: bias.file_name, Need.MASTER_FLAT: flat.file_name}
    given = {"master_bias": bias.data, "master_flat": flat.data, "names": names}

    def reduced(path: Path, method: str) -> Product:
        frame = fitsio.read_raw(path)
        inputs = BlockInputs(frame=frame, file_name=path.name, **given)  # type: ignore[arg-type]
        return run("reduce", inputs, cosmic_rays=method)[0]

    target, lamp = reduced(roles["OBJECT"][1], "lacosmic"), reduced(roles["COMP"][1], "none")
    assert isinstance(lamp.data, CCDData)
    extracting = BlockInputs(frame=target.data, file_name=target.file_name)
    [spectrum, *_] = run("extract", extracting)
    solving = BlockInputs(
        frame=spectrum.data,
        file_name=spectrum.file_name,
        arc=lamp.data,
        names={Need.ARC: lamp.file_name},
    )
    small = name == "2x2"
    steps: list[tuple[str, Callable[[], object], str, str]] = [
        (
            "Reduce with lacosmic",
            lambda: reduced(roles["OBJECT"][1], "lacosmic"),
            "0.20 s" if small else "1.0 s",
            "1.11 s" if small else "5.3 s",
        ),
        ("Reduce with dcr", lambda: reduced(roles["OBJECT"][1], "dcr"), "–", "–"),
        (
            "Extract",
            lambda: run("extract", extracting),
            "0.04 s" if small else "0.10 s",
            "0.11 s" if small else "0.26 s",
        ),
        ("Wavelength", lambda: run("wavelength", solving), "0.04 s", "0.62 s"),
        (
            "master bias of 12",
            lambda: master("master_bias", roles["BIAS"], None),
            "0.4 s" if small else "–",
            "4.8 s" if small else "–",
        ),
        (
            "master flat of 12",
            lambda: master("master_flat", roles["FLAT"], bias),
            "0.4 s" if small else "–",
            "4.6 s" if small else "–",
        ),
    ]
    for what, do, goal, peer in steps:
        wall, cpu = least(do)
        row(f"{what}, {name}", f"{wall:.3f} s (CPU {cpu:.3f})", goal, peer)
        assert wall > 0


def master(block: str, members: list[Path], bias: Product | None) -> Product:
    given = {} if bias is None else {"master_bias": bias.data}
    return run(block, BlockInputs(members=tuple(members), **given))[0]  # type: ignore[arg-type]


def test_cosmic_rays() -> None:
    mode = replace(Mode(), rows=800)
    seen = cosmic_rays.count(science(mode, seed, index) for seed in (1, 2, 3) for index in range(3))
    row("cosmic rays > 5 sigma, 2x2: found", f"{seen.completeness:.3f}", "0.95", "0.92 / 0.06–0.16")
    row("  of those marked, true", f"{seen.purity:.4f}", "0.995", "0.996")
    row("  found on a source", f"{seen.completeness_on_source:.3f}", "0.85", "0.60–0.78")
    row("  clean source pixels touched", f"{seen.eaten:.3%}", "0.1 %", "–")
    assert seen.marked > 1000


def extracted(scene: tuple[Source, ...], kind: str) -> list[Accuracy]:
    """Expose, reduce and extract a scene with several seeds; compare with the truth."""
    seen: list[Accuracy] = []
    for seed in (1, 2, 3):
        reduced = science(Mode(), seed, 0, scene)
        inputs = BlockInputs(frame=reduced.frame, file_name=reduced.product.file_name)
        found = [
            measure(reduced, product) for product in run("extract", inputs, extraction_type=kind)
        ]
        seen += [one for one in found if one is not None]
    return seen


def test_extraction() -> None:
    bright, faint = Source("t", "star", 15.0, 20, 6.5), Source("t", "star", 19.3, 20, 6.5)
    second = Source("second", "star", 16.807, 55, 6.5)
    optimal = extracted((bright,), "optimal")
    plain = extracted((bright,), "fractional")
    dim = extracted((faint,), "optimal")
    pair = [
        one
        for one in extracted((Source("t", "star", 15.5, -15, 6.5), second), "optimal")
        if one.name == "second"
    ]

    def typical(values: list[float]) -> float:
        return float(np.mean(values))

    row("flux of the source, optimal", f"{typical([o.flux for o in optimal]):.3f}", "1.00 ± 0.01",
        "0.92")  # fmt: skip
    fractional = f"{typical([o.flux for o in plain]):.3f}"
    row("  fractional, over what its stated loss leaves", fractional, "1.00 ± 0.01", "–")
    row("noise over the ideal extraction", f"{typical([o.noise for o in optimal]):.3f}", "1.03",
        "1.04–1.10")  # fmt: skip
    row("  faint", f"{typical([o.noise for o in dim]):.3f}", "1.06", "1.18–1.21")
    row("second source, 30 % flux, 70 px away", f"{typical([o.flux for o in pair]):.3f}",
        "0.97–1.03", "0.63–0.80")  # fmt: skip
    row("pulls, standard deviation", f"{typical([o.pull for o in optimal]):.3f}", "0.9–1.1", "no σ")
    row("trace, worst", f"{max(o.trace for o in optimal):.3f} px", "0.2 px", "1.0 px")
    assert optimal
    assert plain
    assert dim
    assert pair
