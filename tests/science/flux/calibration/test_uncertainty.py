"""σ_sys against simulated calibrations with other extinctions, airmasses and sensitivities."""

from __future__ import annotations

import numpy as np

from reduction.flux.calibration.apply import SensitivityOnAxis
from reduction.flux.calibration.uncertainty import AirmassTerms, SystematicError

K = np.array([0.5, 0.2, 0.05])
K_ERROR = np.array([0.04, 0.02, 0.01])


def air(airmass: float, error: float = 0.0, of_standard: float = 1.1) -> AirmassTerms:
    return AirmassTerms(K, K_ERROR, airmass, error, of_standard)


def test_nights_of_another_extinction_scatter_by_it() -> None:
    rng = np.random.default_rng(1)
    true_k = K + K_ERROR * rng.normal(size=(4000, 3))
    airmass = 2.0 + rng.normal(0, 0.03, size=(4000, 1))
    dimmed = 10 ** (-0.4 * true_k * airmass)
    sensitivity = 10 ** (-0.4 * true_k * 1.1) * 10 ** (0.4 * K * 1.1)
    found = dimmed * 10 ** (0.4 * K * 2.0) / sensitivity
    np.testing.assert_allclose(air(2.0, 0.03).fraction, found.std(axis=0), rtol=0.05)


def test_at_the_airmass_of_the_standard_the_extinction_does_not_matter() -> None:
    np.testing.assert_array_equal(air(1.1).fraction, 0)


def test_independent_parts_are_added_in_quadrature() -> None:
    response = SensitivityOnAxis(np.ones(3), np.full(3, 0.03), np.full(3, 0.04))
    np.testing.assert_allclose(SystematicError(response, air(1.1)).fraction, 0.05)
    further = (np.full(3, 0.12), 0.0)
    np.testing.assert_allclose(SystematicError(response, air(1.1), further).fraction, 0.13)


def test_it_is_not_known_where_the_sensitivity_is_not() -> None:
    unknown = np.array([0.1, np.nan, 0.1])
    response = SensitivityOnAxis(unknown, unknown, unknown)
    assert np.isnan(SystematicError(response, air(1.5)).fraction).tolist() == [False, True, False]
