"""Read header values by the cards of `reduction.fits.vocabulary`, and describe frames."""

from __future__ import annotations

import datetime as dt
import math
from typing import Final

from astropy.io import fits

from reduction.errors import HeaderError
from reduction.fits import card_repair, header_values
from reduction.fits.card_repair import Repaired
from reduction.fits.classification import Evidence, judge
from reduction.fits.vocabulary import (
    AIRMASS,
    BLOCK_ID,
    CAM_TARG,
    CCDSUM,
    CONFIGURATION_ID,
    DATE_OBS,
    ELEVATION,
    EXPTIME,
    FILTER,
    FILTER2,
    GAIN,
    GRATING,
    GRT_TARG,
    IMAGE_ID,
    INSTCONF,
    INSTRUME,
    LAMPS,
    OBJECT,
    OBSDEC,
    OBSERVATION_ID,
    OBSRA,
    OBSTYPE,
    PROPOSAL,
    RDNOISE,
    ROI,
    ROTATOR,
    SLIT,
    TIME,
    UT,
    WAVMODE,
    Card,
)
from reduction.frames import LAMP_KINDS, FrameDescription, FrameKind
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.readouts import is_plausible, saturation_adu

FULL_WIDTH: Final = 4142
"""Unbinned columns of a full read-out, pre- and overscan included; there are never more rows."""

Value = str | float | int | bool


def _stored(header: fits.Header, keyword: str) -> Value | None:
    """Return a card's value; blank counts as absent; HeaderError for NaN and malformed cards."""
    if keyword not in header:
        return None
    try:
        value = header[keyword]
    except (fits.VerifyError, ValueError) as error:
        raise HeaderError(NoticeCode.CARD_MALFORMED, keyword=keyword) from error
    if isinstance(value, fits.card.Undefined) or value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and not math.isfinite(value):
        raise HeaderError(NoticeCode.CARD_NOT_FINITE, keyword=keyword, value=str(value))
    return value if isinstance(value, (int, bool)) else float(value)


def _typed(card: Card, keyword: str, value: Value) -> Value:
    if card.type is str:
        if isinstance(value, str):
            return value
        if card.strict:
            raise HeaderError(
                NoticeCode.CARD_NOT_TEXT, keyword=keyword, meaning=card.meaning, value=repr(value)
            )
        return str(value)
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except ValueError:
        number = float("nan")
    if not math.isfinite(number):
        raise HeaderError(
            NoticeCode.CARD_NOT_NUMBER, keyword=keyword, meaning=card.meaning, value=repr(value)
        )
    return int(number) if card.type is int else number


def optional(header: fits.Header, card: Card) -> Value | None:
    """Return the value of a card in its type, None if it is absent or blank.

    Raises
    ------
    HeaderError
        The card is malformed, NaN, or of another type.
    """
    for keyword in (card.keyword, *card.aliases):
        value = _stored(header, keyword)
        if value is not None:
            return _typed(card, keyword, value)
    return None


def text(header: fits.Header, card: Card) -> str:
    """Return the text of a card, ``""`` if it is absent."""
    value = optional(header, card)
    return "" if value is None else str(value)


def number(header: fits.Header, card: Card) -> float | None:
    """Return the number of a card, None if it is absent."""
    value = optional(header, card)
    return None if value is None else float(value)


def require_text(header: fits.Header, card: Card) -> str:
    """Return the text of a required card.

    Raises
    ------
    HeaderError
        The card is absent or malformed.
    """
    value = optional(header, card)
    if value is None:
        raise HeaderError(NoticeCode.CARD_MISSING, keyword=card.keyword, meaning=card.meaning)
    return str(value)


def require_number(header: fits.Header, card: Card) -> float:
    """Return the number of a required card.

    Raises
    ------
    HeaderError
        The card is absent or malformed.
    """
    value = optional(header, card)
    if value is None:
        raise HeaderError(NoticeCode.CARD_MISSING, keyword=card.keyword, meaning=card.meaning)
    return float(value)


