"""Pixels of any binning and trim are related through the detector, to the half pixel."""

import numpy as np
import pytest

from reduction.detector import geometry
from reduction.errors import HeaderError
from reduction.notice_codes import NoticeCode
from tests.support.goodman_frames import OLD, header
from tests.support.notices import refused


def binned(fine: np.ndarray, bx: int, by: int) -> np.ndarray:
    ny, nx = fine.shape[0] // by, fine.shape[1] // bx
    return fine[: ny * by, : nx * bx].reshape(ny, by, nx, bx).sum(axis=(1, 3))


@pytest.mark.parametrize(("bx", "by"), [(1, 1), (1, 2), (2, 2), (3, 3)])
def test_a_spot_has_the_same_physical_place_in_every_binning(bx: int, by: int) -> None:
    y, x = np.mgrid[:120, :240]
    spot = np.exp(-((x - 130.3) ** 2 + (y - 61.7) ** 2) / (2 * 6.0**2))
    image = binned(spot, bx, by)
    made = header(CCDSUM=f"{bx} {by}", ROI="user-defined")
    geometry.set_physical(made, image.shape)
    dx, dy = 7, 5
    geometry.shift_physical(made, dx, dy)
    cut = image[dy:, dx:]
    rows, columns = np.mgrid[: cut.shape[0], : cut.shape[1]]
    cx, cy = ((cut * c).sum() / cut.sum() for c in (columns, rows))
    assert geometry.to_physical(made, 1, cx) == pytest.approx(130.3, abs=0.01)
    assert geometry.to_physical(made, 2, cy) == pytest.approx(61.7, abs=0.01)
    assert geometry.binning_along(made, 1) == pytest.approx(bx)


def test_logical_is_the_inverse_of_physical() -> None:
    made = header()
    geometry.set_physical(made, (948, 2071))
    pixels = np.linspace(-3, 2100, 17)
    back = geometry.to_logical(made, 1, geometry.to_physical(made, 1, pixels))
    assert back == pytest.approx(pixels, abs=1e-9)


def test_the_readout_window_is_told_by_the_controller_cards() -> None:
    made = header()
    made["PG5_6"] = (980, "Parallel Origin,")
    made["PG5_11"] = (0, "Serial Origin,")
    assert geometry.readout_origin(made, (948, 2071)) == (0, 980)
    made["PG4_17"] = (4112, "Parallel Active Pix.,")
    made["COMMENT"] = "Triggered - Image Transform: Flip Y, Saved as: x.fits"
    assert geometry.readout_origin(made, (948, 2071)) == (0, 4112 - 980 - 2 * 948)
    assert geometry.readout_origin(header(ROI="CUST_0_4142_980_948_1x2"), (474, 4142)) == (0, 980)


def test_trimsec_is_used_only_where_it_fits_the_pixels() -> None:
    made = header(TRIMSEC="[26:2055,2:948]")
    assert str(geometry.image_section(made, (948, 2071))) == "[26:2055,2:948]"
    # older frames: unbinned pixels, or the whole frame
    old = header(OLD, TRIMSEC="[1:4142,1:400]")
    assert str(geometry.image_section(old, (200, 2071))) == "[26:2055,1:200]"
    whole = header(OLD, TRIMSEC="[1:4142,1:400]", CCDSUM="1 1")
    assert str(geometry.image_section(whole, (400, 4142))) == "[51:4110,1:400]"
    garbage = header(TRIMSEC="[9:2")
    assert str(geometry.image_section(garbage, (948, 2071))) == "[26:2055,1:948]"


def test_overscan_columns_of_both_cameras() -> None:
    red = geometry.overscan_section(header(), (10, 2071))
    blue = geometry.overscan_section(header(OLD), (10, 2071))
    assert (str(red), str(blue)) == ("[4:24,1:10]", "[1:8,1:10]")
    assert geometry.overscan_section(header(ROI="Imaging 2x2"), (10, 1600)) is None


def test_a_frame_without_coordinates_is_refused() -> None:
    with refused(HeaderError, NoticeCode.POSITION_MISSING, keyword="LTV1"):
        geometry.to_physical(header(), 1, 0.0)
