"""The script that makes the file of references, on made tables: no package is fetched."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from scipy.integrate import quad

from reduction.flux.references.library import stars
from tools.flux_library.agreement import halves
from tools.flux_library.passbands import binned
from tools.flux_library.stars import Archives, read_stars, rebinned, reference

VACUUM, AIR = 4862.683, 4861.325
"""H beta (NIST), Å."""


def wheel(**tables: np.ndarray) -> Archives:
    """Return a wheel with tables, named ``folder__file``."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, table in tables.items():
            text = io.StringIO()
            np.savetxt(text, table)
            path = name.replace("__", "/")
            archive.writestr(f"aspired/standards/{path}.dat", text.getvalue())
    return Archives(zipfile.ZipFile(content))


def emission(centre: float, step: float, *columns: float) -> np.ndarray:
    """Return a table of a line of 10 Å over a continuum of 100, and constant columns."""
    wavelength = np.arange(3000.0, 11000.0, step)
    flux = 100 + 50 * np.exp(-0.5 * ((wavelength - centre) / 10) ** 2)
    rest = [np.full(wavelength.size, value) for value in columns]
    return np.stack([wavelength, flux, *rest], axis=1)


def peak(wavelength: np.ndarray, flux: np.ndarray) -> float:
    near = np.abs(wavelength - AIR) < 60
    above = flux[near] - flux.min()
    return float((wavelength[near] * above).sum() / above.sum())


def test_calspec_comes_from_vacuum_to_air_and_in_its_unit() -> None:
    archive = wheel(esohststan__fx=emission(VACUUM, 1.0, 3.0))
    facts, wavelength, flux, _ = reference(archive, "calspec", "fx")
    assert peak(wavelength, flux) == pytest.approx(AIR, abs=0.02)
    assert np.median(flux) == pytest.approx(100e-16)
    assert (facts["bin"], facts["telluric_inside"], facts["rank"]) == (0.0, False, 2)


def test_hamuy_stays_in_air_and_keeps_its_bins() -> None:
    archive = wheel(esoctiostan__fx=emission(AIR, 16.0, 3.0, 16.0))
    facts, wavelength, flux, sigma = reference(archive, "hamuy", "fx")
    assert peak(wavelength, flux) == pytest.approx(AIR, abs=0.2)
    assert (facts["bin"], facts["telluric_inside"], facts["rank"]) == (16.0, True, 3)
    at = np.interp([5500, 7600, 9350], wavelength, sigma)
    assert at[0] < 0.03 and min(at[1], at[2]) > 0.3


def test_the_models_are_absolute_and_are_averaged() -> None:
    archive = wheel(esoxshooter__fx=emission(AIR, 0.1) * np.array([1.0, 1e-15]))
    facts, wavelength, flux, _ = reference(archive, "moehler", "fx")
    assert np.median(flux) == pytest.approx(1e-13)
    assert facts["bin"] == 2.0 and np.allclose(np.diff(wavelength), 2.0)
    assert peak(wavelength, flux) == pytest.approx(AIR, abs=0.02)


def test_the_flux_of_a_bin_is_the_mean_in_it() -> None:
    fine = np.arange(3000.0, 11000.0, 0.1)
    centres, means = rebinned(fine, np.sin(fine / 7), 2.0)
    number = 1234
    first, last = centres[number] - 1, centres[number] + 1
    assert means[number] == pytest.approx(
        quad(lambda x: np.sin(x / 7), first, last)[0] / 2, abs=1e-4
    )


def test_the_uncertainty_is_half_of_what_the_better_set_differs_by() -> None:
    grid, coarse = np.arange(3000.0, 9000.0, 2.0), np.arange(3300.0, 9000.0, 50.0)
    slope = (grid - 6000) / 3000 * 0.1
    band = np.where(np.abs(coarse - 7650) < 60, 0.5, 1.0)
    spectra = [(grid, 1 + slope), (coarse, band)]
    better, worse = halves(spectra, ["moehler", "hamuy"], [(7590, 7720)])
    at = np.interp([4500, 6000, 7650, 8500], coarse, worse)
    assert at == pytest.approx([0.025, 0.0, 0.0275, 0.0417], abs=0.003)
    assert np.all(better == 0)  # by a worse set
    assert np.all(halves(spectra[:1], ["moehler"], [])[0] == 0)


def test_a_passband_keeps_its_shape() -> None:
    fine = np.arange(4000.0, 6000.0, 1.0)
    wavelength, response = binned(fine, np.exp(-0.5 * ((fine - 5000) / 200) ** 2))
    assert (wavelength * response).sum() / response.sum() == pytest.approx(5000, abs=1)
    at = np.interp([4800, 5000, 5200], wavelength, response)
    assert at == pytest.approx([np.exp(-0.5), 1, np.exp(-0.5)], abs=0.01)


def test_the_file_is_that_of_the_table_of_stars() -> None:
    rows, library = read_stars(), {star.name: star for star in stars()}
    assert [row["name"] for row in rows] == list(library)
    for row in rows:
        star = library[row["name"]]
        assert (star.ra, star.dec, star.kind) == (row["ra"], row["dec"], row["kind"])
        assert (star.pm_ra, star.pm_dec) == (row["pm_ra"], row["pm_dec"])
        assert list(star.aliases) == row["aliases"]
        assert len(star.references) == len(row["files"])
