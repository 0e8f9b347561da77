"""A spectrum in flux is read by other programs: with unit, wavelengths, errors and provenance."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.wcs import WCS
from specutils import Spectrum

from reduction.fits import frame_io
from reduction.frames import Product
from reduction.registry import all_blocks
from tests.support.science import flux_scenes
from tests.support.science.block_scenes import quiet
from tests.support.science.flux_scenes import true_flux

UNIT = u.erg / (u.s * u.cm**2 * u.AA)


@pytest.fixture(scope="module")
def product() -> Product:
    block = all_blocks()["flux"]
    response = flux_scenes.sensitivity(4800.0, 8700.0)
    [made] = block.run(flux_scenes.inputs(response=response), block.request(), quiet)
    return made


@pytest.fixture
def path(product: Product, tmp_path: Path) -> Path:
    frame_io.write(product, tmp_path / "x.fits")
    return tmp_path / "x.fits"


def test_specutils_reads_it_without_being_told_the_format(path: Path) -> None:
    read = Spectrum.read(path)
    assert read.flux.unit.is_equivalent(UNIT)
    air = read.spectral_axis.to_value(u.AA)
    inside = (air > 5000) & (air < 5700)
    level = read.flux.to_value(UNIT)[inside] / true_flux(air[inside])
    assert np.median(level) == pytest.approx(1, abs=0.005)
    stored = fits.getdata(path, "VAR")
    np.testing.assert_array_equal(read.uncertainty.array, stored)
    assert (read.uncertainty.unit / UNIT**2).is_equivalent(u.dimensionless_unscaled)
    assert read.mask[~np.isfinite(read.flux.value)].all()


def test_astropy_reads_unit_axis_and_extensions(path: Path) -> None:
    with fits.open(path) as units:
        units.verify("exception")
        header = units[0].header
        assert u.Unit(header["BUNIT"]) == UNIT
        axis = WCS(header).spectral.pixel_to_world(np.arange(3)).to_value(u.AA)
        np.testing.assert_allclose(axis, units["WAVE"].data[:3], rtol=1e-9)
        for name in ("VAR", "MASK", "SKY", "LOSS", "WAVE", "SYS", "TRANSM", "UNCORR"):
            assert units[name].data.shape == units[0].data.shape, name
            assert units[name].data.dtype.itemsize == (1 if name == "MASK" else 8)
        assert "CONTINUE" not in header


@pytest.mark.parametrize("keyword", ["GSP_STAR", "GSP_STRF", "GSP_EXTI", "GSP_SENS", "GSP_AIRM"])
def test_the_provenance_is_in_the_header(path: Path, keyword: str) -> None:
    value = fits.getheader(path)[keyword]
    assert value and value != "unknown"


@pytest.mark.skipif(shutil.which("irafcl") is None, reason="IRAF is not installed")
def test_iraf_reads_wavelengths_and_flux(path: Path, tmp_path: Path) -> None:
    commands = 'images\nlistpixels("x.fits[0]", wcs="world")\nlogout\n'
    environment = os.environ | {"HOME": str(tmp_path), "USER": "observer"}
    told = subprocess.run(
        ["irafcl"],
        cwd=tmp_path,
        env=environment,
        input=commands,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    ).stdout
    rows = [line.split() for line in told.splitlines() if line[:1].isdigit() and "." in line]
    table = {float(row[0]): row[1] for row in rows if len(row) == 2}
    flux = fits.getdata(path)
    wavelength = fits.getdata(path, "WAVE")
    assert len(table) == flux.size
    for place in (500, 1000):
        found = float(table[wavelength[place]])
        assert found == pytest.approx(flux[place], rel=1e-9)
