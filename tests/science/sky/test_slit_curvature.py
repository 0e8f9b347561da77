"""Tilt and curvature of the slit's image, against what made it."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.simulation.sources import Source
from reduction.sky.slit_curvature import measure_curvature
from tests.support.truth.nights import Mode, science

SHAPE = (300, 1200)


def scene(
    seed: int, brightness: float, tilt: float, bow: float, change: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gaussian lines that follow a known displacement; return data, variance, displacement."""
    rng = np.random.default_rng(seed)
    y, x = (2 * np.arange(n) / (n - 1) - 1 for n in SHAPE)
    moved = tilt * y[:, None] + bow * y[:, None] ** 2 + change * y[:, None] * x
    light = np.full(SHAPE, 20.0)
    columns = np.arange(SHAPE[1])
    for line in rng.uniform(20, SHAPE[1] - 20, 30):
        at = columns - line - moved
        light += brightness * rng.uniform(0.1, 1) * np.exp(-0.5 * (at / 1.4) ** 2)
    light *= 1 + 0.1 * y[:, None]
    variance = light + 16.0
    return rng.normal(light, np.sqrt(variance)), variance, moved


@pytest.mark.parametrize("change", [0.0, 0.8])
@pytest.mark.parametrize(("tilt", "bow"), [(-2.0, 0.4), (0.5, 0.0), (6.0, -1.5), (0.0, 1.0)])
def test_the_displacement_is_found(tilt: float, bow: float, change: float) -> None:
    data, variance, moved = scene(1, 400.0, tilt, bow, change)
    usable = np.random.default_rng(2).random(SHAPE) > 0.005
    data[~usable] = 5e4
    free = np.ones(SHAPE[0], dtype=bool)
    free[120:180] = False
    data[~free] += 3000
    found = measure_curvature(data, variance, usable, free)
    assert found is not None
    rows, columns = np.arange(SHAPE[0])[:, None], np.arange(SHAPE[1])
    off = found.shift(rows, columns) - moved
    assert np.abs(off - off[150, 600]).max() < 0.03 + 0.005 * np.ptp(moved)
    error = np.sqrt(found.variance_between(np.zeros(1), np.full(1, 299.0), np.full(1, 600.0)))[0]
    assert abs((off[299] - off[0])[600]) < 5 * error + 0.01


def test_a_sky_without_lines_shows_no_tilt() -> None:
    for seed in range(5):
        data, variance, _ = scene(seed, 0.0, -2.0, 0.4, 0.0)
        usable, free = np.ones(SHAPE, dtype=bool), np.ones(SHAPE[0], dtype=bool)
        assert measure_curvature(data, variance, usable, free) is None


def test_the_tilt_of_a_simulated_frame_is_found() -> None:
    reduced = science(Mode(), 31, 0, (Source("s", "star", 17.0, 20.0, 6.5),))
    frame = reduced.frame
    rows = np.arange(frame.shape[0])
    target = float(np.median(reduced.truth.sources[0].trace)) - reduced.origin[1]
    found = measure_curvature(
        frame.data, frame.uncertainty.array, frame.flags == 0, np.abs(rows - target) > 15
    )
    assert found is not None
    truth = reduced.truth.row_shift[reduced.origin[1] + rows] / reduced.truth.binning[0]
    off = found.shift(rows, np.full(rows.size, frame.shape[1] / 2)) - truth
    assert np.ptp(off) < 0.03
    assert np.ptp(truth) > 1
