"""Resampling keeps counts, carries noise honestly, and never invents what is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reduction.frames import PixelFlag
from reduction.wavelength.resample import linear_grid, resample

Array = np.ndarray[Any, Any]


def curved_edges(n: int) -> Array:
    x = np.arange(n + 1.0)
    return 3500 + 0.84 * x + 4e-6 * x**2


def on_linear_grid(
    flux: Array, variance: Array, flags: Array, edges: Array, step: float = 0.0
) -> tuple[Array, Array, Array, Array]:
    first, step, n = linear_grid(edges, step)
    new_edges = first + step * (np.arange(n + 1) - 0.5)
    return (*resample(flux, variance, flags, edges, new_edges), new_edges)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), step=st.sampled_from([0.0, 0.3, 0.84, 1.7, 12.5]))
def test_counts_are_kept(seed: int, step: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(50, 400))
    edges = curved_edges(n)
    flux = rng.normal(1000, 300, n)
    out, _, flags, new_edges = on_linear_grid(flux, np.ones(n), np.zeros(n, np.uint8), edges, step)
    # what the new axis leaves off at its two ends is all that may be missing
    inside = np.interp(new_edges[[0, -1]], edges, np.concatenate([[0], np.cumsum(flux)]))
    np.testing.assert_allclose(out.sum(), inside[1] - inside[0], rtol=1e-9)
    assert not flags.any()


def test_a_line_keeps_its_place_and_strength() -> None:
    n, centre, sigma = 400, 3668.37, 1.6
    edges = curved_edges(n)
    from scipy.special import erf

    flux = 0.5e5 * np.diff(erf((edges - centre) / sigma / np.sqrt(2)))
    out, _, _, new = on_linear_grid(flux, np.ones(n), np.zeros(n, np.uint8), edges)
    middle = 0.5 * (new[1:] + new[:-1])
    assert out.sum() == pytest.approx(1e5, rel=1e-6)
    assert (out * middle).sum() / out.sum() == pytest.approx(centre, abs=0.01)


def test_variance_is_that_of_the_resampled_pixels() -> None:
    rng = np.random.default_rng(3)
    n, n_trials = 200, 3000
    edges = curved_edges(n)
    noise = np.linspace(1, 5, n)
    zero = np.zeros(n, np.uint8)
    drawn = np.array(
        [on_linear_grid(rng.normal(0, noise), noise**2, zero, edges)[0] for _ in range(n_trials)]
    )
    _, variance, _, _ = on_linear_grid(np.zeros(n), noise**2, zero, edges)
    ratio = drawn.var(axis=0) / variance
    assert abs(ratio.mean() - 1) < 0.02
    assert np.all(abs(ratio - 1) < 6 * np.sqrt(2 / n_trials))


def test_unknown_pixels_stay_unknown_and_do_not_spread() -> None:
    n = 100
    edges = np.arange(n + 1.0)
    flux, variance = np.full(n, 10.0), np.ones(n)
    flux[40:43], variance[40:43] = np.nan, np.inf
    flags = np.zeros(n, np.uint8)
    flags[60] = PixelFlag.COSMIC_RAY
    out, noise, bits = resample(flux, variance, flags, edges, edges + 0.2)
    assert np.flatnonzero(~np.isfinite(out)).tolist() == [40, 41, 42]
    assert np.all(np.isinf(noise[40:43]))
    assert np.all(bits[40:43] & PixelFlag.BAD)
    # pixel 39 has 0.2 of an unknown one: known, scaled to the whole, and said
    assert out[39] == pytest.approx(10.0)
    assert bits[39] & PixelFlag.INTERPOLATED
    assert np.flatnonzero(bits & PixelFlag.COSMIC_RAY).tolist() == [59, 60]
    assert np.isnan(resample(flux, variance, flags, edges, np.array([-5.0, -4.0, -3.0]))[0]).all()


def test_the_grid_lies_inside_the_data() -> None:
    edges = curved_edges(300)
    for step in (0.0, 0.5, 7.3, 1e5):
        first, used, n = linear_grid(edges, step)
        if step < 1e5:
            assert first - used / 2 >= edges[0] - 1e-6
            assert first + (n - 0.5) * used <= edges[-1] + 1e-6
        assert n >= 1
