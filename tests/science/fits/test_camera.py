"""Which camera took a frame: from real headers, and where they leave it open."""

from __future__ import annotations

from pathlib import Path

import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from reduction.errors import HeaderError
from reduction.fits import frame_io, headers
from reduction.fits.derivation.camera import judge_camera
from reduction.frames import FrameKind
from reduction.notice_codes import NoticeCode
from reduction.readouts import SATURATION_ADU
from tests.support.goodman_frames import OLD, REASON, header
from tests.support.notices import codes, params, refused
from tests.support.paths import OLD_NIGHT, REAL_NIGHT, SHARED_DATA

SHAPE = (948, 2071)
NAMELESS = {"INSTRUME": "Goodman Spectrograph", "INSTCONF": None}
OPEN = NAMELESS | {"GAIN": None, "RDNOISE": None}
"""Cards of a frame that nothing tells the camera of."""


@pytest.mark.skipif(not OLD_NIGHT.is_dir(), reason=REASON)
def test_every_frame_of_2014_is_of_the_blue_camera() -> None:
    kinds: list[FrameKind] = []
    for path in sorted(OLD_NIGHT.glob("*.fits.gz")):
        frame = headers.describe(*frame_io.read_header(path), path.name)
        assert (frame.camera, frame.binning, frame.shape) == ("Blue", (2, 2), (200, 2071))
        assert frame.saturation_adu == 49928
        told = params(frame.notices, NoticeCode.CAMERA_DERIVED)
        assert (told["camera"], "GAIN 1.4, RDNOISE 4.74" in told["evidence"]) == ("Blue", True)
        kinds.append(frame.kind)
    counts = [kinds.count(kind) for kind in ("bias", "flat", "arc", "spectrum")]
    assert counts == [10, 20, 2, 6]


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason=REASON)
@pytest.mark.parametrize(
    ("name", "camera"),
    [
        ("headers/goodman_2016.fits", "Blue"),
        ("headers/goodman_blue_imag.fits", "Blue"),
        ("headers/goodman_red_imag.fits", "Red"),
        ("focus-arcs/sp_400m1.fits", "Red"),
        ("imaging/goodman_blue_acq.fits", "Blue"),
    ],
)
def test_real_headers_tell_the_camera_without_the_cards_that_name_it(
    name: str, camera: str
) -> None:
    made, shape = frame_io.read_header(SHARED_DATA / name)
    for keyword in ("INSTCONF", "CAMERA"):
        made.remove(keyword, ignore_missing=True)
    made["INSTRUME"] = "Goodman Spectro"
    assert headers.describe(made, shape, "x.fits").camera == camera
    for keyword in ("GAIN", "RDNOISE"):  # the controller alone
        made.remove(keyword)
    assert headers.describe(made, shape, "x.fits").camera == camera


@pytest.mark.parametrize("camera", ["Red", "Blue"])
def test_each_pair_of_gain_and_noise_is_of_one_camera(camera: str) -> None:
    for gain, noise, _ in SATURATION_ADU[camera]:
        made = header(**NAMELESS | {"GAIN": gain, "RDNOISE": noise})
        frame = headers.describe(made, SHAPE, "x.fits")
        assert frame.camera == camera, (gain, noise)
        assert params(frame.notices, NoticeCode.CAMERA_DERIVED)["camera"] == camera


def test_the_name_of_the_instrument_tells_it_without_a_notice() -> None:
    frame = headers.describe(header(INSTCONF=None), SHAPE, "x.fits")
    assert (frame.camera, frame.notices) == ("Red", ())
    assert headers.read_camera(header(INSTRUME="GHTS_BLUE_IMAGER", INSTCONF=None, GAIN=None))


def test_sources_that_contradict_each_other_are_both_named() -> None:
    frame = headers.describe(header(**OLD | {"INSTCONF": "Red"}), SHAPE, "x.fits")
    told = params(frame.notices, NoticeCode.CAMERA_DISPUTED)
    assert (frame.camera, told["evidence"]) == ("Red", ["INSTCONF Red"])
    assert told["against"] == ["GAIN 1.4, RDNOISE 4.74 (Blue)"]
    early = {"INSTCONF": "Red", "DATE_OBS": "2014-12-19T05:00:00"}
    frame = headers.describe(header(**OLD | early), SHAPE, "x.fits")
    assert frame.camera == "Blue"  # there was no Red Camera yet
    assert "INSTCONF Red (Red)" in params(frame.notices, NoticeCode.CAMERA_DISPUTED)["against"]
    # A card that contradicts the name and the read-out is outvoted; alone with the name it is not.
    assert headers.describe(header(INSTCONF="Blue"), SHAPE, "x.fits").camera == "Red"
    made = header(INSTCONF="Blue", GAIN=None, RDNOISE=None)
    frame = headers.describe(made, SHAPE, "x.fits")
    assert (frame.camera, NoticeCode.CAMERA_OPEN in codes(frame.notices)) == ("", True)


def test_an_open_camera_costs_no_frame() -> None:
    frame = headers.describe(header(**OPEN), SHAPE, "x.fits")
    assert (frame.camera, frame.kind, frame.saturation_adu) == ("", FrameKind.SPECTRUM, None)
    assert params(frame.notices, NoticeCode.CAMERA_OPEN)["facts"] == []
    with refused(HeaderError, NoticeCode.CARD_MISSING, keyword="INSTCONF"):
        headers.read_camera(header(**OPEN))
    decided = headers.describe(header(**OPEN), SHAPE, "x.fits", {"INSTCONF": "Blue"})
    assert (decided.camera, NoticeCode.CAMERA_OPEN in codes(decided.notices)) == ("Blue", False)


@given(
    instconf=st.sampled_from([None, "Red", "Blue", "red", "Green", ""]),
    instrument=st.sampled_from(["Goodman Spectro", "ghts_red", "ghts_blue_imager"]),
    readout=st.sampled_from([(None, None), (1.4, 4.74), (1.48, 3.89), (9.9, 9.9)]),
    year=st.sampled_from([2010, 2014, 2018, 2026]),
)
def test_no_statement_is_overruled_in_silence(
    instconf: str | None, instrument: str, readout: tuple[float | None, float | None], year: int
) -> None:
    cards = {"INSTCONF": instconf, "INSTRUME": instrument, "GAIN": readout[0]}
    cards |= {"RDNOISE": readout[1], "DATE_OBS": f"{year}-02-03T04:05:06"}
    frame = headers.describe(header(**cards), SHAPE, "x.fits")
    stated = {str(instconf).capitalize(), "Red" if "red" in instrument else ""}
    stated = {*stated, "Blue" if "blue" in instrument else ""} & {"Red", "Blue"}
    told = {NoticeCode.CAMERA_DISPUTED, NoticeCode.CAMERA_OPEN} & set(codes(frame.notices))
    if stated - {frame.camera}:
        assert told
    if not frame.camera:
        assert NoticeCode.CAMERA_OPEN in told


@pytest.mark.skipif(not REAL_NIGHT.is_dir(), reason=REASON)
def test_the_facts_of_a_real_frame_agree() -> None:
    made, _ = frame_io.read_header(next(Path(REAL_NIGHT).glob("*Fe*.fits")))
    assert {fact.camera for fact in judge_camera(made).facts} == {"Blue"}
    assert judge_camera(fits.Header()).camera == ""
