"""The seconds of the reduction engine beside their goals and those of goodman-pipeline 3.1.0.

Seconds are the least of several runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from astropy.nddata import CCDData

from reduction.fits import frame_io
from reduction.frames import Product
from reduction.registry import BlockInputs, CalibrationRole
from reduction.simulation import simulate_night
from tests.support.bench.engine_night import run, sort_out, take
from tests.support.bench.table import peer_night, published, row

pytestmark = pytest.mark.bench

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
    names = {
        CalibrationRole.MASTER_BIAS: bias.file_name,
        CalibrationRole.MASTER_FLAT: flat.file_name,
    }
    given = {"master_bias": bias.data, "master_flat": flat.data, "names": names}

    def reduced(path: Path, method: str) -> Product:
        frame = frame_io.read_raw(path)
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
        names={CalibrationRole.ARC: lamp.file_name},
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
        row(f"{what}, {name}", f"{wall:.3f} s (CPU {cpu:.3f})", goal, published(peer))
        assert wall > 0


def master(block: str, members: list[Path], bias: Product | None) -> Product:
    given = {} if bias is None else {"master_bias": bias.data}
    return run(block, BlockInputs(members=tuple(members), **given))[0]  # type: ignore[arg-type]