def lamps(header: fits.Header) -> tuple[str, ...]:
    """Return the comparison lamps that were on: HgAr, Ne, Ar, Fe, Cu, in this order.

    Read from the ``LAMP_*`` cards; older frames have none, so ``OBJECT`` is read instead.
    """
    if any(keyword in header for keyword in LAMPS):
        states = {lamp: _stored(header, keyword) for keyword, lamp in LAMPS.items()}
        return tuple(lamp for lamp, state in states.items() if header_values.lamp_state(str(state)))
    return header_values.lamps_in(text(header, OBJECT))


def read_binning(header: fits.Header) -> tuple[int, int]:
    """Return the binning (x, y) from ``CCDSUM``."""
    return header_values.binning(require_text(header, CCDSUM))


def read_camera(header: fits.Header) -> str:
    """Return the camera, ``"Red"`` or ``"Blue"``; HeaderError for another instrument."""
    return header_values.camera(require_text(header, INSTRUME), text(header, INSTCONF))


def read_date(header: fits.Header) -> dt.datetime:
    """Return the start of the exposure, UTC. ``TIME`` or ``UT`` complete a date without time."""
    clock = (text(header, TIME).split(" to ")[0] or text(header, UT)).strip()
    return header_values.moment(require_text(header, DATE_OBS), clock)


def describe(header: fits.Header, shape: tuple[int, ...], file_name: str) -> FrameDescription:
    """Return the normalised facts of a raw frame.

    Parameters
    ----------
    header : fits.Header
        Header of the image HDU; it is not changed.
    shape : tuple of int
        Shape of the stored image; a single plane in front, (1, ny, nx), is dropped.
    file_name : str
        Name of the file, by which some acquisition images are identified.

    Returns
    -------
    FrameDescription

    Raises
    ------
    HeaderError
        A required card is missing, mistyped, NaN or contradicts the pixels. Required are
        ``OBSTYPE``, ``DATE-OBS``, ``INSTRUME``, ``INSTCONF``, ``CCDSUM`` and, except for a bias,
        ``EXPTIME``. Any other card that is malformed is repaired or ignored
        (`reduction.fits.card_repair`), with a notice.
    """
    repaired = card_repair.repair(header)
    header = repaired.header
    binning = read_binning(_required(repaired, CCDSUM))
    plane = _plane(shape, binning)
    camera = read_camera(_required(repaired, INSTRUME))
    obstype = require_text(_required(repaired, OBSTYPE), OBSTYPE).upper()
    evidence = Evidence(
        obstype=obstype,
        roi=text(header, ROI),
        slit=header_values.slit_name(text(header, SLIT)),
        grating=header_values.grating_name(text(header, GRATING)),
        wavmode=header_values.wavmode_name(text(header, WAVMODE)),
        cam_targ=number(header, CAM_TARG),
        grt_targ=number(header, GRT_TARG),
        file_name=file_name,
    )
    kind, technique = judge(evidence)
    lit = lamps(header)
    shows_lamp = kind is FrameKind.SPECTRUM and _is_arc(header, lit)
    kind = FrameKind.ARC if shows_lamp else kind
    gain, rdnoise = number(header, GAIN), number(header, RDNOISE)
    saturation = saturation_adu(camera, gain, rdnoise)
    obsra, obsdec = text(header, OBSRA), text(header, OBSDEC)
    ra_deg = header_values.sexagesimal(obsra, hours=True)
    dec_deg = header_values.sexagesimal(obsdec, hours=False)
    exptime = _exposure_time(repaired, kind)
    notices = [*repaired.notices]
    for card, words, angle in ((OBSRA, obsra, ra_deg), (OBSDEC, obsdec, dec_deg)):
        if words and angle is None:
            ignored = {"keyword": card.keyword, "meaning": card.meaning, "stored": words[:40]}
            notices.append(notice(NoticeCode.CARD_IGNORED, **ignored))
    if shows_lamp:
        lamp = header_values.lamp_name(lit)
        notices.append(notice(NoticeCode.LAMP_AS_OBJECT, keyword=OBSTYPE.keyword, lamp=lamp))
    notices += _notices(
        camera=camera,
        gain=gain,
        rdnoise=rdnoise,
        saturation=saturation,
        obstype=obstype,
        kind=kind,
    )
    return FrameDescription(
        kind=kind,
        technique=technique,
        obstype=obstype,
        object=text(header, OBJECT),
        filter=header_values.filter_name(text(header, FILTER)),
        filter_2=header_values.filter_name(text(header, FILTER2)),
        grating=evidence.grating,
        slit=evidence.slit,
        cam_targ=evidence.cam_targ,
        grt_targ=evidence.grt_targ,
        roi=evidence.roi,
        wavmode=evidence.wavmode,
        camera=camera,
        gain=gain,
        rdnoise=rdnoise,
        binning=binning,
        shape=plane,
        date_obs=read_date(_required(repaired, DATE_OBS)),
        exptime=exptime,
        obsra=obsra,
        obsdec=obsdec,
        ra_deg=ra_deg,
        dec_deg=dec_deg,
        proposal=text(header, PROPOSAL),
        observation_id=text(header, OBSERVATION_ID) or None,
        configuration_id=text(header, CONFIGURATION_ID) or None,
        block_id=text(header, BLOCK_ID) or None,
        image_id=text(header, IMAGE_ID) or None,
        airmass=number(header, AIRMASS),
        elevation=number(header, ELEVATION),
        rotator=number(header, ROTATOR),
        lamps=lit if kind in LAMP_KINDS else (),
        saturation_adu=saturation,
        notices=tuple(notices),
    )


