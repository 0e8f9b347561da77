"""The templates against published wavelengths, and against the bands of the simulator."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.flux.telluric.templates import templates, transmission_of
from tests.support.science.telluric_sky import true_transmission


@pytest.mark.parametrize(
    ("head", "first", "last"),
    # Fraunhofer's B and A, and alpha, in air
    [(6867.2, 6840.0, 6875.0), (7593.7, 7560.0, 7600.0), (6276.6, 6250.0, 6280.0)],
)
def test_the_heads_of_oxygen_are_where_fraunhofer_saw_them(
    head: float, first: float, last: float
) -> None:
    air = np.arange(first, last, 0.1)
    passed = transmission_of(air, oxygen=1.0, water=0.0, shift=0.0, width=1.0)
    begin = air[np.argmax(1 - passed > 0.25 * np.max(1 - passed))]
    assert begin == pytest.approx(head, abs=0.7)


@pytest.mark.parametrize("airmass", [1.0, 1.5, 2.5])
@pytest.mark.parametrize("fwhm", [4.0, 7.0, 20.0])
def test_oxygen_is_that_of_the_simulator(airmass: float, fwhm: float) -> None:
    air = np.arange(6800.0, 7800.0, 1.0)
    other = true_transmission(air, fwhm, airmass, 0.0)
    found = transmission_of(air, oxygen=airmass, water=0.0, shift=0.0, width=fwhm)
    for first, last in ((6864, 6945), (7590, 7710)):
        inside = (air > first) & (air < last)
        width, expected = (np.sum(1 - t[inside]) for t in (found, other))
        assert width == pytest.approx(expected, rel=0.15)
        assert np.sqrt(np.mean((found[inside] - other[inside]) ** 2)) < 0.06


def test_a_saturated_band_does_not_grow_with_the_airmass() -> None:
    air = np.arange(7580.0, 7720.0, 1.0)
    one, four = (
        np.sum(1 - transmission_of(air, oxygen=x, water=0.0, shift=0.0, width=6.0)) for x in (1, 4)
    )
    assert 1.3 < four / one < 2.2  # between the logarithm and the root of the column


def test_columns_outside_of_the_table_continue_it() -> None:
    air = np.arange(7580.0, 7720.0, 1.0)
    widths = [
        np.sum(1 - transmission_of(air, oxygen=x, water=0.0, shift=0.0, width=6.0))
        for x in (0.001, 0.05, 0.29, 0.31, 3.9, 4.1, 8.0)
    ]
    assert np.all(np.diff(widths) > 0)
    assert widths[4] / widths[5] == pytest.approx(1, abs=0.05)


def test_nothing_absorbs_between_the_bands() -> None:
    air = np.concatenate([np.arange(3500.0, 5800.0), np.arange(6660.0, 6800.0), [10_200.0]])
    passed = transmission_of(air, oxygen=3.0, water=20.0, shift=0.0, width=10.0)
    assert np.all(passed > 0.985)
    assert np.all(passed[:2000] == 1)


def test_a_shift_moves_the_bands_redwards() -> None:
    air = np.arange(7500.0, 7800.0, 0.5)
    here = transmission_of(air, oxygen=1.0, water=0.0, shift=0.0, width=6.0)
    there = transmission_of(air + 3.0, oxygen=1.0, water=0.0, shift=3.0, width=6.0)
    np.testing.assert_allclose(here, there, atol=1e-9)


def test_smoothing_conserves_the_light() -> None:
    air = np.arange(7400.0, 7900.0, 0.5)
    widths = [
        np.sum(1 - transmission_of(air, oxygen=1.2, water=0.0, shift=0.0, width=w))
        for w in (2.0, 8.0, 30.0)
    ]
    np.testing.assert_allclose(widths, widths[0], rtol=0.005)


def test_the_template_is_read_once() -> None:
    assert templates() is templates()
