"""The block Sensitivity: its product, what it takes from earlier nights, what it refuses."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from reduction.blocks.sensitivity import SensitivityRunSettings, SensitivitySettings, sensitivity
from reduction.errors import HeaderError, NoSensitivity, ReductionError
from reduction.fits import frame_io
from reduction.flux.references.library import star_of
from reduction.flux.response.sensitivity import response_of
from reduction.frames import DataType, FrameKind, PixelFlag, Product, Spectrum
from reduction.registry import BlockInputs, blocks_for
from reduction.wavelength.axis.medium import to_vacuum
from tests.support.notices import codes
from tests.support.truth import standard_stars as truth
from tests.support.truth.standard_stars import Exposure

STAR = star_of("LTT 3218")
assert STAR is not None
FLUX = truth.published(STAR)


SIDEREAL_DAY = dt.timedelta(seconds=86164.1)
"""After it the airmass is the same."""


def quiet(_step: str, _fraction: float) -> None:
    return None


def standard(how: Exposure | None = None, seed: int = 1) -> Spectrum:
    return truth.observed(FLUX, how or Exposure(), np.random.default_rng(seed))


def made(spectrum: Spectrum, earlier: tuple[Spectrum, ...] = (), **settings: object) -> Product:
    inputs = BlockInputs(
        frame=spectrum,
        file_name="wecfzst_0079_LTT3218_ws_1.fits",
        kind=FrameKind.SPECTRUM,
        site_library=earlier,
    )
    [product] = sensitivity(inputs, SensitivityRunSettings.model_validate(settings), quiet)
    return product


@pytest.fixture(scope="module")
def product() -> Product:
    return made(standard())


class TestProduct:
    def test_is_the_sensitivity(self, product: Product) -> None:
        data = product.data
        assert isinstance(data, Spectrum)
        expected = truth.true_sensitivity("400_M1", data.wavelength)
        inside = np.isfinite(data.flux) & (data.wavelength > 4000)
        off = np.log(data.flux[inside] / expected[inside])
        assert np.std(off) < 0.01
        assert abs(np.median(off)) < 0.01

    def test_name_and_type(self, product: Product) -> None:
        assert product.data_type is DataType.SENSITIVITY
        name = "sensitivity_400_M1_S3.0_LTT3218_20260119_021930.fits"
        assert product.file_name == name

    def test_planes_and_unit(self, product: Product) -> None:
        data = product.data
        planes = {"OWN", "POINTS", "PMASK", "LIBRARY", "SYS", "EXPECTED"}
        assert planes <= set(data.planes)
        assert all(plane.shape == data.flux.shape for plane in data.planes.values())
        assert u.Unit(data.header["BUNIT"]) == u.electron * u.cm**2 / u.erg
        assert np.isnan(data.planes["LIBRARY"]).all()
        outside = np.isnan(data.flux)
        assert (data.mask[outside] == PixelFlag.NO_SENSITIVITY).all()
        assert (data.mask[~outside] == 0).all()

    def test_cards(self, product: Product) -> None:
        header = product.data.header
        assert header["GSP_STAR"] == "LTT 3218"
        assert header["GSP_STRF"] == "Moehler"
        assert header["GSP_STRK"] == 1
        assert header["GSP_AIRM"] == pytest.approx(1.300, abs=0.01)
        assert "Stone" in header["GSP_EXTI"]
        assert header["GSP_NLIB"] == 0
        assert header["GSP_FNAM"] == product.file_name

    def test_quality(self, product: Product) -> None:
        quality = product.quality
        assert json.loads(json.dumps(quality)) == quality
        assert quality["star"] == "LTT 3218"
        assert quality["reference"] == "Moehler"
        true = 2.5 * np.log10(truth.true_sensitivity("400_M1", np.array([5500.0])))[0]
        assert quality["zero_point_mag"] == pytest.approx(true, abs=0.01)
        assert quality["throughput_peak"] == pytest.approx(
            truth.throughput("400_M1").max(), rel=0.02
        )
        assert quality["library_size"] == 0
        assert 0.3 < quality["throughput_ratio"] < 1.5
        assert quality["points_used"] > 100

    def test_the_spectrum_of_the_star_is_not_changed(self) -> None:
        spectrum, same = standard(), standard()
        made(spectrum)
        assert spectrum.header.tostring() == same.header.tostring()
        assert np.array_equal(spectrum.flux, same.flux)
        assert np.array_equal(spectrum.mask, same.mask)

    def test_nothing_of_the_proposal_is_in_it(self) -> None:
        spectrum = standard()
        spectrum.header["PROPID"] = "SOAR2026A-007"
        spectrum.header["OBSERVER"] = "A Person"
        spectrum.header["COMMENT"] = "secret remark"
        text = made(spectrum).data.header.tostring()
        for word in ("2026A-007", "A Person", "secret", "wecfzst"):
            assert word not in text

    def test_is_read_back(self, product: Product, tmp_path: Path) -> None:
        path = tmp_path / product.file_name
        frame_io.write(product, path)
        with fits.open(path) as opened:
            assert {"VAR", "MASK", "WAVE", "OWN", "SYS"} <= {hdu.name for hdu in opened}
        read = frame_io.read_product(path)
        assert isinstance(read, Spectrum)
        response, original = response_of(read), response_of(product.data)
        assert np.array_equal(response.sensitivity, original.sensitivity, equal_nan=True)
        assert (response.star, response.airmass) == ("LTT 3218", original.airmass)


def test_a_spectrum_in_vacuum_gives_the_same_sensitivity(product: Product) -> None:
    spectrum = standard()
    header = spectrum.header.copy()
    header["AIRORVAC"], header["CTYPE1"] = "vacuum", "WAVE"
    vacuum = replace(spectrum, wavelength=to_vacuum(spectrum.wavelength), header=header)
    data = made(vacuum).data
    assert data.header["AIRORVAC"] == "vacuum"
    one, other = response_of(product.data), response_of(data)
    assert np.allclose(other.wavelength, one.wavelength, atol=1e-6)
    known = np.isfinite(one.sensitivity) & np.isfinite(other.sensitivity)
    assert known.sum() > 1800
    assert np.allclose(one.sensitivity[known], other.sensitivity[known], rtol=2e-3)


class TestTelluric:
    def test_the_bands_of_the_star_are_measured(self) -> None:
        """The A band of the simulated atmosphere transmits 0.4 at an airmass of 1."""
        product = made(standard(Exposure(mode="400_M2")))
        passed, axis = product.data.planes["TRANSM"], product.data.wavelength
        assert np.min(passed[(axis > 7590) & (axis < 7700)]) < 0.6
        assert np.all(passed[(axis > 6050) & (axis < 6200)] > 0.99)
        assert product.quality["telluric_o2"] > 0.5
        assert product.data.header["GSP_O2"] == pytest.approx(
            product.quality["telluric_o2"], abs=1e-3
        )

    def test_no_band_no_number(self) -> None:
        other = made(standard(Exposure(mode="600_BLUE"))).data
        assert "TRANSM" not in other.planes
        assert "GSP_O2" not in other.header


class TestStar:
    def test_is_recognised_under_another_name_by_its_position(self) -> None:
        spectrum = standard()
        spectrum.header["OBJECT"] = "stdstar"
        product = made(spectrum)
        assert product.quality["star"] == "LTT 3218"
        assert "standard_by_position" in codes(product.notices)

    def test_no_standard(self) -> None:
        spectrum = standard()
        spectrum.header["OBJECT"], spectrum.header["OBSDEC"] = "NGC 300", "-37:41:00"
        with pytest.raises(NoSensitivity) as caught:
            made(spectrum)
        assert caught.value.notice.code == "standard_unknown"

    def test_name_far_from_its_position(self) -> None:
        spectrum = standard()
        spectrum.header["OBSDEC"] = "-37:41:00"
        with pytest.raises(NoSensitivity) as caught:
            made(spectrum)
        assert caught.value.notice.code == "standard_elsewhere"

    def test_coordinates_left_from_the_standard_make_no_star_of_the_next_target(self) -> None:
        spectrum = standard()
        spectrum.header["OBJECT"] = "NGC 2997"
        spectrum.header["RA"], spectrum.header["DEC"] = "09:45:38.8", "-31:11:28"
        with pytest.raises(NoSensitivity) as caught:
            made(spectrum)
        assert caught.value.notice.code == "standard_unknown"

    def test_a_person_overrules(self) -> None:
        spectrum = standard()
        spectrum.header["OBSDEC"] = "-37:41:00"
        product = made(spectrum, star="LTT 3218")
        assert product.quality["star"] == "LTT 3218"

    def test_a_fainter_target_is_not_the_star(self) -> None:
        spectrum = standard()
        spectrum.header["GSP_TNUM"] = 2
        with pytest.raises(NoSensitivity) as caught:
            made(spectrum)
        assert caught.value.notice.code == "standard_not_brightest"
        assert made(spectrum, star="LTT 3218").quality["star"] == "LTT 3218"

    def test_a_person_errs(self) -> None:
        for star, code in (("LTT 7379", "standard_not_the_star"), ("Vega X", "standard_unknown")):
            with pytest.raises(NoSensitivity) as caught:
                made(standard(), star=star)
            assert caught.value.notice.code in {code, "standard_colour"}


class TestSiteLibrary:
    """Earlier nights with another level and slope each."""

    @staticmethod
    def night(seed: int) -> Spectrum:
        rng = np.random.default_rng(seed)
        spectrum = standard(Exposure(grey=float(rng.uniform(0.6, 1.0))), seed)
        x = (spectrum.wavelength - 5000) / 2000
        spectrum.flux *= np.exp(rng.normal(0, 0.05) * x + rng.normal(0, 0.02) * x**2)
        begin = dt.datetime(2026, 1, 20, 2, 19, 30) - seed * SIDEREAL_DAY
        spectrum.header["DATE-OBS"] = begin.isoformat()
        return spectrum

    @pytest.fixture(scope="class")
    @classmethod
    def earlier(cls) -> tuple[Spectrum, ...]:
        return tuple(made(cls.night(seed)).data for seed in range(2, 8))

    def test_shape_of_earlier_nights_level_of_its_own(self, earlier: tuple[Spectrum, ...]) -> None:
        product = made(standard(), earlier)
        data = product.data
        assert product.quality["library_size"] == 6
        assert len(product.inputs) == 6
        assert all(name.startswith("sensitivity_") for name in product.inputs)
        expected = truth.true_sensitivity("400_M1", data.wavelength)
        inside = np.isfinite(data.flux) & (data.wavelength > 4000)
        off = np.log(data.flux[inside] / expected[inside])
        assert np.std(off) < 0.005
        assert abs(np.median(off)) < 0.005
        assert np.array_equal(data.flux, data.planes["LIBRARY"], equal_nan=True)
        own = made(standard()).data
        assert np.array_equal(data.planes["OWN"], own.flux, equal_nan=True)
        assert np.nanmedian(data.planes["SYS"]) < np.nanmedian(own.planes["SYS"])

    def test_one_bad_night_does_no_harm(self, earlier: tuple[Spectrum, ...]) -> None:
        bad = replace(earlier[0], planes=dict(earlier[0].planes))
        bad.planes["OWN"] = bad.planes["OWN"] * (1 + 0.5 * np.sin(bad.wavelength / 150))
        data = made(standard(), (bad, *earlier[1:])).data
        expected = truth.true_sensitivity("400_M1", data.wavelength)
        inside = np.isfinite(data.flux) & (data.wavelength > 4000)
        assert np.std(np.log(data.flux[inside] / expected[inside])) < 0.01

    def test_clouds_over_the_star_are_told_from_earlier_nights(
        self, earlier: tuple[Spectrum, ...]
    ) -> None:
        levels = [float(np.nanmedian(each.planes["OWN"])) for each in earlier]
        clear, cloudy = (made(standard(Exposure(grey=g)), earlier) for g in (1.0, 0.4))
        own = float(np.nanmedian(clear.data.planes["OWN"]))
        expected = 2.5 * np.log10(own / np.median(levels))
        assert clear.quality["zero_point_offset_mag"] == pytest.approx(expected, abs=0.06)
        difference = clear.data.header["GSP_ZMED"] - cloudy.data.header["GSP_ZMED"]
        assert difference == pytest.approx(-2.5 * np.log10(0.4), abs=0.02)
        assert "GSP_ZMED" not in made(standard(), earlier[:2]).data.header

    def test_two_are_too_few(self, earlier: tuple[Spectrum, ...]) -> None:
        product = made(standard(), earlier[:2])
        assert product.quality["library_size"] == 0
        assert product.inputs == ()
        assert np.isnan(product.data.planes["LIBRARY"]).all()

    def test_what_is_no_sensitivity_is_left_out(self, earlier: tuple[Spectrum, ...]) -> None:
        product = made(standard(), (standard(), *earlier[:3]))
        assert product.quality["library_size"] == 3

    def test_beyond_the_range_of_the_others_it_is_that_of_the_own_star(
        self, earlier: tuple[Spectrum, ...]
    ) -> None:
        short = []
        for each in earlier:
            planes = dict(each.planes)
            planes["OWN"] = np.where(each.wavelength < 6300, planes["OWN"], np.nan)
            short.append(replace(each, planes=planes))
        data = made(standard(), tuple(short)).data
        assert data.header["GSP_NLIB"] == 6
        own = data.planes["OWN"]
        assert np.array_equal(np.isfinite(data.flux), np.isfinite(own))
        beyond = np.isfinite(own) & (data.wavelength > 6300)
        assert np.ptp(np.log(data.flux[beyond] / own[beyond])) < 1e-6
        there = np.isfinite(own) & (np.abs(data.wavelength - 6300) < 40)
        assert np.max(np.abs(np.diff(np.log(data.flux[there] / own[there])))) < 1e-3
        expected = truth.true_sensitivity("400_M1", data.wavelength)
        assert np.max(np.abs(np.log(data.flux[beyond] / expected[beyond]))) < 0.01

    def test_the_range_is_that_of_the_own_star(self, earlier: tuple[Spectrum, ...]) -> None:
        spectrum = standard()
        spectrum.mask[spectrum.wavelength > 6000] |= np.uint8(PixelFlag.BAD)
        product = made(spectrum, earlier)
        assert product.quality["library_size"] == 6
        assert product.quality["last_angstrom"] < 6020


def test_settings_change_the_fit() -> None:
    spectrum = standard()
    plain = made(spectrum).data
    for changed in ({"stiffness": 8.0}, {"mask_lines": False}):
        other = made(spectrum, **changed).data
        assert not np.array_equal(plain.flux, other.flux, equal_nan=True)
    assert made(spectrum, stiffness=8.0).data.header["GSP_SFST"] == 8.0
    assert made(spectrum, mask_lines=False).data.header["GSP_SFLM"] is False


def test_not_a_calibrated_spectrum() -> None:
    for frame in (None, replace(standard(), wavelength=None)):
        with pytest.raises(HeaderError):
            made(frame)  # type: ignore[arg-type]


def test_on_spectra_of_targets_only() -> None:
    names = {block.name for block in blocks_for(DataType.WAVELENGTH, FrameKind.SPECTRUM)}
    assert "sensitivity" in names
    for kind in (FrameKind.ARC, FrameKind.FLAT):
        names = {block.name for block in blocks_for(DataType.WAVELENGTH, kind)}
        assert "sensitivity" not in names


@pytest.mark.parametrize(
    "cards",
    [
        {"GRATING": ""},
        {"CAM_TARG": "x"},
        {"SLIT": "NO_MASK"},
        {"AIRMASS": 199.88},
        {"GSP_RESO": "wide"},
        {"GSP_RESO": -3.0},
        {"OBJECT": ""},
        {"EXPTIME": 1e9},
    ],
)
def test_odd_headers_give_a_product_or_a_notice(cards: dict[str, object]) -> None:
    spectrum = standard()
    spectrum.header.update(cards)
    try:
        product = made(spectrum)
    except ReductionError:
        return
    assert np.isfinite(product.data.flux).any()


def test_settings_model() -> None:
    assert set(SensitivityRunSettings.model_fields) - set(SensitivitySettings.model_fields) == {
        "star"
    }
