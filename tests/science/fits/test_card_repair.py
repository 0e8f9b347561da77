"""A card that is not needed, or whose value can be derived, never costs a frame."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from reduction.errors import HeaderError
from reduction.fits import card_text, frame_io, headers
from reduction.frames import FrameDescription as Description
from reduction.frames import FrameKind
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice
from tests.support import goodman_frames
from tests.support.notices import codes, params

SHAPE = (24, 2071)
NEEDED = {"DATE-OBS", "INSTRUME", "EXPTIME"}
"""What nothing else in these headers tells; INSTRUME may name another instrument."""
DERIVED = {"OBSTYPE", "CCDSUM", "GAIN", "RDNOISE", "INSTCONF"}
"""What other cards tell as well."""
FURTHER = {
    "TRIMSEC": "[26:2055,2:20]",
    "LAMP_HGA": "TRUE",
    "LAMP_NE": "TRUE",
    "LAMP_AR": "FALSE",
    "AIRMASS": 1.2,
    "MOUNT_EL": 60.0,
    "ROTATOR": 10.0,
    "OBSID": "4711",
    "BLOCK_ID": "17",
    "NOTES": "clear sky",
    "BZERO": 32768,
    "BSCALE": 1,
}
FACTS = {
    "OBSRA": {"obsra", "ra_deg"},
    "OBSDEC": {"obsdec", "dec_deg"},
    "FILTER2": {"filter_2"},
    "OBJECT": {"object"},
    "PROPID": {"proposal"},
    "OBSID": {"observation_id"},
    "MOUNT_EL": {"elevation"},
    **{lamp: {"lamps"} for lamp in ("LAMP_HGA", "LAMP_NE", "LAMP_AR")},
    **{none: set() for none in ("TRIMSEC", "NOTES", "BZERO", "BSCALE", *DERIVED)},
    "OBSTYPE": {"obstype", "kind", "lamps"},
}
"""What a card tells; by default the fact of its name."""


def good(obstype: str) -> fits.Header:
    cards = {"OBSTYPE": obstype, "OBJECT": "HgArNe" if obstype == "COMP" else "WD.J012336"}
    made = fits.Header({"SIMPLE": True, "BITPIX": 16, "NAXIS": 2})
    made["NAXIS1"], made["NAXIS2"] = SHAPE[1], SHAPE[0]
    made.update(goodman_frames.header(PROPOSAL=None))
    made.update(FURTHER | cards)
    if obstype != "COMP":
        made.update(dict.fromkeys(("LAMP_HGA", "LAMP_NE"), "FALSE"))
    if obstype == "BIAS":
        made["EXPTIME"] = 0.0
    return made


def corrupted(card: fits.Card, how: str) -> bytes:
    """The 80 bytes of a card after a writer's mistake."""
    text = isinstance(card.value, str)
    value = {
        "unquoted": f"{card.value} mess" if not text else f"{card.value}",
        "number": "67.5" if text else "'abc'",
        "logical": "T",
        "nan": "NaN",
        "blank": "",
        "bytes": f"'{card.value}\xe9'" if text else f"{card.value}\xe9",
        "overlong": f"'{'x' * 69}" if text else "1" * 70,
        "open": f"'{card.value}",
    }[how]
    return f"{card.keyword:8}= {value}".encode("latin-1").ljust(80)


HOW = ["unquoted", "number", "logical", "nan", "blank", "bytes", "overlong", "open"]


def read(path: Path, made: fits.Header, keyword: str = "", image: bytes = b"") -> Description:
    images = [card.image.encode() if card.keyword != keyword else image for card in made.cards]
    path.write_bytes(b"".join([*images, b"END".ljust(80)]).ljust(2880 * 3))
    return headers.describe(*frame_io.read_header(path), "0001.fits")


def names(notices: tuple[Notice, ...], keyword: str) -> bool:
    return any(
        n.params.get("keyword") == keyword or keyword in n.params.get("keywords", ())
        for n in notices
    )


@settings(max_examples=300)
@given(
    obstype=st.sampled_from(["OBJECT", "COMP", "BIAS"]),
    keyword=st.sampled_from(sorted({*good("OBJECT")} - {"SIMPLE", "BITPIX", "NAXIS"})),
    how=st.sampled_from(HOW),
)
def test_any_one_card_may_be_corrupt(
    tmp_path_factory: pytest.TempPathFactory, obstype: str, keyword: str, how: str
) -> None:
    if keyword.startswith("NAXIS"):
        return
    header = good(obstype)
    path = tmp_path_factory.getbasetemp() / "corrupt.fits"
    sound = read(path, header)
    assert sound.notices == ()
    image = corrupted(header.cards[keyword], how)
    optional = keyword not in NEEDED or (keyword, obstype) == ("EXPTIME", "BIAS")
    try:
        frame = read(path, header, keyword, image)
    except HeaderError as error:
        assert not optional, f"{image!r} lost the frame: {error}"
        assert error.keyword == keyword
        return
    is_valid_number = how in {"number", "unquoted"} and keyword in {"OBSID", "BLOCK_ID"}
    is_unread_and_valid = keyword == "NOTES" and how in {"number", "logical", "blank"}
    means_the_same = (how, obstype) == ("unquoted", "BIAS") and keyword == "EXPTIME"
    if not (is_valid_number or is_unread_and_valid or means_the_same):
        assert names(frame.notices, keyword), (image, frame.notices)
    assert frame.kind in {sound.kind, FrameKind.UNKNOWN}
    if optional:
        changed = {
            field.name
            for field in dataclasses.fields(frame)
            if getattr(frame, field.name) != getattr(sound, field.name)
        }
        assert changed <= {"notices", *FACTS.get(keyword, {keyword.lower()})}, image


