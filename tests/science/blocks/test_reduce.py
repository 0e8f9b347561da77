"""Reduce: electrons of a known scene come back within their stated errors; the rest is refused."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.detector import geometry
from reduction.errors import HeaderError, MissingCalibration, UnusableFrame
from reduction.fits import frame_io
from reduction.fits.frame_io import flags_of, variance_of
from reduction.frames import DataType, PixelFlag, Product
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs
from tests.support.goodman_frames import NIGHT, REASON, header
from tests.support.notices import codes, refused
from tests.support.science.reduce_inputs import (
    NAMES,
    NX,
    NY,
    bias,
    flat,
    raw,
)


def quiet(_step: str, _fraction: float) -> None:
    return None


def run(frame: CCDData, **changes: object) -> Product:
    settings = {k: changes.pop(k) for k in list(changes) if k in ReduceSettings.model_fields}
    given = {"master_bias": bias(), "master_flat": flat(), "names": NAMES} | changes
    [product] = reduce(
        BlockInputs(frame=frame, file_name="0079_X.fits", **given),  # type: ignore[arg-type]
        ReduceSettings(**settings),  # type: ignore[arg-type]
        quiet,
    )
    return product


def test_electrons_come_back_within_their_errors() -> None:
    frame = raw(np.random.default_rng(2))
    before = frame.data.copy()
    product = run(frame)
    reduced = product.data
    assert isinstance(reduced, CCDData)
    assert reduced.shape == (100, 2030)
    variance = variance_of(reduced)
    assert variance is not None
    good = ~reduced.mask
    pull = (reduced.data - 400.0)[good] / np.sqrt(variance[good])
    assert abs(pull.mean()) < 0.05
    assert abs(pull.std() - 1) < 0.02
    assert product.file_name == "cfzst_0079_X.fits"
    assert product.inputs == ("bias.fits", "flat.fits")
    np.testing.assert_array_equal(frame.data, before)
    assert "GSP_VERS" not in frame.meta


def test_provenance_and_physical_coordinates() -> None:
    meta = run(raw(np.random.default_rng(3))).data
    assert isinstance(meta, CCDData)
    cards = meta.meta
    assert cards["GSP_ONAM"] == cards["GSP_PNAM"] == "0079_X.fits"
    assert (cards["GSP_BIAS"], cards["GSP_FLAT"]) == ("bias.fits", "flat.fits")
    assert cards["GSP_TRIM"] == f"[26:2055,2:{NY}]"
    assert cards["GSP_SLIT"] == "[1:2030,11:110]"
    assert geometry.to_physical(cards, 1, 0.0) == pytest.approx(50.5)
    assert geometry.to_physical(cards, 2, 0.0) == pytest.approx(22.5)


def test_a_dead_pixel_of_the_flat_is_flagged_not_blown_up() -> None:
    reduced = run(raw(np.random.default_rng(4)), cosmic_rays="none").data
    assert isinstance(reduced, CCDData)
    assert flags_of(reduced)[60 - 11, 900 - 25] == PixelFlag.NO_FLAT
    assert reduced.data[60 - 11, 900 - 25] < 100


def test_nan_and_saturation_are_carried_as_flags() -> None:
    frame = raw(np.random.default_rng(5))
    frame.data[50, 500] = np.nan
    frame.flags[70, 700] = PixelFlag.SATURATED
    reduced = run(frame).data
    assert isinstance(reduced, CCDData)
    assert flags_of(reduced)[39, 475] & PixelFlag.BAD
    assert flags_of(reduced)[59, 675] & PixelFlag.SATURATED
    assert np.isfinite(reduced.data).all()


def test_without_masters_the_overscan_is_used_and_said() -> None:
    product = run(raw(np.random.default_rng(6)), master_bias=None, master_flat=None, names={})
    assert product.file_name == "csto_0079_X.fits"
    missing = [one.params["role"] for one in product.notices]
    assert missing == ["master bias", "master flat"]
    assert set(codes(product.notices)) == {NoticeCode.MADE_WITHOUT}
    assert isinstance(product.data, CCDData)
    assert np.median(product.data.data) == pytest.approx(400, abs=3)
    ignored = run(raw(np.random.default_rng(6)), ignore_bias=True, ignore_flats=True)
    assert ignored.inputs == ()
    assert not ignored.notices


def test_a_lamp_keeps_its_lines() -> None:
    frame = raw(np.random.default_rng(7), OBSTYPE="COMP", OBJECT="HgArNe")
    frame.data[40:42, 1000] += 20000
    product = run(frame)
    assert product.file_name == "fzst_0079_X.fits"
    assert product.quality["cosmic_ray_pixels"] == 0


def test_masters_of_another_geometry_are_refused_naming_both() -> None:
    small = CCDData(np.zeros((50, NX), np.float32), unit=u.adu, meta=header())
    sizes = {"size": "2071 x 50", "frame_size": f"2071 x {NY}"}
    with refused(MissingCalibration, NoticeCode.MASTER_DOES_NOT_FIT, **sizes):
        run(raw(np.random.default_rng(8)), master_bias=small)
    shifted = flat()
    geometry.shift_physical(shifted.meta, 0, 30)
    with refused(MissingCalibration, NoticeCode.MASTER_DOES_NOT_FIT, role="master flat"):
        run(raw(np.random.default_rng(8)), master_flat=shifted)


def test_what_cannot_be_reduced_is_said() -> None:
    dead = raw(np.random.default_rng(9))
    dead.data[:] = np.nan
    dead.flags[:] = PixelFlag.BAD
    with refused(UnusableFrame, NoticeCode.PIXELS_WITHOUT_NUMBER):
        run(dead)
    full = raw(np.random.default_rng(9))
    full.flags[:] = PixelFlag.SATURATED
    with refused(UnusableFrame, NoticeCode.PIXELS_SATURATED):
        run(full)
    with refused(HeaderError, NoticeCode.CARD_MISSING, keyword="GAIN"):
        run(raw(np.random.default_rng(9), GAIN=None))


def test_an_image_is_not_slit_trimmed() -> None:
    frame = raw(np.random.default_rng(10), GRATING="NO_GRATING", SLIT="NO_MASK", OBSTYPE="EXPOSE")
    product = run(frame, master_flat=None)
    assert product.file_name == "czt_0079_X.fits"
    assert product.data_type is DataType.REDUCED


@pytest.mark.skipif(not NIGHT.is_dir(), reason=REASON)
def test_a_real_lamp_of_another_binning_is_reduced() -> None:
    path = next(NIGHT.glob("0018*.fits"))
    [product] = reduce(
        BlockInputs(frame=frame_io.read_raw(path), file_name=path.name), ReduceSettings(), quiet
    )
    assert isinstance(product.data, CCDData)
    assert product.data.shape == (200, 4060)
    assert geometry.binning_along(product.data.meta, 1) == 1
    assert geometry.binning_along(product.data.meta, 2) == 2
