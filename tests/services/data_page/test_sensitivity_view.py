"""What the page of a sensitivity shows: arrays of its file, masks, other nights."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from db.models import File, Ingredient
from reduction.fits import frame_io
from reduction.frames import DataType, Product, Spectrum
from services.data_page import sensitivity_view
from services.data_page.sensitivity_view import MaskBand
from services.errors import NotFound, Unacceptable
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site", "database")

WAVELENGTH = np.linspace(5000, 5090, 10)
NIGHT = dt.datetime(2024, 3, 11, 3, tzinfo=dt.UTC)


def stored(
    folder: Path, level: float, day: int, *, minute: int = 0, planes: bool = True, **facts: object
) -> File:
    """A sensitivity on disk and in a row, in a night some days away."""
    own = np.full(10, level)
    own[-1] = np.nan
    points = np.full(10, np.nan)
    points[2] = level * 10 ** (-0.4 * 0.1)  # a tenth of a magnitude fainter
    mask = np.zeros(10, np.uint8)
    mask[4:6], mask[8:] = 1 | 4, 16
    further = {"OWN": own, "POINTS": points, "PMASK": mask, "EXPECTED": np.full(10, 0.2)}
    header = fits.Header({"BUNIT": "electron cm2 / erg", "CRVAL1": 5000.0, "CDELT1": 10.0})
    spectrum = Spectrum(
        own * 1.01,
        np.full(10, (0.02 * level) ** 2),
        np.zeros(10, np.uint8),
        header,
        wavelength=WAVELENGTH,
        planes=further if planes else {},
    )
    name = f"sensitivity_{day}_{minute}.fits"
    frame_io.write(Product(name, DataType.SENSITIVITY, spectrum), folder / name)
    taken = NIGHT + dt.timedelta(days=day, minutes=minute)
    quality = {"star": f"Star {day}", "zero_point_mag": 20.0 + day / 100, "library_size": 3}
    values = {
        "data_type": DataType.SENSITIVITY,
        "full_path": str(folder / name),
        "date_obs": taken,
        "quality": quality,
        "slit": "1.0_LONG_SLIT",
        "filter_2": "GG455",
    }
    return builders.row(name, **{**values, **facts})


def test_its_arrays_its_masks_and_the_throughput(tmp_path: Path) -> None:
    file = stored(tmp_path, 1e13, 0)
    view = sensitivity_view.read(builders.person("anybody"), file.id)
    assert (view.star, view.setup, view.slit) == ("Star 0", "400_M2 GG455", "1.0_LONG_SLIT")
    assert view.residual[2] == pytest.approx(0.1)
    assert np.isnan(np.delete(view.residual, 2)).all()
    assert np.isnan(view.library).all()
    assert view.masks == (
        MaskBand(5040.0, 5050.0, "balmer"),
        MaskBand(5040.0, 5050.0, "telluric"),
        MaskBand(5080.0, 5090.0, "edge"),
    )
    # A photon of 5000 Å has 3.9729e-12 erg.
    assert view.throughput[0] == pytest.approx(1.01e13 * 3.9729e-12 / 1.15e5, rel=1e-4)
    assert view.expected[0] == 0.2
    assert view.sigma[0] == pytest.approx(2e11)
    assert view.library_size == 3


def test_earlier_nights_of_its_setup_and_slit_and_all_in_the_history(tmp_path: Path) -> None:
    file = stored(tmp_path, 1e13, 0)
    stored(tmp_path, 2e13, -2)
    stored(tmp_path, 3e13, -1)
    stored(tmp_path, 4e13, -1, minute=1, slit="3.2_LONG_SLIT")
    stored(tmp_path, 5e13, -1, minute=2, grt_targ=9.0)
    stored(tmp_path, 5e13, -1, minute=3, owner=builders.proposal("SOAR2024A-001"))
    stored(tmp_path, 6e13, 3)
    view = sensitivity_view.read(builders.person("anybody"), file.id)
    assert [one.star for one in view.earlier] == ["Star -1", "Star -2"]
    ratio = view.earlier[1].throughput[0] / view.earlier[0].throughput[0]
    assert ratio == pytest.approx(2 / 3)
    assert [one.zero_point for one in view.history] == pytest.approx([19.98, 19.99, 20, 20.03])


def test_without_further_planes_nothing_is_claimed(tmp_path: Path) -> None:
    file = stored(tmp_path, 1e13, 0, planes=False)
    view = sensitivity_view.read(builders.person("anybody"), file.id)
    assert view.masks == ()
    assert np.isnan(view.own).all()
    assert np.isnan(view.expected).all()


def test_only_spectra_that_one_sees_are_counted(tmp_path: Path) -> None:
    pi = builders.person("pi")
    mine, theirs = builders.proposal("SOAR2024A-001", pi), builders.proposal("SOAR2024A-002")
    file = stored(tmp_path, 1e13, 0)
    for owner in (mine, theirs):
        flux = builders.row("x.fits", owner, data_type=DataType.FLUX)
        Ingredient.create(product=flux, input=file, name=file.file_name, role="sensitivity")
    assert sensitivity_view.read(pi, file.id).n_used == 1
    assert sensitivity_view.read(builders.person("staff", is_staff=True), file.id).n_used == 2


def test_one_of_a_proposal_is_hidden_and_another_file_refused(tmp_path: Path) -> None:
    owner = builders.proposal("SOAR2024A-001")
    hidden = stored(tmp_path, 1e13, 0, owner=owner)
    with pytest.raises(NotFound):
        sensitivity_view.read(builders.person("anybody"), hidden.id)
    raw = builders.row("raw.fits", owner)
    with pytest.raises(Unacceptable):
        sensitivity_view.read(builders.person("staff", is_staff=True), raw.id)