@pytest.mark.parametrize(
    ("stored", "number"),
    [
        ("32768,0", 32768.0),
        ("32,768.0", 32768.0),
        ("1,5E2", 150.0),
        ("1D3", 1000.0),
        ("32,768", None),
        ("NaN", None),
        ("1.2.3", None),
        ("9" * 400, None),
    ],
)
def test_a_number_is_what_it_plainly_is(stored: str, number: float | None) -> None:
    assert card_text.number(stored) == number


@pytest.mark.parametrize(
    ("stored", "seconds"),
    [
        ("'2026-07-07T01:59:60.000'", 60.0),
        ("'2026/07/07T01:59:02.5'", 2.5),
        ("'2026-7-7T1:59:2.5'", 2.5),
        ("'2026-07-07 1:59:02.5'", 2.5),
        ("2026-07-07T01:59:02.5", 2.5),
    ],
)
def test_a_date_is_read_as_it_is_meant(tmp_path: Path, stored: str, seconds: float) -> None:
    image = f"DATE-OBS= {stored}".encode().ljust(80)
    frame = read(tmp_path / "a.fits", good("OBJECT"), "DATE-OBS", image)
    begin = dt.datetime(2026, 7, 7, 1, 59, tzinfo=dt.UTC)
    assert frame.date_obs == begin + dt.timedelta(seconds=seconds)
    assert params(frame.notices, NoticeCode.CARD_READ_AS)["keyword"] == "DATE-OBS"


@pytest.mark.parametrize("stored", ["2026-02-30T01:00:00", "07/07/26", "2026-07-07T25:00:00"])
def test_a_date_with_two_meanings_or_none_is_refused(tmp_path: Path, stored: str) -> None:
    with pytest.raises(HeaderError) as refusal:
        read(
            tmp_path / "a.fits",
            good("OBJECT"),
            "DATE-OBS",
            f"DATE-OBS= '{stored}'".encode().ljust(80),
        )
    assert refusal.value.keyword == "DATE-OBS"


def test_a_lamp_that_cannot_be_read_is_derived_from_the_object_or_none_is_named(
    tmp_path: Path,
) -> None:
    arc = good("COMP")
    image = b"LAMP_HGA= 'perhaps '".ljust(80)
    assert read(tmp_path / "a.fits", arc, "LAMP_HGA", image).lamps == ("HgAr", "Ne")
    arc["OBJECT"] = "focus"
    frame = read(tmp_path / "b.fits", arc, "LAMP_HGA", image)
    assert frame.lamps == ()  # with neon alone the lines would be identified wrongly
    assert params(frame.notices, NoticeCode.CARD_IGNORED)["keyword"] == "LAMP_HGA"


def test_an_exposure_of_a_lamp_named_object_is_an_arc(tmp_path: Path) -> None:
    header = good("OBJECT")
    header.update(dict.fromkeys(("LAMP_HGA", "LAMP_NE"), "TRUE"))
    left_on = read(tmp_path / "a.fits", header)
    assert left_on.kind is FrameKind.SPECTRUM
    assert params(left_on.notices, NoticeCode.OBSTYPE_DOUBTFUL)["stored"] == "OBJECT"
    header["OBJECT"] = "HgArNe"
    frame = read(tmp_path / "b.fits", header)
    assert (frame.kind, frame.lamps) == (FrameKind.ARC, ("HgAr", "Ne"))
    assert NoticeCode.LAMP_AS_OBJECT in codes(frame.notices)


def test_text_with_a_colon_stays_text(tmp_path: Path) -> None:
    header = good("OBJECT")
    image = b"OBJECT  = 'COMET: 67'".ljust(80)
    frame = read(tmp_path / "a.fits", header, "OBJECT", image)
    assert (frame.object, frame.notices) == ("COMET: 67", ())
    clean = frame_io.clean_header(frame_io.read_header(tmp_path / "a.fits")[0])
    clean["PARENT"] = "NIGHT: 5"
    assert (clean["OBJECT"], clean["PARENT"]) == ("COMET: 67", "NIGHT: 5")


@pytest.mark.parametrize("stored", ["32768,0", "", "'abc'", "NaN", "32,768"])
def test_pixels_are_read_whatever_the_zero_point(tmp_path: Path, stored: str) -> None:
    path = tmp_path / "a.fits"
    counts = np.arange(24 * 2071).reshape(SHAPE) + 10_000
    goodman_frames.write(path, counts, goodman_frames.header())
    raw = path.read_bytes()
    start = raw.index(b"BZERO   =")
    path.write_bytes(raw[:start] + f"BZERO   = {stored}".encode().ljust(80) + raw[start + 80 :])
    assert np.array_equal(frame_io.read_raw(path).data, counts)
    frame = headers.describe(*frame_io.read_header(path), path.name)
    assert names(frame.notices, "BZERO")


def test_a_product_inherits_no_axis(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    header = goodman_frames.header(CTYPE1="RA---TAN-SIP", CTYPE2="DEC--TAN-SIP", CRVAL1=220.2)
    further = (
        "CD1_1",
        "PC2_1",
        "PV1_3",
        "CDELT2",
        "A_ORDER",
        "AP_0_2",
        "LTV1",
        "LTM2_2",
        "WCSAXES",
    )
    for keyword in further:
        header[keyword] = 2
    goodman_frames.write(path, np.ones(SHAPE), header)
    meta = frame_io.read_raw(path).meta
    assert not {*further, "CTYPE1", "CTYPE2", "CRVAL1"} & set(meta)
    assert meta["GRATING"] == "400_SYZY"
