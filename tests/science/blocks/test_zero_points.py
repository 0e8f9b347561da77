"""Arc and science through different slits: the right zero point, or how uncertain it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reduction.fits import vocabulary
from reduction.frames import Product
from reduction.notice_codes import NoticeCode
from reduction.slits import Source, ZeroPointEvidence
from tests.support.notices import codes, params
from tests.support.truth.slits import Observation, observe

NARROW = "0.45_LONG_SLIT"


def sibling(product: Product, **facts: Any) -> ZeroPointEvidence:
    quality = product.quality
    offset, error = quality["sky_offset_pixel"], quality["sky_offset_error_pixel"]
    values = {"arc_slit": NARROW, "name": product.file_name, **facts}
    return ZeroPointEvidence(Source.SIBLING, float(offset), float(error), 0.5, **values)


def is_within_its_error(seen: Observation, product: Product) -> bool:
    error = float(product.quality["zero_point_error_angstrom"])
    return abs(seen.miss(product)) < 3 * error


@pytest.mark.parametrize("slit", ["1.0_LONG_SLIT", "3.0_LONG_SLIT"])
@pytest.mark.parametrize(
    ("setup", "sky_magnitude"),
    [("400_M2", 22.0), ("600_MID", 21.5), ("930_M4", 22.0), ("930_M2", 18.5), ("1200_M2", 18.0)],
)
def test_the_sky_settles_it(setup: str, sky_magnitude: float, slit: str) -> None:
    # airglow by dark night in the red, moonlight in the blue
    seen = observe(setup, arc_slit=NARROW, slit=slit, sky_magnitude=sky_magnitude)
    ignored = seen.calibrate(sky="ignore")
    dispersion = abs(float(ignored.quality["dispersion_angstrom"])) / 2
    assert seen.miss(ignored) == pytest.approx(-35 * dispersion, abs=1.0 * dispersion)
    product = seen.calibrate()
    assert product.quality["zero_point"] == "sky"
    assert is_within_its_error(seen, product)
    assert product.quality["zero_point_error_angstrom"] < 1.0 * dispersion
    assert NoticeCode.SLITS_DIFFER in codes(product.notices)
    assert NoticeCode.SKY_CORRECTED in codes(product.notices)
    header = product.data.header
    assert header[vocabulary.GSP_ZSRC] == "sky"
    assert header[vocabulary.GSP_ZOFF] == pytest.approx(-35 * dispersion, abs=1.5 * dispersion)
    assert header[vocabulary.GSP_ZERR] == product.quality["zero_point_error_angstrom"]


def test_the_resolution_is_that_of_the_spectrum() -> None:
    wide = observe("600_MID", arc_slit=NARROW, slit="3.0_LONG_SLIT", sky_magnitude=21.5).calibrate()
    narrow = observe(
        "600_MID", arc_slit=NARROW, slit="1.0_LONG_SLIT", sky_magnitude=21.5
    ).calibrate()
    quality = wide.quality
    assert quality["arc_line_width_angstrom"] == narrow.quality["arc_line_width_angstrom"]
    seeing = float(wide.data.header[vocabulary.GSP_FWAS])
    image = seeing / 0.15 * float(quality["dispersion_angstrom"]) / 2
    assert image < quality["resolution_angstrom"] < 1.5 * image
    assert quality["resolution_angstrom"] > 1.3 * quality["arc_line_width_angstrom"]
    assert quality["resolution_angstrom"] >= narrow.quality["resolution_angstrom"]
    assert wide.data.header[vocabulary.GSP_RESO] == quality["resolution_angstrom"]
    assert wide.data.header[vocabulary.GSP_LWID] == quality["arc_line_width_angstrom"]


@pytest.fixture(scope="module")
def dark_blue() -> Observation:
    """A spectrum in the blue whose simulated sky has one faint line."""
    return observe("930_M2", arc_slit=NARROW, slit="3.0_LONG_SLIT", sky_magnitude=22.0)


def test_without_a_sky_it_is_uncertain_and_never_clean(dark_blue: Observation) -> None:
    product = dark_blue.calibrate()
    quality = product.quality
    assert quality["zero_point"] == "uncertain"
    assert "sky_offset_angstrom" not in quality
    told = params(product.notices, NoticeCode.ZERO_POINT_UNCERTAIN)
    assert told["limit"] > abs(dark_blue.miss(product))
    assert told["arc_slit"] == NARROW
    assert told["slit"] == "3.0_LONG_SLIT"
    assert NoticeCode.ZERO_POINT_UNCERTAIN.severity.label == "error"
    assert is_within_its_error(dark_blue, product)
    assert product.data.header[vocabulary.GSP_ZSRC] == "uncertain"
    assert product.data.header[vocabulary.GSP_ZLIM] == pytest.approx(told["limit"], abs=0.01)


def test_siblings_settle_it(dark_blue: Observation) -> None:
    moonlit = observe("930_M2", arc_slit=NARROW, slit="3.0_LONG_SLIT", sky_magnitude=18.5)
    measured = moonlit.calibrate()
    product = dark_blue.calibrate(sibling(measured))
    assert product.quality["zero_point"] == "sibling"
    assert abs(dark_blue.miss(product)) < 0.4
    assert is_within_its_error(dark_blue, product)
    assert product.siblings == (measured.file_name,)
    told = params(product.notices, NoticeCode.ZERO_POINT_FROM_SIBLINGS)
    assert told["files"] == [measured.file_name]
    assert product.data.header[vocabulary.GSP_ZNUM] == 1
    # what is known of another pair of slits does not count, nor does anything where the sky is
    other = dark_blue.calibrate(sibling(measured, arc_slit="1.0_LONG_SLIT"))
    assert other.quality["zero_point"] == "uncertain"
    assert moonlit.calibrate(replace(sibling(measured), offset=0.0)).quality == measured.quality


def test_what_was_learnt_settles_it(dark_blue: Observation) -> None:
    learnt = ZeroPointEvidence(
        Source.LEARNT, -34.4, 0.3, 2.5, arc_slit=NARROW, spectra=7, nights=2, last="2026-06-30"
    )
    product = dark_blue.calibrate(learnt)
    assert product.quality["zero_point"] == "learnt"
    assert product.quality["zero_point_error_angstrom"] > 2.5 * 0.4
    assert is_within_its_error(dark_blue, product)
    told = params(product.notices, NoticeCode.ZERO_POINT_LEARNT)
    assert (told["number"], told["nights"], told["last"]) == (7, 2, "2026-06-30")
    assert product.siblings == ()
    untouched = dark_blue.calibrate(learnt, sky="warn")
    assert untouched.quality["zero_point"] == "uncertain"


def test_the_same_slit_and_a_near_arc_need_no_sky() -> None:
    seen = observe("930_M2", arc_slit="", slit="1.0_LONG_SLIT", sky_magnitude=22.0)
    product = seen.calibrate()
    assert product.quality["zero_point"] == "arc"
    assert product.quality["zero_point_error_angstrom"] < 0.4
    assert is_within_its_error(seen, product)
    assert NoticeCode.ZERO_POINT_FROM_ARC not in codes(product.notices)
    far = replace(seen, arc=seen.arc.copy())
    far.arc.meta["DATE-OBS"] = "2026-07-02T20:00:00.000"
    product = far.calibrate()
    assert product.quality["zero_point"] == "arc"
    assert product.quality["zero_point_error_angstrom"] > 1.0
    assert NoticeCode.ZERO_POINT_FROM_ARC in codes(product.notices)
