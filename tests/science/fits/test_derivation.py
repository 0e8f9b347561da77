"""No card is needed whose fact another tells; what stays open is said, never guessed in silence."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from reduction.errors import HeaderError
from reduction.fits import frame_io, headers
from reduction.fits.vocabulary import LAMPS
from reduction.frames import FrameDescription, FrameKind
from reduction.notice_codes import NoticeCode, Severity
from tests.support.goodman_frames import REASON, header
from tests.support.notices import codes, params, refused
from tests.support.paths import OLD_NIGHT, REAL_NIGHT, SHARED_DATA

SHAPE = (948, 2071)
LAMPS_OFF = dict.fromkeys(LAMPS, "FALSE")
REAL = {
    "old flat": OLD_NIGHT / "0035.QuartzFlat_ZZCeti_930_blue.fits.gz",
    "old bias": OLD_NIGHT / "0109.Zero_ZZCeti.fits.gz",
    "old spectrum": OLD_NIGHT / "0202.WD0507p045A_930_blue.fits.gz",
    "2016": SHARED_DATA / "headers" / "goodman_2016.fits",
    "2018": REAL_NIGHT / "0018_Fe_930_blue_long.fits",
    "2019": SHARED_DATA / "focus-arcs" / "sp_400m1.fits",
}
here = pytest.mark.skipif(not OLD_NIGHT.is_dir(), reason=REASON)


def described(made: fits.Header, name: str = "x.fits") -> FrameDescription:
    return headers.describe(made, SHAPE, name)


def without(*keywords: str) -> fits.Header:
    made = header()
    for keyword in keywords:
        del made[keyword]
    return made


@here
@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("keyword", ["DATE-OBS", "EXPTIME", "CCDSUM", "OBSTYPE", "INSTRUME"])
def test_real_headers_tell_each_needed_fact_twice(name: str, keyword: str) -> None:
    made, shape = frame_io.read_header(REAL[name])
    whole = headers.describe(made, shape, REAL[name].name)
    del made[keyword]
    frame = headers.describe(made, shape, REAL[name].name)
    assert (frame.binning, frame.camera) == (whole.binning, whole.camera)
    # TIME is that of DATE-OBS, UT a second earlier; the exposure of TIME holds the shutter's delay.
    assert abs(frame.date_obs - whole.date_obs) < dt.timedelta(seconds=4)
    assert frame.exptime == pytest.approx(whole.exptime, abs=0.5)
    if keyword == "OBSTYPE" and whole.kind is FrameKind.FOCUS:
        assert frame.kind is FrameKind.ARC  # a lamp was on
    else:
        assert frame.kind is whole.kind
    told = {NoticeCode.CARD_DERIVED, NoticeCode.CARD_PRESUMED}
    assert any(n.code in told and n.params["keyword"] == keyword for n in frame.notices)


@here
@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(REAL)),
    lost=st.sets(
        st.sampled_from(
            "DATE-OBS DATE TIME UT OPENTIME OPENDATE CLOSETIM LST EXPTIME CCDSUM OBSTYPE INSTRUME "
            "INSTCONF CAMERA GAIN RDNOISE OBJECT TRIMSEC ROI GRATING SLIT WAVMODE CAM_TARG "
            "GRT_TARG LAMP_HGA LAMP_NE PROPOSAL FILTER RA OBSRA".split()
        )
    ),
    controller=st.booleans(),
    renamed=st.booleans(),
)
def test_whatever_cards_are_lost_a_frame_comes_in_or_staff_are_asked(
    name: str, lost: set[str], controller: bool, renamed: bool
) -> None:
    made, shape = frame_io.read_header(REAL[name])
    whole = headers.describe(made, shape, REAL[name].name)
    for keyword in [*made]:
        if keyword in lost or (not controller and keyword.startswith(("PARAM", "PG"))):
            made.remove(keyword, ignore_missing=True, remove_all=True)
    file_name = "0001.fits" if renamed else REAL[name].name
    try:
        frame = headers.describe(made, shape, file_name)
    except HeaderError as error:
        assert error.keyword in {"DATE-OBS", "EXPTIME", "INSTRUME", "CCDSUM"}
        return
    assert frame.camera in {whole.camera, ""}
    assert frame.camera or NoticeCode.CAMERA_OPEN in codes(frame.notices)
    assert frame.exptime == pytest.approx(whole.exptime, abs=1.0)  # GPS times of the shutter
    # OPENDATE of 2018 is that of the next year.
    assert abs(frame.date_obs - whole.date_obs) < dt.timedelta(seconds=4) or any(
        "OPENDATE" in str(n.params.get("source")) for n in frame.notices
    )
    if frame.kind is not whole.kind and whole.kind is not FrameKind.FOCUS:
        warned = [n for n in frame.notices if n.severity >= Severity.WARNING]
        is_image = {frame.kind, whole.kind} == {FrameKind.SPECTRUM, FrameKind.IMAGE}
        assert warned or is_image


@pytest.mark.parametrize(
    ("cards", "moment"),
    [
        ({"MJD-OBS": 56811.5}, dt.datetime(2014, 6, 3, 12, tzinfo=dt.UTC)),
        (
            {"DATE": "2014-12-19", "TIME": "05:33:12.76 to 05:33:43.06"},
            dt.datetime(2014, 12, 19, 5, 33, 12, 760000, dt.UTC),
        ),
        ({"DATE": "2014-12-19", "UT": "05:33:12"}, dt.datetime(2014, 12, 19, 5, 33, 12, 0, dt.UTC)),
        (
            {"OPENDATE": "2018-02-27", "OPENTIME": "07:32:02.7167239"},
            dt.datetime(2018, 2, 27, 7, 32, 2, 716723, dt.UTC),
        ),
    ],
)
def test_a_date_comes_from_other_cards(cards: dict[str, object], moment: dt.datetime) -> None:
    made = without("DATE-OBS")
    made.update(cards)
    frame = described(made)
    assert abs(frame.date_obs - moment) < dt.timedelta(milliseconds=1)
    assert params(frame.notices, NoticeCode.CARD_DERIVED)["keyword"] == "DATE-OBS"


def test_the_sidereal_time_completes_a_date() -> None:
    # Header of a real frame of SOAR: LST 06:41:15.9 at 05:33:12.3 UTC.
    frame = described(header(DATE_OBS="2014-12-19", LST="06:41:15.9"))
    told = dt.datetime(2014, 12, 19, 5, 33, 12, tzinfo=dt.UTC)
    assert abs(frame.date_obs - told) < dt.timedelta(seconds=5)
    assert params(frame.notices, NoticeCode.CARD_DERIVED)["source"] == "LST"


@pytest.mark.parametrize(
    ("cards", "seconds"),
    [
        ({"EXPOSURE": 12.5}, 12.5),
        ({"TIME": "23:59:50.0 to 00:00:20.0"}, 30.0),
        ({"OPENTIME": "05:33:13.2", "CLOSETIM": '"Fri Dec 19 05:33:43 2014'}, 29.8),
        ({"EXPTIME": -1.0, "TIME": "05:00:00 to 05:00:10"}, 10.0),
    ],
)
def test_an_exposure_time_comes_from_other_cards(cards: dict[str, object], seconds: float) -> None:
    made = without("EXPTIME")
    made.update(cards)
    assert described(made).exptime == pytest.approx(seconds)


def test_the_binning_follows_from_region_or_size() -> None:
    assert described(without("CCDSUM")).binning == (2, 2)
    for nx, trimsec, binning in (
        (2071, "[1:4142,1:1896]", (2, 2)),
        (4142, "[1:4142,1:1896]", (1, 2)),
        (1381, "", (3, 3)),
    ):
        made = without("CCDSUM", "ROI")
        made["TRIMSEC"] = trimsec
        frame = headers.describe(made, (948, nx), "x.fits")
        assert frame.binning == binning
        presumed = NoticeCode.CARD_PRESUMED in codes(frame.notices)
        assert presumed is (not trimsec)  # nothing tells the binning along the slit
    with refused(HeaderError, NoticeCode.CARD_MISSING, keyword="CCDSUM"):
        headers.describe(without("CCDSUM", "ROI"), (400, 400), "x.fits")


@pytest.mark.parametrize(
    ("cards", "name", "kind"),
    [
        ({"EXPTIME": 0.0, "OBJECT": ""}, "x.fits", FrameKind.BIAS),
        ({"EXPTIME": 0.0, "OBJECT": "zero"}, "0109.Zero_ZZCeti.fits", FrameKind.BIAS),
        ({"OBJECT": "Quartz Flat"}, "x.fits", FrameKind.FLAT),
        ({"OBJECT": "", **LAMPS_OFF, "LAMP_QUA": "TRUE"}, "x.fits", FrameKind.FLAT),
        ({"OBJECT": ""}, "0018_Fe_930_blue_long.fits", FrameKind.ARC),
        ({"OBJECT": "x", **LAMPS_OFF, "LAMP_HGA": "TRUE"}, "x.fits", FrameKind.ARC),
        ({"OBJECT": "LTT3218"}, "x.fits", FrameKind.SPECTRUM),
        ({"OBJECT": "Quartz Flat", "EXPTIME": 0.0}, "x.fits", FrameKind.UNKNOWN),
        ({"OBJECT": ""}, "x.fits", FrameKind.UNKNOWN),
    ],
)
def test_the_kind_of_a_frame_without_obstype(
    cards: dict[str, object], name: str, kind: FrameKind
) -> None:
    made = without("OBSTYPE")
    made.update(cards)
    frame = described(made, name)
    assert frame.kind is kind
    assert {NoticeCode.CARD_DERIVED, NoticeCode.CARD_PRESUMED, NoticeCode.OBSTYPE_DOUBTFUL} & set(
        codes(frame.notices)
    )


@pytest.mark.parametrize(
    ("cards", "kind", "code"),
    [
        ({"OBJECT": "HgArNe"}, FrameKind.ARC, NoticeCode.LAMP_AS_OBJECT),
        ({"OBJECT": "Fe 930 red"}, FrameKind.ARC, NoticeCode.LAMP_AS_OBJECT),
        ({"OBJECT": "Quartz"}, FrameKind.FLAT, NoticeCode.FLAT_AS_OBJECT),
        ({"OBJECT": "Fe"}, FrameKind.SPECTRUM, NoticeCode.OBSTYPE_DOUBTFUL),
        ({"OBJECT": "HgArNe", **LAMPS_OFF}, FrameKind.SPECTRUM, NoticeCode.OBSTYPE_DOUBTFUL),
        (
            {"OBJECT": "HZ44", **LAMPS_OFF, "LAMP_FE": "TRUE"},
            FrameKind.SPECTRUM,
            NoticeCode.OBSTYPE_DOUBTFUL,
        ),
        (
            {"OBJECT": "test", **LAMPS_OFF, "LAMP_DOM": "TRUE"},
            FrameKind.FLAT,
            NoticeCode.FLAT_AS_OBJECT,
        ),
        (
            {"OBJECT": "Fe", **LAMPS_OFF, "LAMP_FE": "TRUE", "LAMP_QUA": "TRUE"},
            FrameKind.SPECTRUM,
            NoticeCode.OBSTYPE_DOUBTFUL,
        ),
        ({"OBJECT": "HZ44", "EXPTIME": 0.0}, FrameKind.SPECTRUM, NoticeCode.OBSTYPE_DOUBTFUL),
    ],
)
def test_calibrations_written_as_objects(
    cards: dict[str, object], kind: FrameKind, code: NoticeCode
) -> None:
    made = header()
    made.update(cards)
    frame = described(made)
    assert (frame.kind, code in codes(frame.notices)) == (kind, True)


def test_stars_and_their_exposures_raise_no_doubt() -> None:
    for name in ("Ne Ser", "Arcturus", "Ferrari", "AR Cas"):
        frame = described(header(OBJECT=name, **LAMPS_OFF))
        assert (frame.kind, frame.notices) == (FrameKind.SPECTRUM, ())


def test_a_quartz_lamp_left_on_beside_an_arc_is_said() -> None:
    made = header(OBSTYPE="COMP", OBJECT="HgArNe", **LAMPS_OFF, LAMP_QUA="TRUE")
    assert params(described(made).notices, NoticeCode.OBSTYPE_DOUBTFUL)["stored"] == "COMP"


def test_gain_or_noise_follow_from_each_other(tmp_path: Path) -> None:
    frame = described(header(GAIN=None))
    assert (frame.gain, frame.saturation_adu) == (1.48, 69257)
    assert described(header(RDNOISE=None)).rdnoise == 3.89
    # 5.27 electrons are of two Red read-outs: which one is not known.
    assert described(header(GAIN=None, RDNOISE=5.27)).gain is None
