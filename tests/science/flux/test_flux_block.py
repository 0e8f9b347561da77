"""Calibrate Flux: what it gives, and that nothing unusable passes in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from reduction.errors import HeaderError, MissingCalibration, ReductionError
from reduction.fits import frame_io
from reduction.flux.references.extinction import magnitudes_at
from reduction.frames import DataType, FrameKind, PixelFlag, Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs, CalibrationRole, all_blocks
from tests.support.notices import codes, params, refused
from tests.support.science import flux_scenes
from tests.support.science.block_scenes import quiet
from tests.support.science.flux_scenes import AIRMASS, NAME, true_flux

BLOCK = all_blocks()["flux"]


def observed(rng: np.random.Generator | None = None, **changes: Any) -> Spectrum:
    """Return a spectrum dimmed by the extinction of the site, whose table is data."""
    return flux_scenes.observed(rng, extinction=lambda air: magnitudes_at(air)[0], **changes)


def inputs(spectrum: Spectrum | None = None, response: Spectrum | None = None) -> BlockInputs:
    """Return what the block is given."""
    return BlockInputs(
        frame=observed(np.random.default_rng(1)) if spectrum is None else spectrum,
        file_name="wecfzst_0079_X_ws_1.fits",
        sensitivity=flux_scenes.sensitivity() if response is None else response,
        names={CalibrationRole.SENSITIVITY: NAME},
    )


def run(given: BlockInputs | None = None, **settings: Any) -> Product:
    given = inputs() if given is None else given
    [product] = BLOCK.run(given, BLOCK.request(**settings), quiet)
    assert isinstance(product.data, Spectrum)
    return product


def spectrum_of(product: Product) -> Spectrum:
    assert isinstance(product.data, Spectrum)
    return product.data


def test_the_block_is_declared_as_the_registry_shows_it() -> None:
    assert (BLOCK.label, BLOCK.route) == ("Calibrate Flux", "spectrum/calibrate/flux")
    assert BLOCK.accepts == {DataType.WAVELENGTH} and BLOCK.produces is DataType.FLUX
    assert BLOCK.kinds == {FrameKind.SPECTRUM} and BLOCK.automatic
    assert BLOCK.calibration_roles == (CalibrationRole.SENSITIVITY,)


def test_a_clear_night_gives_the_flux_of_the_source() -> None:
    pulls, levels = [], []
    for seed in range(8):
        spectrum = observed(np.random.default_rng(seed))
        made = spectrum_of(run(inputs(spectrum)))
        assert made.wavelength is not None
        truth = true_flux(made.wavelength)
        pulls.append((made.flux - truth) / np.sqrt(made.variance))
        levels.append(np.median(made.flux / truth))
    assert 0.95 < np.std(pulls) < 1.05
    assert np.mean(levels) == pytest.approx(1, abs=0.002)


def test_the_product_says_what_it_was_made_with() -> None:
    product = run()
    header = spectrum_of(product).header
    assert product.file_name == "xwecfzst_0079_X_ws_1.fits"
    assert product.data_type is DataType.FLUX and product.inputs == (NAME,)
    assert u.Unit(header["BUNIT"]).is_equivalent(u.Unit("erg / (s cm2 Angstrom)"))
    assert header["GSP_STAR"] == product.quality["star"] == flux_scenes.STAR
    assert header["GSP_STRF"] == product.quality["reference"] == flux_scenes.REFERENCE
    assert header["GSP_SENS"] == NAME
    assert header["GSP_AIRM"] == pytest.approx(AIRMASS, abs=0.01)
    assert header["GSP_EXTI"]
    assert header["GSP_GRAD"] == product.quality["grade"] == "absolute"
    assert header["GSP_SSYS"] == product.quality["sigma_sys_percent"]
    assert header["GSP_PNAM"] == "wecfzst_0079_X_ws_1.fits"
    assert codes(product.notices) == []


def test_a_product_survives_its_file(tmp_path: Path) -> None:
    product = run()
    frame_io.write(product, tmp_path / product.file_name)
    read = frame_io.read_product(tmp_path / product.file_name)
    assert isinstance(read, Spectrum)
    made = spectrum_of(product)
    np.testing.assert_array_equal(read.flux, made.flux)
    np.testing.assert_array_equal(read.variance, made.variance)
    np.testing.assert_array_equal(read.planes["SYS"], made.planes["SYS"])
    assert read.planes["SYS"].dtype == read.variance.dtype == np.dtype("float64").newbyteorder("=")


def test_sigma_sys_is_apart_from_the_variance() -> None:
    small, large = (
        spectrum_of(run(inputs(response=flux_scenes.sensitivity(sigma=sigma))))
        for sigma in (0.01, 0.2)
    )
    np.testing.assert_array_equal(small.variance, large.variance)
    share = large.planes["SYS"] / np.abs(large.flux)
    assert np.nanmedian(share) == pytest.approx(0.2, rel=0.05)
    assert np.all(small.planes["SYS"] >= 0.01 * np.abs(small.flux) * (1 - 1e-9))


def test_part_of_the_range_is_flagged() -> None:
    response = flux_scenes.sensitivity(5000.0, 8000.0)
    product = run(inputs(response=response))
    made = spectrum_of(product)
    assert made.wavelength is not None
    out = (made.wavelength < 5000) | (made.wavelength > 8000)
    assert np.all(np.isnan(made.flux[out])) and np.all(np.isinf(made.variance[out]))
    assert np.all(made.mask[out] & PixelFlag.NO_SENSITIVITY)
    assert np.isfinite(made.flux[~out][5:-5]).all()
    assert params(product.notices, NoticeCode.SENSITIVITY_COVERS_PART)["first"] >= 5000


OTHER = [
    {"GRATING": "930_SYZY"},
    {"CAM_TARG": 11.6},
    {"GRT_TARG": 5.8},
    {"FILTER2": "NO_FILTER"},
    {"FILTER": "GG385"},
    {"INSTCONF": "Blue"},
]


@pytest.mark.parametrize("cards", OTHER)
def test_a_sensitivity_of_another_setup_is_refused(cards: dict[str, Any]) -> None:
    given = inputs(response=flux_scenes.sensitivity(**cards))
    with refused(MissingCalibration, NoticeCode.CALIBRATION_IMPOSSIBLE, role="sensitivity"):
        run(given)


def test_no_sensitivity_no_overlap_and_an_empty_one_are_refused() -> None:
    spectrum = observed()
    none = BlockInputs(frame=spectrum, file_name="w.fits")
    with refused(MissingCalibration, NoticeCode.SENSITIVITY_MISSING, file="w.fits"):
        run(none)
    bluer = observed(air=np.arange(3000.0, 4400.0, 2.0))
    with refused(MissingCalibration, NoticeCode.SENSITIVITY_NO_OVERLAP, file=NAME):
        run(inputs(bluer))
    empty = flux_scenes.sensitivity()
    empty.flux[:] = np.nan
    with refused(MissingCalibration, NoticeCode.SENSITIVITY_EMPTY, file=NAME):
        run(inputs(spectrum, empty))


@pytest.mark.parametrize("seconds", [0.0, None, -3.0])
def test_an_exposure_without_a_time_is_refused(seconds: float | None) -> None:
    spectrum = observed()
    del spectrum.header["EXPTIME"]
    if seconds is not None:
        spectrum.header["EXPTIME"] = seconds
    with refused(HeaderError, NoticeCode.EXPOSURE_TIME_UNUSABLE):
        run(inputs(spectrum))


def test_an_unknown_airmass_is_refused() -> None:
    spectrum = observed(MOUNT_EL=None, AIRMASS=None)
    with refused(HeaderError, NoticeCode.AIRMASS_UNKNOWN):
        run(inputs(spectrum))


def test_only_a_calibrated_spectrum_in_electrons_is_taken() -> None:
    extracted = observed()
    extracted.wavelength = None
    twice = observed()
    twice.header["BUNIT"] = "erg / (s cm2 Angstrom)"
    backwards = observed()
    assert backwards.wavelength is not None
    backwards.wavelength = backwards.wavelength[::-1]
    for spectrum in (extracted, twice, backwards):
        with refused(HeaderError, NoticeCode.NOT_WAVELENGTH_CALIBRATED):
            run(inputs(spectrum))


@pytest.mark.parametrize(
    ("cards", "code", "grade"),
    [
        ({"SLIT": "1.0_LONG_SLIT"}, NoticeCode.FLUX_SLIT_NARROW, "relative"),
        ({"GSP_FWAS": 2.0}, NoticeCode.FLUX_SLIT_LOSS, "relative"),
        ({"GSP_FWAS": None}, NoticeCode.FLUX_SEEING_UNKNOWN, "relative"),
        ({"DATE_OBS": "2026-07-08T03:12:45.125"}, NoticeCode.FLUX_OTHER_NIGHT, "relative"),
    ],
)
def test_the_grade_says_why(cards: dict[str, Any], code: NoticeCode, grade: str) -> None:
    slit = {name: value for name, value in cards.items() if name == "SLIT"}
    spectrum = observed(**cards)
    product = run(inputs(spectrum, flux_scenes.sensitivity(**slit)))
    assert product.quality["grade"] == grade
    assert codes(product.notices) == [code]


def test_another_slit_counts_in_sigma_sys() -> None:
    spectrum = observed(SLIT="1.0_LONG_SLIT", GSP_FWAS=1.2)
    product = run(inputs(spectrum))
    assert product.quality["grade"] == "shape only"
    made = spectrum_of(product)
    assert made.wavelength is not None
    share = made.planes["SYS"] / np.abs(made.flux)
    middle = np.abs(made.wavelength - 5500) < 100
    end = made.wavelength > 8600
    assert np.median(share[end]) > 2 * np.median(share[middle])


def test_notices_of_the_choice_are_passed_on() -> None:
    from reduction.notices import notice

    chosen = notice(NoticeCode.MANUAL_CALIBRATION, role="sensitivity", file=NAME)
    given = inputs()
    with_notice = BlockInputs(
        frame=given.frame,
        file_name=given.file_name,
        sensitivity=given.sensitivity,
        names=given.names,
        notices=(chosen,),
    )
    assert run(with_notice).notices[0] == chosen


def test_bad_pixels_do_not_stop_it() -> None:
    spectrum = observed(np.random.default_rng(2))
    spectrum.flux[::2], spectrum.variance[::2] = np.nan, np.inf
    made = spectrum_of(run(inputs(spectrum)))
    assert np.isfinite(made.flux[1::2]).all() and np.isnan(made.flux[::2]).all()
    spectrum.flux[:] = np.nan
    try:
        made = spectrum_of(run(inputs(spectrum)))
    except ReductionError:
        return
    assert np.isnan(made.flux).all()


def test_the_cards_are_those_of_fits(tmp_path: Path) -> None:
    product = run()
    frame_io.write(product, tmp_path / "x.fits")
    with fits.open(tmp_path / "x.fits") as units:
        units.verify("exception")
        assert units[0].header["BUNIT"] == "erg / (s cm2 Angstrom)"
        assert {"VAR", "MASK", "SKY", "WAVE", "LOSS", "SYS"} <= {unit.name for unit in units}
