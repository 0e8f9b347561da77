"""Light through slits, against an integration over the image and the refraction of ERFA."""

from __future__ import annotations

import erfa
import numpy as np
import pytest

from reduction.flux.calibration import slit_loss


@pytest.mark.parametrize(("width", "fwhm", "offset"), [(1.0, 1.0, 0.0), (3.0, 0.8, 0.5), (1, 2, 3)])
def test_the_light_that_passes_a_slit(width: float, fwhm: float, offset: float) -> None:
    rng = np.random.default_rng(1)
    photons = rng.normal(offset, fwhm / 2.3548, 400_000)
    share = np.mean(np.abs(photons) < width / 2)
    assert slit_loss.passed(width, fwhm, offset) == pytest.approx(share, abs=0.003)


@pytest.mark.parametrize("airmass", [1.1, 1.5, 2.0])
@pytest.mark.parametrize("wavelength", [3700.0, 4500.0, 8800.0])
def test_the_refraction_is_that_of_erfa(wavelength: float, airmass: float) -> None:
    tangent = np.sqrt(airmass**2 - 1)

    def displaced(angstrom: float) -> float:  # dry air of 737 hPa and 8 °C
        first, third = erfa.refco(737.0, 8.0, 0.0, angstrom * 1e-4)
        return float(np.degrees(first * tangent + third * tangent**3)) * 3600

    found = slit_loss.refracted(np.array([wavelength]), airmass)[0]
    assert found == pytest.approx(displaced(wavelength) - displaced(5500.0), rel=0.02)


def test_another_slit_changes_the_blue_most() -> None:
    air = np.array([3700.0, 5500.0, 8800.0])
    change = slit_loss.other_slit(air, seeing=1.0, width=1.0, of_standard=3.0)
    # FWHM 1.08″ at 3700 Å: 0.724 instead of 0.761 passes 1″, nearly all passes 3″
    assert change[0] == pytest.approx(0.048, abs=0.006)
    assert change[1] == 0
    assert change[2] == pytest.approx(0.05, abs=0.015)
