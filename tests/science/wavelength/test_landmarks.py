"""How far the lines of two arcs are apart, against shifts that the test put in."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.wavelength import arc_lines

PLACES = np.array([100.2, 180.7, 333.3, 412.0, 560.9, 611.4, 750.0, 820.6, 901.1])


def lamp(moved: float, seed: int = 1, drop: int | None = None) -> list[float]:
    """Landmarks of a synthetic lamp whose lines lie `moved` pixels further."""
    x = np.arange(1024.0)
    heights = 2000.0 + 500 * np.arange(PLACES.size)
    if drop is not None:
        heights[drop] = 0.0
    profile = np.exp(-0.5 * ((x[:, None] - PLACES - moved) / 1.4) ** 2) @ heights
    noisy = profile + np.random.default_rng(seed).normal(50, 10, x.size)
    return arc_lines.landmarks(arc_lines.find_lines(noisy))


@pytest.mark.parametrize("moved", [-3.4, -0.25, 0.0, 1.7])
def test_a_shift_is_found_to_a_few_hundredths(moved: float) -> None:
    found = arc_lines.shift(lamp(moved, seed=2, drop=3), lamp(0.0))
    assert found == pytest.approx(moved, abs=0.05)


def test_another_lamp_has_no_shift() -> None:
    other = [float(x) for x in np.linspace(15, 1000, 14)]
    assert arc_lines.shift(lamp(0.0), other) is None
    assert arc_lines.shift(lamp(0.0), []) is None
    assert arc_lines.shift([100.0, 200.0], [100.5, 200.5]) is None
