"""The simulated atmosphere against published measurements and other programs."""

from __future__ import annotations

import erfa
import numpy as np
import pytest
from scipy import stats

from reduction.simulation.atmosphere import Sight, Weather, starlight, through_slit
from reduction.simulation.atmosphere.bands import transmission
from reduction.simulation.atmosphere.extinction import extinction, refraction
from reduction.simulation.atmosphere.slit import passed

FINE = np.arange(5800.0, 9950.0, 0.02)


@pytest.mark.parametrize(
    ("head", "reach"),
    [(7593.7, 3.0), (6867.2, 3.0), (6276.6, 1.0)],  # Moore et al. 1966, NBS Monograph 61
)
def test_heads_of_the_oxygen_bands_are_at_their_wavelengths(head: float, reach: float) -> None:
    seen = transmission(FINE, 1.0, 0.0)
    middle = (FINE[1:] + FINE[:-1]) / 2
    before = seen[(middle > head - reach - 5) & (middle < head - 0.8)]
    behind = seen[(middle > head - 0.1) & (middle < head + reach)]
    assert before.min() > 0.98
    assert behind.min() < 0.7


def test_depth_of_the_a_band_is_that_of_published_spectra() -> None:
    # Hamuy et al. 1994 left the bands in their tables of 50 Å: 0.64 to 0.68 of the true flux
    edges = np.array([7575.0, 7625.0])
    assert 0.58 < transmission(edges, 1.1, 0.0)[0] < 0.72


def test_saturated_bands_grow_more_slowly_than_the_air() -> None:
    edges = np.array([7590.0, 7700.0])
    one, two = (1 - transmission(edges, x, 0.0)[0] for x in (1.0, 2.0))
    assert 1.2 < two / one < 1.8


def test_water_absorbs_only_when_there_is_water() -> None:
    bands = (FINE[:-1] > 7160) & (FINE[:-1] < 7400)
    assert transmission(FINE, 1.0, 0.0)[bands].min() == pytest.approx(1)
    means = [transmission(FINE, 1.0, water)[bands].mean() for water in (1.0, 3.0, 8.0)]
    assert 0.99 > means[0] > means[1] > means[2] > 0.85


def test_extinction_is_that_of_a_dark_site_in_chile() -> None:
    # Gutiérrez-Moreno et al. 1982, PASP 94, 722: Cerro Tololo, 530 m lower
    wavelength = np.array([3500.0, 4036, 4566, 5000, 5556, 6436, 8090])
    published = np.array([0.62, 0.38, 0.25, 0.19, 0.14, 0.11, 0.05])
    assert np.abs(extinction(wavelength, 0.05) - published).max() < 0.08


@pytest.mark.parametrize("zenith_distance", [20.0, 45.0, 60.0])
def test_refraction_agrees_with_erfa(zenith_distance: float) -> None:
    wavelength = np.array([3500.0, 4000, 5000, 7000, 9000])
    tangent = np.tan(np.radians(zenith_distance))

    def bent(angstrom: float) -> float:
        a, b = erfa.refco(733.3, 10.0, 0.4, angstrom / 1e4)
        return float(np.degrees(a * tangent + b * tangent**3) * 3600)

    expected = [bent(one) - bent(5500.0) for one in wavelength]
    np.testing.assert_allclose(
        refraction(wavelength, 5500.0, zenith_distance), expected, atol=0.02 * tangent
    )


@pytest.mark.parametrize(("beta", "displacement"), [(2.5, 0.0), (3.5, 0.4), (4.5, -1.2)])
def test_light_through_the_slit_is_that_of_student_s_distribution(
    beta: float, displacement: float
) -> None:
    fwhm, half = 0.9, 0.5
    freedom = 2 * beta - 1
    scale = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1)) / np.sqrt(freedom)
    image = stats.t(freedom, displacement, scale)
    seen = passed(half, np.array([displacement]), np.array([fwhm]), beta)
    assert seen[0] == pytest.approx(image.cdf(half) - image.cdf(-half), rel=1e-9)


def test_parked_corrector_costs_blue_light_only_off_the_parallactic_angle() -> None:
    wavelength = np.array([3600.0, 5500.0, 8000.0])
    seeing = (np.full(3, 0.9), 3.5)
    weather = Weather(refraction=True)

    def share(parallactic: float) -> np.ndarray:
        return through_slit(wavelength, weather, Sight(1.8, 56.0, parallactic), 1.0, seeing)

    along, across = share(0.0), share(90.0)
    np.testing.assert_allclose(along, along[1])
    assert across[0] < 0.5 * along[0]
    assert across[1] == pytest.approx(along[1])
    assert across[2] < 0.9 * along[2]
    wide = through_slit(wavelength, Weather(slit_loss=False), Sight(1.8, 56.0, 90.0), 1.0, seeing)
    assert (wide == 1).all()


def test_clouds_are_grey() -> None:
    wavelength = np.linspace(4000, 9000, 50)
    clear, cloudy = (
        starlight(wavelength, Weather(cloud=cloud), Sight(1.2, 33.0, 0.0)).continuous
        for cloud in (1.0, 0.2)
    )
    np.testing.assert_allclose(cloudy / clear, 0.2)
