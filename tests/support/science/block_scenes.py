"""What each process block is given to work on, in the tests of its settings."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from reduction.blocks.extract import extract
from reduction.fits import frame_io
from reduction.flux.references.library import star_of
from reduction.frames import FrameKind
from reduction.registry import BlockInputs, CalibrationRole, all_blocks
from reduction.simulation import write_frame
from reduction.simulation.plan import NightPlan
from tests.support.goodman_frames import header, moffat, reduced, write
from tests.support.science import flat_series, reduce_inputs
from tests.support.truth.arcs import exposed
from tests.support.truth.standard_stars import Exposure, observed, published


def quiet(_step: str, _fraction: float) -> None:
    return None


@lru_cache
def biases() -> BlockInputs:
    folder = Path(tempfile.mkdtemp())
    rng = np.random.default_rng(1)
    shape = (flat_series.NY, flat_series.NX)
    return BlockInputs(
        members=tuple(
            write(folder / f"{n}.fits", 500 + rng.normal(0, 3, shape), header(OBSTYPE="BIAS"))
            for n in range(3)
        )
    )


@lru_cache
def flats() -> BlockInputs:
    return BlockInputs(
        members=flat_series.write_flats(Path(tempfile.mkdtemp()), [1.0, 1.1, 6.0, 1.0])
    )


@lru_cache
def raw() -> BlockInputs:
    frame = reduce_inputs.raw(np.random.default_rng(3))
    rows, columns = np.random.default_rng(4).integers((5, 30), (110, 2000), (120, 2)).T
    frame.data[rows, columns] += 4000  # cosmic rays
    return BlockInputs(
        frame=frame,
        file_name="0079_X.fits",
        master_bias=reduce_inputs.bias(),
        master_flat=reduce_inputs.flat(),
        names=reduce_inputs.NAMES,
    )


@lru_cache
def two_targets() -> BlockInputs:
    y, x = np.mgrid[:200, :900].astype(float)
    bend = 0.012 * (x - 450) + 1.2e-5 * (x - 450) ** 2
    light = 40 + 2000 * moffat(y, 70 + bend, 4.0) + 500 * moffat(y, 140 + bend, 4.0)
    return BlockInputs(
        frame=reduced(light, np.random.default_rng(5)), file_name="cfzst_0079_X.fits"
    )


@lru_cache
def spectrum_and_arc() -> BlockInputs:
    plan = NightPlan(3, "600_RED", n_bias=0, n_flat=0, n_science=1, rows=120)
    plan = replace(plan, flexure=4.0)
    made = {}
    for kind in ("science", "arc"):
        frame = exposed(plan, kind)
        with tempfile.TemporaryDirectory() as folder:
            opened = frame_io.read_raw(write_frame(frame, Path(folder)))
        if kind == "arc":  # a weak lamp, so that its lines scatter
            opened.data += np.random.default_rng(6).normal(0, 1600, opened.shape)
        inputs = BlockInputs(frame=opened, file_name=frame.file_name)
        [made[kind]] = all_blocks()["reduce"].run(
            inputs, all_blocks()["reduce"].settings(ignore_bias=True, ignore_flats=True), quiet
        )
    block = all_blocks()["extract"]
    given = BlockInputs(frame=made["science"].data, file_name=made["science"].file_name)
    target = extract(given, block.settings(), quiet)[0]
    return BlockInputs(
        frame=target.data,
        file_name=target.file_name,
        kind=FrameKind.SPECTRUM,
        arc=made["arc"].data,
        names={CalibrationRole.ARC: made["arc"].file_name},
    )


@lru_cache
def standard_star() -> BlockInputs:
    star = star_of("LTT 3218")
    assert star is not None
    seen = observed(published(star), Exposure(), np.random.default_rng(7))
    return BlockInputs(frame=seen, file_name="wecfzst_0079_LTT3218_ws_1.fits")