def _required(repaired: Repaired, card: Card) -> fits.Header:
    """Return the header of a card that is needed; HeaderError if its value could not be read."""
    if card.keyword in repaired.unread and card.keyword not in repaired.header:
        raise HeaderError(NoticeCode.CARD_MALFORMED, keyword=card.keyword)
    return repaired.header


def _is_arc(header: fits.Header, lit: tuple[str, ...]) -> bool:
    """Return whether an exposure of an object is one of a lamp: the object names those that are on.

    A lamp that is on, or a name like one, is not enough alone.
    """
    on = any(keyword in header for keyword in LAMPS) and lit
    return bool(on) and header_values.lamps_in(text(header, OBJECT)) == lit


def _plane(shape: tuple[int, ...], binning: tuple[int, int]) -> tuple[int, int]:
    if len(shape) == 3 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) != 2 or min(shape) < 1:
        raise HeaderError(NoticeCode.SHAPE_NOT_ONE_PLANE, keyword="NAXIS", shape=str(shape))
    ny, nx = shape
    if nx * binning[0] > FULL_WIDTH + 60 or ny * binning[1] > FULL_WIDTH + 60:
        raise HeaderError(
            NoticeCode.LARGER_THAN_DETECTOR,
            keyword="CCDSUM",
            binning=f"{binning[0]}x{binning[1]}",
            size=f"{nx} x {ny}",
        )
    return ny, nx


def _exposure_time(repaired: Repaired, kind: FrameKind) -> float:
    if kind is FrameKind.BIAS and EXPTIME.keyword in repaired.unread:
        return 0.0
    value = number(_required(repaired, EXPTIME), EXPTIME)
    if value is None and kind is FrameKind.BIAS:
        return 0.0
    if value is None:
        raise HeaderError(NoticeCode.CARD_MISSING, keyword="EXPTIME", meaning="exposure time")
    if value < 0:
        raise HeaderError(NoticeCode.EXPOSURE_NEGATIVE, keyword="EXPTIME", seconds=value)
    return value


def _notices(
    *,
    camera: str,
    gain: float | None,
    rdnoise: float | None,
    saturation: float | None,
    obstype: str,
    kind: FrameKind,
) -> tuple[Notice, ...]:
    notices = []
    for card, value in ((GAIN, gain), (RDNOISE, rdnoise)):
        if value is None:
            notices.append(notice(NoticeCode.GAIN_OR_NOISE_MISSING, keyword=card.keyword))
        elif not is_plausible(value):
            code = NoticeCode.GAIN_OR_NOISE_IMPLAUSIBLE
            notices.append(notice(code, keyword=card.keyword, value=value))
    if not notices and saturation is None:
        notices.append(
            notice(NoticeCode.READOUT_UNKNOWN, gain=gain, read_noise=rdnoise, camera=camera)
        )
    if kind is FrameKind.UNKNOWN:
        notices.append(notice(NoticeCode.OBSTYPE_UNKNOWN, value=obstype))
    return tuple(notices)
