"""The absorption in the spectrum of a standard star, from there to a spectrum of the night."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.flux.telluric import cards, standard
from reduction.flux.telluric.bands import Gas
from reduction.wavelength.axis.medium import to_vacuum
from tests.support.science import flux_scenes
from tests.support.science.flux_scenes import AIRMASS, RESOLUTION
from tests.support.science.telluric_sky import true_transmission


@pytest.mark.parametrize("medium", ["air", "vacuum"])
def test_the_transmission_is_kept_with_the_sensitivity(medium: str) -> None:
    star = flux_scenes.behind_the_atmosphere(np.random.default_rng(1))
    assert star.wavelength is not None
    passed = true_transmission(star.wavelength, RESOLUTION, AIRMASS, 3.0)
    bands = (np.abs(star.wavelength - 6905) < 40) | (np.abs(star.wavelength - 7650) < 60)
    if medium == "vacuum":
        star.wavelength = to_vacuum(star.wavelength)
        star.header["AIRORVAC"] = "vacuum"
    sensitivity = flux_scenes.sensitivity()
    found = standard.measure(star, AIRMASS)
    assert found is not None
    numbers = found.record(sensitivity)
    off = sensitivity.planes["TRANSM"] / passed - 1
    assert np.sqrt(np.mean(off[bands] ** 2)) < 0.04
    read = cards.read(sensitivity.header)
    assert read is not None and read.measured == {Gas.OXYGEN, Gas.WATER}
    assert numbers["telluric_o2"] == pytest.approx(read.o2, abs=1e-3)
    assert numbers["telluric_h2o"] == pytest.approx(read.h2o, abs=1e-2)
    assert read.width == pytest.approx(RESOLUTION, rel=0.15)


def test_a_blue_standard_shows_nothing() -> None:
    air = np.arange(4700.0, 6500.0, 2.0)
    star = flux_scenes.behind_the_atmosphere(np.random.default_rng(2), air=air)
    assert standard.measure(star, AIRMASS) is None
