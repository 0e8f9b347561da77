"""The facts of a frame from its header, and the sentence when one is missing or wrong."""

import datetime as dt

import pytest
from astropy.io import fits

from reduction.errors import HeaderError
from reduction.fits import header_values, headers
from reduction.fits.frame_io import read_header
from reduction.frames import FrameKind, Technique
from reduction.notice_codes import NoticeCode
from reduction.readouts import saturation_adu
from tests.support.goodman_frames import MODERN, NIGHT, OLD, REASON, header
from tests.support.notices import params, refused

SHAPE = (948, 2071)


def test_a_modern_frame_is_described() -> None:
    frame = headers.describe(header(), SHAPE, "0079_WD.fits")
    assert frame.kind is FrameKind.SPECTRUM
    assert frame.technique is Technique.SPECTROSCOPY
    assert (frame.camera, frame.binning, frame.shape) == ("Red", (2, 2), SHAPE)
    assert (frame.grating, frame.filter, frame.filter_2) == ("400_SYZY", "NO_FILTER", "GG455")
    assert frame.date_obs == dt.datetime(2026, 7, 6, 3, 12, 45, 125000, dt.UTC)
    assert frame.night == dt.date(2026, 7, 5)
    assert frame.proposal == "SOAR2026B-001"
    assert frame.ra_deg == pytest.approx(51.6225167)
    assert frame.dec_deg == pytest.approx(-54.6054239)
    assert frame.saturation_adu == 69257
    assert frame.notices == ()


def test_old_spellings_become_the_modern_ones() -> None:
    frame = headers.describe(header(OLD), (200, 2071), "0267_AT2018oh.fits")
    assert (frame.camera, frame.grating, frame.slit) == ("Blue", "930_SYZY", "1.0_LONG_SLIT")
    assert (frame.filter, frame.filter_2, frame.wavmode) == ("NO_FILTER", "NO_FILTER", "400_M1")
    assert frame.proposal == "N188 Hermes"


@pytest.mark.parametrize("keyword", ["DATE-OBS", "EXPTIME"])
def test_a_needed_card_that_no_other_tells_is_named(keyword: str) -> None:
    made = header()
    del made[keyword]
    with pytest.raises(HeaderError) as caught:
        headers.describe(made, SHAPE, "x.fits")
    assert caught.value.keyword == keyword


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("DATE-OBS", 5.0),
        ("DATE-OBS", "yesterday"),
        ("INSTRUME", "GMOS-S"),
        ("EXPTIME", "long"),
        ("EXPTIME", -1.0),
        ("EXPTIME", 5.0e11),
    ],
)
def test_a_card_of_another_type_or_meaning_is_named(keyword: str, value: object) -> None:
    made = header()
    made[keyword] = value
    with pytest.raises(HeaderError) as caught:
        headers.describe(made, SHAPE, "x.fits")
    assert caught.value.keyword == keyword


def test_nan_is_no_exposure_time() -> None:
    keyword = "EXPTIME"
    raw = header().tostring()
    start = raw.index(f"{keyword:8}=")
    card = f"{keyword:8}=                  NaN".ljust(80)
    made = fits.Header.fromstring(raw[:start] + card + raw[start + 80 :])
    with refused(HeaderError, NoticeCode.CARD_MALFORMED, keyword=keyword):
        headers.describe(made, SHAPE, "x.fits")


def test_an_exposure_longer_than_a_day_is_refused_or_read_from_the_shutter_times() -> None:
    with refused(HeaderError, NoticeCode.EXPOSURE_TOO_LONG, keyword="EXPTIME", seconds=86_401.0):
        headers.describe(header(EXPTIME=86_401.0), SHAPE, "x.fits")
    stated = header(EXPTIME=5.0e11, OPENTIME="04:05:06.0", CLOSETIM="04:06:06.0")
    assert headers.describe(stated, SHAPE, "x.fits").exptime == 60.0


