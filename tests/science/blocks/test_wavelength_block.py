"""The wavelength block: the real night, standard axes, and what it refuses."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import wcs
from astropy.io import fits
from astropy.nddata import CCDData, VarianceUncertainty

from reduction.blocks.extract import ExtractSettings, extract
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.blocks.wavelength import WavelengthSettings, product_name, wavelength
from reduction.detector import geometry
from reduction.errors import MissingCalibration, NoWavelengthSolution
from reduction.extraction.apertures import extract_along
from reduction.fits import frame_io, vocabulary
from reduction.frames import ArcSide, DataType, FrameKind, OfferedArc, Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from reduction.registry import BlockInputs, CalibrationRole
from reduction.wavelength import spectral_wcs
from reduction.wavelength.zero_points.line_profile import LineProfile
from reduction.wavelength.zero_points.sky_check import sky_offset
from tests.support.notices import codes, params, refused
from tests.support.paths import REAL_NIGHT

NIGHT = REAL_NIGHT
SCIENCE, ARC = range(267, 272), 19
ROW = 81.0  # of AT2018oh in the 2x2 frames
A_NOTICE = notice(NoticeCode.MANUAL_CALIBRATION, role=CalibrationRole.ARC, file="arc.fits")
Array = np.ndarray[Any, Any]


def opened(number: int) -> CCDData:
    """A real frame, cut to its image and freed of its level: enough for a lamp or a rough sum."""
    found = sorted(NIGHT.glob(f"{number:04d}_*.fits"))
    if not found:
        pytest.skip("the real night of shared/data is not here")
    raw = frame_io.read_raw(found[0])
    geometry.set_physical(raw.meta, raw.shape)
    section = geometry.image_section(raw.meta, raw.shape)
    data = raw.data[section.slices] - np.median(raw.data[:, :5])
    header = raw.meta.copy()
    geometry.shift_physical(header, section.x0, section.y0)
    return CCDData(
        data,
        unit="electron",
        meta=header,
        uncertainty=VarianceUncertainty(np.abs(data) + 25),
        mask=np.zeros(data.shape, dtype=bool),
    )


def aperture(frame: CCDData) -> Spectrum:
    header = frame.meta.copy()
    header["BUNIT"] = "electron"
    for keyword, value in (("GSP_TORD", 0), ("GSP_TC00", ROW), ("GSP_TLO", -4.0), ("GSP_THI", 4.0)):
        header[keyword] = value
    found = extract_along(frame, header)
    return Spectrum(found.flux, found.variance, found.mask, header, sky=np.ones(found.flux.size))


def calibrate(frame: Spectrum, arc: CCDData | None, **settings: Any) -> Product:
    steps: list[tuple[str, float]] = []
    inputs = BlockInputs(
        frame=frame,
        file_name="ecfzst_0267_AT2018oh_930_blue_target_1.fits",
        arc=arc,
        names={CalibrationRole.ARC: "zst_0019_Fe_930_blue_long.fits"},
        notices=(A_NOTICE,),
    )
    (product,) = wavelength(
        inputs, WavelengthSettings(**settings), lambda step, part: steps.append((step, part))
    )
    assert [part for _, part in steps] == sorted(part for _, part in steps)
    return product


@pytest.fixture(scope="module")
def arc() -> CCDData:
    return opened(ARC)


def test_the_real_night_five_of_five(arc: CCDData) -> None:
    # the arc is 1x2, the science 2x2; 24.0/13.0 is none of the library's setups
    for number in SCIENCE:
        product = calibrate(aperture(opened(number)), arc)
        quality = product.quality
        assert product.data_type is DataType.WAVELENGTH
        assert quality["lamp"] == "FeHeAr"
        assert quality["lines"] >= 30
        assert quality["rms_angstrom"] < 0.1
        assert 0.838 < quality["dispersion_angstrom"] < 0.85
        assert quality["first_angstrom"] == pytest.approx(3577, abs=2)
        assert quality["last_angstrom"] == pytest.approx(5284, abs=2)
        assert product.notices[0] == A_NOTICE


def with_sky(frame: CCDData) -> Spectrum:
    spectrum = aperture(frame)
    beside = np.r_[ROW - 30 : ROW - 12, ROW + 12 : ROW + 30].astype(int)
    return Spectrum(
        spectrum.flux,
        spectrum.variance,
        spectrum.mask,
        spectrum.header,
        sky=8 * np.median(frame.data[beside], axis=0).astype(float),
    )


def test_the_moonlit_sky_shows_that_the_afternoon_arc_is_shifted(arc: CCDData) -> None:
    # Ca II H and K, Mg b and the Balmer lines of the moonlit sky lie 14.5 Å too blue: the arc was
    # taken nine hours earlier with another slit plate
    offsets = []
    for number in SCIENCE:
        science = with_sky(opened(number))
        product = calibrate(science, arc, sky="warn")
        offsets.append(product.quality["sky_offset_angstrom"])
        offset = params(product.notices, NoticeCode.SKY_OFFSET)
        assert offset["features"] == "solar"
        assert 0.05 < offset["error"] < 0.2
        # a shift that was measured and left is no good zero point
        assert product.quality["zero_point"] == "uncertain"
    assert np.max(np.abs(np.array(offsets) + 14.5)) < 0.3
    # the exposures follow each other for 17 minutes, in which flexure moves them by a third of Å
    assert np.std(np.diff(offsets)) < 0.1
    applied = calibrate(science, arc)
    assert NoticeCode.SKY_CORRECTED in codes(applied.notices)
    assert applied.quality["zero_point"] == "sky"
    assert applied.quality["arc_line_width_angstrom"] == pytest.approx(1.5, abs=0.1)
    # the slit of 1.0 arcsec is 6.7 pixels of 0.42 Å
    assert applied.quality["resolution_angstrom"] == pytest.approx(2.8, abs=0.2)
    # what is left after the correction, by the same measure
    axis, sky = applied.data.wavelength, applied.data.sky
    rest = sky_offset(sky, axis, LineProfile(2.8, 0.4), reach=33.0)
    assert rest is not None
    assert abs(rest.offset) < 0.1
    calcium_k = axis[np.abs(axis - 3933.66) < 12]
    assert abs(calcium_k[np.argmin(sky[np.abs(axis - 3933.66) < 12])] - 3933.66) < 4
    table = spectral_wcs.matched_lines(applied.data.header)
    terms = [applied.data.header[f"{vocabulary.GSP_C}{i:03d}"] for i in range(4)]
    residual = np.polynomial.Chebyshev(terms, domain=[-1, 1])(table.pixel) - table.wavelength
    np.testing.assert_allclose(residual, table.residual, atol=2e-3)
    assert "sky_offset_angstrom" not in calibrate(science, arc, sky="ignore").quality


def test_all_three_arcs_of_the_night_agree() -> None:
    science = aperture(opened(SCIENCE[0]))
    axes = [calibrate(science, opened(number)).data.wavelength for number in (18, 19, 20)]
    assert np.abs(np.array(axes) - axes[0]).max() < 0.25  # a quarter of a 2x2 pixel


def test_product_is_read_by_astropy_and_specutils(arc: CCDData, tmp_path: Path) -> None:
    product = calibrate(aperture(opened(SCIENCE[0])), arc)
    path = tmp_path / product.file_name
    frame_io.write(product, path)
    ours = product.data.wavelength
    assert path.name == "wecfzst_0267_AT2018oh_930_blue_ws_1.fits"

    header = fits.getheader(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # DATE-OBS and MJD-OBS are as WCSLIB wants them
        axis = wcs.WCS(header)
    assert axis.naxis == 1
    theirs = axis.spectral.pixel_to_world(np.arange(ours.size)).to_value("Angstrom")
    np.testing.assert_allclose(theirs, ours, atol=0.01)

    from specutils import Spectrum as Reader

    spectrum = Reader.read(path)
    np.testing.assert_allclose(spectrum.spectral_axis.to_value("Angstrom"), ours, atol=0.01)
    np.testing.assert_allclose(spectrum.flux.value, product.data.flux)
    np.testing.assert_allclose(spectrum.uncertainty.array, product.data.variance)

    again = frame_io.read_product(path)
    assert isinstance(again, Spectrum)
    np.testing.assert_allclose(again.wavelength, ours)
    assert header["AIRORVAC"] == "air"
    assert header["CTYPE1"] == "AWAV"
    assert "LTV1" not in header


def test_header_keeps_the_solution_and_its_lines(arc: CCDData) -> None:
    science = aperture(opened(SCIENCE[0]))
    header = calibrate(science, arc).data.header
    table = spectral_wcs.matched_lines(header)
    assert table.used.sum() == header[vocabulary.GSP_WPOI]
    assert (~table.used).sum() == header[vocabulary.GSP_WREJ]
    order = header[vocabulary.GSP_ORDR]
    terms = [header[f"{vocabulary.GSP_C}{i:03d}"] for i in range(order + 1)]
    function = np.polynomial.Chebyshev(terms, domain=[-1, 1])
    np.testing.assert_allclose(function(table.pixel) - table.wavelength, table.residual, atol=2e-3)
    assert header[vocabulary.GSP_NPIX] == science.flux.size
    rms = np.sqrt(np.sum(table.residual[table.used] ** 2) / (table.used.sum() - order - 1))
    assert rms == pytest.approx(header[vocabulary.GSP_WRMS], abs=1e-3)


def test_the_arc_is_kept_on_the_spectrum_s_own_axis(arc: CCDData) -> None:
    science = aperture(opened(SCIENCE[0]))
    product = calibrate(science, arc)
    axis, (counts,) = product.data.wavelength, product.data.arcs
    assert counts.shape == axis.shape
    # the strongest lines of the lamp near 4600 and 4700 Å (NIST, air) stand where they belong
    for line in (4609.567, 4657.901, 4726.868):
        near = np.abs(axis - line) < 3
        assert axis[near][np.nanargmax(counts[near])] == pytest.approx(line, abs=0.85)
    assert calibrate(aperture(arc), None).data.arcs is None


def test_counts_are_kept_and_the_step_is_obeyed(arc: CCDData) -> None:
    science = aperture(opened(SCIENCE[0]))
    for step in (0.0, 2.0):
        product = calibrate(science, arc, step=step)
        assert product.data.flux.sum() == pytest.approx(science.flux.sum(), rel=2e-3)
        if step:
            assert product.data.header["CDELT1"] == step


def test_an_arc_is_calibrated_with_itself(arc: CCDData) -> None:
    lamp = aperture(arc)
    product = calibrate(lamp, None)
    assert product.inputs == ()
    assert product.quality["lines"] >= 30


def test_an_arc_without_named_lamp_is_recognised_and_said(arc: CCDData) -> None:
    lamp = aperture(arc)
    lamp.header["OBJECT"] = "AT2018oh"
    product = calibrate(lamp, None)
    assert product.quality["lamp"] in {"FeHeAr", "CuHeAr"}  # most lines are those of argon
    assert NoticeCode.LAMP_GUESSED in codes(product.notices)


def test_what_can_not_be_calibrated_is_refused(arc: CCDData) -> None:
    science = aperture(opened(SCIENCE[0]))
    with refused(MissingCalibration, NoticeCode.ARC_MISSING):
        calibrate(science, None)
    other = CCDData(arc, copy=True)
    other.meta["GRT_TARG"] = 14.0
    with refused(MissingCalibration, NoticeCode.ARC_SETUP_DIFFERS):
        calibrate(science, other)
    dark = CCDData(arc, copy=True)
    dark.data = np.random.default_rng(1).normal(10, 4, arc.shape)
    with pytest.raises(NoWavelengthSolution):
        calibrate(science, dark)
    with refused(NoWavelengthSolution, NoticeCode.TOO_FEW_LINES):
        calibrate(aperture(arc), None, minimum_lines=60)


def test_two_arcs_are_interpolated_in_time(arc: CCDData) -> None:
    science = aperture(opened(SCIENCE[0]))
    inputs = BlockInputs(
        frame=science,
        file_name="ecfzst_0267_AT2018oh_930_blue_target_1.fits",
        arc=arc,
        second_arc=opened(20),
        names={CalibrationRole.ARC: "zst_0019.fits", CalibrationRole.SECOND_ARC: "zst_0020.fits"},
    )
    (product,) = wavelength(inputs, WavelengthSettings(), lambda *_: None)
    alone = [calibrate(science, one).data.wavelength for one in (arc, inputs.second_arc)]
    ours = product.data.wavelength
    assert np.all(ours <= np.max(alone, axis=0) + 0.02)
    assert np.all(ours >= np.min(alone, axis=0) - 0.02)
    assert product.inputs == ("zst_0019.fits", "zst_0020.fits")
    assert product.data.header["GSP_ARC2"] == "zst_0020.fits"
    assert product.data.arcs.shape == (2, ours.size)
    assert abs(product.quality["arc_shift_pixel"]) < 0.5
    dark = CCDData(arc, copy=True)
    dark.data = np.random.default_rng(1).normal(10, 4, arc.shape)
    (product,) = wavelength(replace(inputs, second_arc=dark), WavelengthSettings(), lambda *_: None)
    np.testing.assert_array_equal(product.data.wavelength, alone[0])
    assert product.inputs == ("zst_0019.fits",)
    assert product.data.arcs.shape == (1, ours.size)
    unused = params(product.notices, NoticeCode.ARC_NOT_USED)
    assert unused["file"] == "zst_0020.fits"


def like_arc(arc: CCDData, data: Array, **cards: Any) -> CCDData:
    other = CCDData(arc, copy=True)
    other.data = data
    other.meta.update(cards)
    return other


@pytest.fixture(scope="module")
def useless(arc: CCDData) -> dict[str, CCDData]:
    """Arcs that show no lamp, a quartz lamp, another lamp than their header says, and no light."""
    rng = np.random.default_rng(1)
    columns = np.linspace(0, 1, arc.shape[1])
    quartz = 20000 * np.exp(-(((columns - 0.6) / 0.4) ** 2)) * np.ones(arc.shape)
    return {
        "dark": like_arc(arc, rng.normal(10, 4, arc.shape)),
        "quartz": like_arc(arc, rng.normal(quartz, np.sqrt(quartz + 25))),
        "wrong lamp": like_arc(arc, arc.data, OBJECT="HgAr", **LAMPS_OF_HGAR),
        "saturated": like_arc(arc, np.full(arc.shape, 60000.0)),
    }


LAMPS_OF_HGAR = {"LAMP_HGA": "TRUE", "LAMP_FE": "FALSE", "LAMP_AR": "FALSE"}


def offering(**sides: list[tuple[str, CCDData]]) -> Callable[[ArcSide], OfferedArc | None]:
    rest = {ArcSide(name): list(arcs) for name, arcs in sides.items()}

    def next_arc(side: ArcSide) -> OfferedArc | None:
        if not rest.get(side):
            return None
        name, frame = rest[side].pop(0)
        return OfferedArc(name, lambda: frame)

    return next_arc


def calibrate_with(next_arc: Callable[[ArcSide], OfferedArc | None]) -> Product:
    inputs = BlockInputs(
        frame=aperture(opened(SCIENCE[0])),
        file_name="ecfzst_0267_AT2018oh_930_blue_target_1.fits",
        kind=FrameKind.SPECTRUM,
        next_arc=next_arc,
    )
    (product,) = wavelength(inputs, WavelengthSettings(), lambda *_: None)
    return product


@pytest.mark.parametrize("kind", ["dark", "quartz", "wrong lamp", "saturated"])
def test_an_arc_without_a_solution_is_passed_over_for_the_next(
    arc: CCDData, useless: dict[str, CCDData], kind: str
) -> None:
    expected = calibrate(aperture(opened(SCIENCE[0])), arc)
    product = calibrate_with(offering(first=[("bad.fits", useless[kind]), ("good.fits", arc)]))
    np.testing.assert_array_equal(product.data.wavelength, expected.data.wavelength)
    assert product.inputs == ("good.fits",)
    assert [(one.name, one.refused is None) for one in product.arcs] == [
        ("bad.fits", False),
        ("good.fits", True),
    ]
    assert params(product.notices, NoticeCode.ARC_NOT_USED)["file"] == "bad.fits"


def test_each_side_falls_back_on_its_own_and_then_on_the_others(
    arc: CCDData, useless: dict[str, CCDData]
) -> None:
    dark = useless["dark"]
    both = calibrate_with(
        offering(
            first=[("a.fits", dark), ("b.fits", arc)],
            second=[("c.fits", dark), ("d.fits", opened(20))],
            other=[("e.fits", arc)],
        )
    )
    assert both.inputs == ("b.fits", "d.fits")
    one = calibrate_with(
        offering(first=[("a.fits", dark)], second=[("d.fits", arc)], other=[("e.fits", arc)])
    )
    assert one.inputs == ("d.fits",)
    other = calibrate_with(
        offering(first=[("a.fits", dark)], second=[("c.fits", dark)], other=[("e.fits", arc)])
    )
    assert other.inputs == ("e.fits",)
    with refused(NoWavelengthSolution, NoticeCode.NO_ARC_SOLVED, files=["a.fits", "c.fits"]):
        calibrate_with(offering(first=[("a.fits", dark)], second=[("c.fits", useless["quartz"])]))
    with refused(MissingCalibration, NoticeCode.ARC_MISSING):
        calibrate_with(offering())


@pytest.mark.parametrize(("mode", "first", "last"), [("400m1", 3030, 7060), ("400m2", 4970, 8970)])
def test_a_focus_frame_with_its_lamp_on_is_calibrated_as_an_arc(
    mode: str, first: float, last: float
) -> None:
    path = NIGHT.parent / "focus-arcs" / f"sp_{mode}.fits"
    if not path.exists():
        pytest.skip("the real arcs of shared/data/focus-arcs are not here")
    raw = frame_io.read_raw(path)
    (reduced,) = reduce(
        BlockInputs(frame=raw, file_name=path.name, kind=FrameKind.ARC),
        ReduceSettings(ignore_bias=True, ignore_flats=True, cosmic_rays="none"),
        lambda *_: None,
    )
    (lamp,) = extract(
        BlockInputs(frame=reduced.data, file_name=reduced.file_name, kind=FrameKind.ARC),
        ExtractSettings(),
        lambda *_: None,
    )
    inputs = BlockInputs(frame=lamp.data, file_name=lamp.file_name, kind=FrameKind.ARC)
    (product,) = wavelength(inputs, WavelengthSettings(), lambda *_: None)
    quality = product.quality
    assert quality["lamp"] == "HgArNe"
    assert quality["lines"] >= 25
    assert quality["rms_angstrom"] < 0.1  # a tenth of a pixel
    assert abs(quality["first_angstrom"] - first) < 40
    assert abs(quality["last_angstrom"] - last) < 40


@pytest.mark.parametrize(
    ("parent", "name"),
    [
        ("ecfzst_0317_X_05-07-2022_target_2.fits", "wecfzst_0317_X_05-07-2022_ws_2.fits"),
        ("ezst_0080_COMP.fits", "wezst_0080_COMP_ws_1.fits"),
        ("ecfzst_X_target_2_v2.fits", "wecfzst_X_ws_2_v2.fits"),
        ("ecfzst_X_v2_target_1.fits", "wecfzst_X_v2_ws_1.fits"),
        ("ecfzst_X_v3.fits", "wecfzst_X_ws_1_v3.fits"),
        ("ecfzst_X_target_12_v10.fits", "wecfzst_X_ws_12_v10.fits"),
    ],
)
def test_product_names(parent: str, name: str) -> None:
    assert product_name(parent) == name


def test_vacuum_is_the_same_spectrum_on_another_axis(arc: CCDData) -> None:
    science = aperture(opened(SCIENCE[0]))
    air = calibrate(science, arc, sky="ignore")
    vacuum = calibrate(science, arc, sky="ignore", medium="vacuum")
    header = vacuum.data.header
    assert (header["CTYPE1"], header["AIRORVAC"]) == ("WAVE", "vacuum")
    assert vacuum.quality["wavelengths_in"] == "vacuum"
    ours = vacuum.data.wavelength
    np.testing.assert_allclose(np.diff(ours), header["CDELT1"], rtol=1e-6)
    # NIST: n - 1 = 2.79e-4 at 4500 Å; 1.26 Å between the two.
    middle = np.argmin(np.abs(air.data.wavelength - 4500))
    assert ours[middle] - air.data.wavelength[middle] == pytest.approx(1.26, abs=0.15)
    assert np.nansum(vacuum.data.flux) == pytest.approx(np.nansum(air.data.flux), rel=1e-3)
    assert header["SPECSYS"] == "TOPOCENT"
    assert abs(header["BARYCORR"]) < 30.8
