"""Read header values by the cards of `reduction.fits.vocabulary`, and describe frames."""

from __future__ import annotations

import datetime as dt

from astropy.io import fits

from reduction.errors import HeaderError
from reduction.fits import card_repair, header_values
from reduction.fits.classification import Evidence, judge
from reduction.fits.derivation import completion, purpose, readout, times
from reduction.fits.derivation.cards import (
    number,
    optional,
    require_number,
    require_text,
    text,
)
from reduction.fits.derivation.completion import NOTHING, Given
from reduction.fits.derivation.readout import FULL_WIDTH
from reduction.fits.vocabulary import (
    AIRMASS,
    BLOCK_ID,
    CAM_TARG,
    CCDSUM,
    CONFIGURATION_ID,
    ELEVATION,
    EXPTIME,
    FILTER,
    FILTER2,
    GAIN,
    GRATING,
    GRT_TARG,
    IMAGE_ID,
    INSTCONF,
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
    WAVMODE,
)
from reduction.frames import LAMP_KINDS, FrameDescription, FrameKind
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.readouts import is_plausible, saturation_adu

__all__ = [
    "FULL_WIDTH",
    "describe",
    "lamps",
    "number",
    "optional",
    "read_binning",
    "read_camera",
    "read_date",
    "require_number",
    "require_text",
    "text",
]


def lamps(header: fits.Header) -> tuple[str, ...]:
    """Return the comparison lamps that were on: HgAr, Ne, Ar, Fe, Cu, in this order.

    Read from the ``LAMP_*`` cards; older frames have none, so ``OBJECT`` is read instead.
    """
    return purpose.lamps(header).lit


def read_binning(header: fits.Header) -> tuple[int, int]:
    """Return the binning (x, y) from ``CCDSUM``."""
    return header_values.binning(require_text(header, CCDSUM))


def read_camera(header: fits.Header) -> str:
    """Return the camera, ``"Red"`` or ``"Blue"``; HeaderError where it is open."""
    camera = completion.camera_of(header)
    if not camera:
        meaning = INSTCONF.meaning
        raise HeaderError(NoticeCode.CARD_MISSING, keyword=INSTCONF.keyword, meaning=meaning)
    return camera


def read_date(header: fits.Header) -> dt.datetime:
    """Return the start of the exposure, UTC; see `reduction.fits.derivation.times`."""
    return times.start(header).moment


def describe(
    header: fits.Header, shape: tuple[int, ...], file_name: str, given: Given = NOTHING
) -> FrameDescription:
    """Return the normalised facts of a raw frame.

    Parameters
    ----------
    header : fits.Header
        Header of the image HDU; it is not changed.
    shape : tuple of int
        Shape of the stored image; a single plane in front, (1, ny, nx), is dropped.
    file_name : str
        Name of the file, by which some exposures are identified.
    given : mapping
        Cards that a person decided, keyword → value, in place of what the header states.

    Returns
    -------
    FrameDescription
        Its `camera` is "" where the header leaves it open (`reduction.fits.derivation.camera`).

    Raises
    ------
    HeaderError
        The instrument is another one, the image is larger than the detector, or the binning, the
        start or the length of the exposure is stated by no card. What other cards state is derived
        (`reduction.fits.derivation`), and a malformed card repaired or ignored
        (`reduction.fits.card_repair`), with a notice.
    """
    repaired = card_repair.repair(header)
    plane = readout.plane(shape)
    completion.complete(repaired, plane, file_name, given)
    header = repaired.header
    stated = text(header, OBSTYPE).upper()
    exposed = number(header, EXPTIME)
    obstype, remarks = (
        (stated, []) if OBSTYPE.keyword in given else purpose.judge(header, stated, exposed)
    )
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
    camera, binning = text(header, INSTCONF), read_binning(header)
    gain, rdnoise = number(header, GAIN), number(header, RDNOISE)
    saturation = saturation_adu(camera, gain, rdnoise)
    obsra, obsdec = text(header, OBSRA), text(header, OBSDEC)
    ra_deg = header_values.sexagesimal(obsra, hours=True)
    dec_deg = header_values.sexagesimal(obsdec, hours=False)
    notices = [*repaired.notices]
    for card, words, angle in ((OBSRA, obsra, ra_deg), (OBSDEC, obsdec, dec_deg)):
        if words and angle is None:
            ignored = {"keyword": card.keyword, "meaning": card.meaning, "stored": words[:40]}
            notices.append(notice(NoticeCode.CARD_IGNORED, **ignored))
    notices += remarks
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
        obstype=stated,
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
        date_obs=read_date(header),
        exptime=completion.exposure_of(repaired, kind),
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
        lamps=lamps(header) if kind in LAMP_KINDS else (),
        saturation_adu=saturation,
        notices=tuple(notices),
    )


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
    if camera and not notices and saturation is None:
        notices.append(
            notice(NoticeCode.READOUT_UNKNOWN, gain=gain, read_noise=rdnoise, camera=camera)
        )
    if kind is FrameKind.UNKNOWN and obstype:
        notices.append(notice(NoticeCode.OBSTYPE_UNKNOWN, value=obstype))
    return tuple(notices)
