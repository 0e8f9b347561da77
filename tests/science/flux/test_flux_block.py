"""Calibrate Flux: what it gives, and that nothing unusable passes in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from reduction.errors import HeaderError, MissingCalibration, ReductionError, UnusableFrame
from reduction.fits import frame_io
from reduction.flux.telluric import cards
from reduction.flux.telluric.bands import Gas
from reduction.flux.telluric.fit import Telluric
from reduction.frames import DataType, FrameKind, PixelFlag, Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs, CalibrationRole, all_blocks
from tests.support.notices import codes, params, refused
from tests.support.science import flux_scenes
from tests.support.science.block_scenes import quiet
from tests.support.science.flux_scenes import AIRMASS, NAME, true_flux

BLOCK = all_blocks()["flux"]


observed = flux_scenes.behind_the_atmosphere
inputs = flux_scenes.inputs


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
        between = (made.wavelength < 5850) | (np.abs(made.wavelength - 6730) < 60)
        pulls.append(((made.flux - truth) / np.sqrt(made.variance))[between])
        levels.append(np.median((made.flux / truth)[between]))
    assert 0.95 < np.std(pulls) < 1.05
    assert np.mean(levels) == pytest.approx(1, abs=0.002)


def test_what_is_left_of_the_water_bands_is_within_the_systematic_error() -> None:
    for seed in range(4):
        made = spectrum_of(run(inputs(observed(np.random.default_rng(seed)))))
        assert made.wavelength is not None
        truth = true_flux(made.wavelength)
        for first, last in ((7170, 7350), (8100, 8350)):
            inside = (made.wavelength > first) & (made.wavelength < last)
            off = ((made.flux - truth) / truth)[inside]
            left = np.mean(off**2) - np.mean((made.variance / truth**2)[inside])
            assert left < 1.2 * np.mean((made.planes["SYS"] / truth)[inside] ** 2)


def test_the_bands_are_within_both_errors() -> None:
    for seed in range(4):
        made = spectrum_of(run(inputs(observed(np.random.default_rng(seed)))))
        assert made.wavelength is not None
        truth = true_flux(made.wavelength)
        for first, last, most in ((6864, 6945, 0.03), (7590, 7710, 0.05)):
            inside = (made.wavelength > first) & (made.wavelength < last)
            off = ((made.flux - truth) / truth)[inside]
            noise = (made.variance / truth**2)[inside]
            assert np.mean(off**2) - np.mean(noise) < most**2
            both = noise + ((made.planes["SYS"] / truth) ** 2)[inside]
            assert np.mean(off**2 / both) < 1.5


def test_the_uncorrected_flux_is_kept() -> None:
    product = run()
    made = spectrum_of(product)
    np.testing.assert_allclose(made.planes["UNCORR"], made.flux * made.planes["TRANSM"], rtol=1e-12)
    assert made.planes["TRANSM"].min() < 0.5
    assert product.quality["telluric"] == made.header["GSP_TELL"] == "science"
    assert made.header["GSP_TBEF"] == product.quality["residual_before"] > 0.25
    assert made.header["GSP_TAFT"] == product.quality["residual_after"] < 0.06
    assert 0.5 < made.header["GSP_O2"] < 1.5 and made.header["GSP_H2O"] > 0.5


def test_without_correction_the_flux_is_as_observed() -> None:
    product = run(telluric="off")
    made = spectrum_of(product)
    np.testing.assert_array_equal(made.planes["UNCORR"], made.flux)
    assert np.all(made.planes["TRANSM"] == 1)
    assert made.header["GSP_TELL"] == "off" and "GSP_O2" not in made.header
    assert codes(product.notices) == []


def test_a_faint_spectrum_takes_the_bands_of_the_standard() -> None:
    response = flux_scenes.sensitivity()
    shown = frozenset({Gas.OXYGEN, Gas.WATER})
    cards.write(response.header, Telluric(0.88, 3.9, 0.0, 6.9, airmass=1.1, measured=shown))
    faint = observed(np.random.default_rng(3), flux=true_flux(np.arange(4700.0, 8800.0, 2.0)) / 500)
    product = run(inputs(faint, response))
    assert product.quality["telluric"] == "standard"
    assert params(product.notices, NoticeCode.TELLURIC_FROM_STANDARD)["gases"] == ["O2", "H2O"]
    assert spectrum_of(product).planes["TRANSM"].min() < 0.5
    without = run(inputs(faint))
    assert without.quality["telluric"] == "none"
    assert codes(without.notices) == [NoticeCode.TELLURIC_NOT_CORRECTED]


def test_a_magnitude_of_the_target_sets_the_level() -> None:
    narrow = {"SLIT": "1.0_LONG_SLIT", "GSP_FWAS": 1.0}
    axis = np.arange(4700.0, 8800.0, 2.0)
    left = 0.4 * true_flux(axis)  # the rest is lost at the slit
    spectrum = observed(np.random.default_rng(1), air=axis, flux=left, **narrow)
    given = inputs(spectrum, flux_scenes.sensitivity(SLIT="1.0_LONG_SLIT"))
    assert run(given).quality["grade"] == "relative"
    asked = {"band": "SDSS r", "magnitude": 14.994}  # of the true flux at 6180 Å: 3631 Jy is 0
    product = run(given, photometry=asked)
    made = spectrum_of(product)
    assert made.wavelength is not None
    assert np.median(made.flux / true_flux(made.wavelength)) == pytest.approx(1, abs=0.01)
    assert product.quality["grade"] == "absolute"
    assert product.quality["photometric_factor"] == pytest.approx(2.5, rel=0.02)
    assert product.quality["magnitude_SDSS_r"] == pytest.approx(14.994, abs=0.001)
    assert (made.header["GSP_PHOT"], made.header["GSP_PMAG"]) == ("SDSS r", 14.994)
    assert params(product.notices, NoticeCode.FLUX_SCALED)["band"] == "SDSS r"
    share = made.planes["SYS"] / made.flux
    assert np.nanmin(share) > 0.0276  # 0.03 mag
    pulls = (made.flux / true_flux(made.wavelength) - 1) * made.flux / np.sqrt(made.variance)
    between = (made.wavelength < 5850) | (np.abs(made.wavelength - 6730) < 60)
    assert 0.9 < np.std(pulls[between]) < 1.1


def test_a_magnitude_in_a_band_that_is_not_covered_is_refused() -> None:
    with refused(UnusableFrame, NoticeCode.PHOTOMETRY_NOT_COVERED, band="U"):
        run(photometry={"band": "U", "magnitude": 15.0})
    with pytest.raises(ValueError, match="band"):
        run(photometry={"band": "Q", "magnitude": 15.0})


def test_clouds_over_the_standard_leave_no_level() -> None:
    for keyword, value, code in (
        ("GSP_TRAT", 0.3, NoticeCode.FLUX_THROUGHPUT_LOW),
        ("GSP_ZMED", -0.6, NoticeCode.FLUX_ZERO_POINT_OFF),
    ):
        response = flux_scenes.sensitivity()
        response.header[keyword] = value
        product = run(inputs(response=response))
        assert product.quality["grade"] == "relative"
        assert codes(product.notices) == [code]


def test_a_slit_across_the_refraction_is_told() -> None:
    # Dec. −33°, two hours east of the meridian: the vertical is at about 90°
    place = {"OBSRA": "08:41:32.0", "OBSDEC": "-32:56:34.0", "DATE_OBS": "2014-12-19T05:33:12.76"}
    slit = {"SLIT": "1.0_LONG_SLIT", "GSP_FWAS": 1.0, "ADCSTAT": "PARK", "MOUNT_EL": None}
    response = flux_scenes.sensitivity(SLIT="1.0_LONG_SLIT")
    for angle, grade in ((0.0, "shape only"), (267.0, "relative")):
        spectrum = observed(np.random.default_rng(1), **place, **slit, POSANGLE=angle)
        product = run(inputs(spectrum, response))
        assert product.quality["grade"] == grade
        assert (NoticeCode.FLUX_OFF_PARALLACTIC in codes(product.notices)) is (angle == 0.0)


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
