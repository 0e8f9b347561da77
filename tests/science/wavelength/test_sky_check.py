"""The sky tells how far a spectrum is shifted against its arc, or nothing at all."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.lines.sky_features import AIRGLOW, SOLAR
from reduction.wavelength.sky_check import sky_offset


def night(first: float, step: float, shift: float, kind: str, seed: int) -> tuple:  # type: ignore[type-arg]
    rng = np.random.default_rng(seed)
    axis = first + step * np.arange(2030)
    table = AIRGLOW if kind == "airglow" else SOLAR
    level = np.full(axis.size, 400.0) * (1 + 0.2 * np.sin(axis / 700))
    for wavelength, strength, width in table:
        sigma = np.hypot(width, 3 * step) / 2.3548
        line = np.exp(-0.5 * ((axis - wavelength - shift) / sigma) ** 2)
        level = level + (900 * strength * line if kind == "airglow" else -200 * strength * line)
    sky = rng.normal(level, np.sqrt(np.clip(level, 1, None)))
    sky[rng.integers(0, sky.size, 8)] += 3000  # cosmic rays
    sky[5:9] = np.nan
    return sky, axis


@pytest.mark.parametrize("shift", [-22.4, 0.0, 3.3, 17.0])
@pytest.mark.parametrize(
    ("kind", "first", "step"), [("airglow", 4970.0, 1.97), ("solar", 3560.0, 0.84)]
)
def test_a_shift_is_measured(kind: str, first: float, step: float, shift: float) -> None:
    sky, axis = night(first, step, shift, kind, seed=3)
    found = sky_offset(sky, axis, 3 * step)
    assert found is not None
    assert found.features == kind
    assert found.offset == pytest.approx(shift, abs=0.25 * step)


def test_a_sky_without_features_says_nothing() -> None:
    rng = np.random.default_rng(8)
    said = 0
    for _ in range(150):
        axis = rng.uniform(3400, 7000) + 0.84 * np.arange(2030)
        walk = np.cumsum(rng.normal(0, 1, axis.size)) + rng.normal(300, 5, axis.size)
        said += sky_offset(walk, axis, 2.5) is not None
    assert said == 0
    assert sky_offset(np.full(2030, np.nan), axis, 2.5) is None
    assert sky_offset(np.zeros(2030), axis, 2.5) is None
    assert sky_offset(np.ones(50), axis[:50], 2.5) is None