def test_a_date_alone_is_completed() -> None:
    made = header(DATE_OBS="2014-03-01", TIME="04:05:06.700 to 04:06:06.700")
    assert headers.read_date(made) == dt.datetime(2014, 3, 1, 4, 5, 6, 700000, dt.UTC)
    made = header(DATE_OBS="2014-03-01", UT="23:59:59.5")
    assert headers.read_date(made).hour == 23
    with refused(HeaderError, NoticeCode.TIME_MISSING, keyword="DATE-OBS"):
        headers.read_date(header(DATE_OBS="2014-03-01"))


def test_an_unknown_readout_is_said_not_fatal() -> None:
    frame = headers.describe(header(GAIN=9.9), SHAPE, "x.fits")
    assert frame.saturation_adu is None
    assert params(frame.notices, NoticeCode.READOUT_UNKNOWN)["gain"] == 9.9
    frame = headers.describe(header(GAIN=None, RDNOISE=4.1), SHAPE, "x.fits")
    assert frame.gain is None
    missing = params(frame.notices, NoticeCode.GAIN_OR_NOISE_MISSING)
    assert missing == {"keyword": "GAIN"}


def test_saturation_levels_tolerate_five_per_cent() -> None:
    assert saturation_adu("Red", 1.45, 5.27) == 69728
    assert saturation_adu("Red", 1.48 * 1.04, 3.89) == 69257
    assert saturation_adu("Blue", 1.4, 4.74) == 49928
    assert saturation_adu("Blue", 1.48, 3.89) is None
    assert saturation_adu("Red", None, 3.89) is None


def test_lamps_come_from_their_cards_or_the_object() -> None:
    cards = {"LAMP_HGA": "TRUE", "LAMP_NE": "TRUE", "LAMP_AR": "FALSE", "LAMP_FE": "FALSE"}
    made = header(OBSTYPE="COMP", OBJECT="whatever", **cards)
    assert headers.describe(made, SHAPE, "x.fits").lamps == ("HgAr", "Ne")
    assert header_values.lamp_name(("HgAr", "Ne")) == "HgArNe"
    assert headers.lamps(header(OBJECT="Fe")) == ("Fe",)
    assert header_values.lamp_name(headers.lamps(header(OBJECT="CuHeAr"))) == "CuHeAr"
    assert headers.lamps(header(OBJECT="NGC 104")) == ()


def test_a_single_plane_of_three_axes_is_accepted() -> None:
    assert headers.describe(header(), (1, *SHAPE), "x.fits").shape == SHAPE
    with refused(HeaderError, NoticeCode.SHAPE_NOT_ONE_PLANE, keyword="NAXIS"):
        headers.describe(header(), (3, *SHAPE), "x.fits")


def test_the_vocabulary_declares_each_keyword_once() -> None:
    from reduction.fits.vocabulary import VOCABULARY

    spelled = [card.keyword for card in VOCABULARY.values()]
    assert len(spelled) == len(set(spelled))
    assert {k for k in MODERN if k not in {"PROPOSAL"}} <= set(spelled)


@pytest.mark.skipif(not NIGHT.is_dir(), reason=REASON)
def test_the_real_night_is_judged_right() -> None:
    kinds = {"Fe": FrameKind.ARC, "QuFlat": FrameKind.FLAT, "Zero": FrameKind.BIAS}
    for path in sorted(NIGHT.glob("*.fits")):
        made, shape = read_header(path)
        frame = headers.describe(made, shape, path.name)
        assert frame.kind is kinds.get(path.name.split("_")[1], FrameKind.SPECTRUM)
        assert frame.technique is Technique.SPECTROSCOPY
        assert frame.night == dt.date(2018, 2, 4)
        assert frame.saturation_adu == 49928
        if frame.kind is FrameKind.ARC:
            assert (frame.lamps, frame.binning) == (("Fe",), (1, 2))


def test_the_pointing_is_read_and_never_refuses_a_frame() -> None:
    given = header()
    given.update({"AIRMASS": 1.66, "MOUNT_EL": 37.0084, "ROTATOR": 360.0})
    frame = headers.describe(given, SHAPE, "a.fits")
    assert (frame.airmass, frame.elevation, frame.rotator) == (1.66, 37.0084, 360.0)
    given.update({"AIRMASS": "n/a", "MOUNT_EL": True})
    frame = headers.describe(given, SHAPE, "a.fits")
    assert (frame.airmass, frame.elevation) == (None, None)
