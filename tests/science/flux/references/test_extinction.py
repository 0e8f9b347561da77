"""The extinction curves."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.flux.references.extinction import extinction, magnitudes_at, sites


def test_the_curve_of_soar_is_that_of_ctio() -> None:
    """Values of IRAF's ctioextinct.dat."""
    found, error = magnitudes_at(np.array([3200.0, 4036.0, 5263.0, 10870.0]))
    assert found == pytest.approx([1.05, 0.38, 0.17, 0.037], abs=1e-6)
    assert np.all(error >= 0.01) and error[0] > 0.05


def test_a_curve_is_not_extrapolated() -> None:
    found, error = magnitudes_at(np.array([3199.0, 10871.0]))
    assert np.isnan(found).all() and np.isnan(error).all()


def test_the_uncertainty_covers_the_other_sites_of_the_andes() -> None:
    wavelength = np.arange(3400.0, 9000.0, 50.0)
    (ours, error), (other, _) = (magnitudes_at(wavelength, site) for site in ("CTIO", "Paranal"))
    assert np.max(np.abs(ours - other) / error) < 2
    assert set(sites()) == {"CTIO", "Paranal", "La Silla"}
    assert "Patat" in extinction("Paranal").source


def test_an_unknown_site_has_no_curve() -> None:
    with pytest.raises(KeyError):
        extinction("Mauna Kea")
