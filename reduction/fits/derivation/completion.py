"""Write into a header what it lacks and its other cards, its size or its name imply.

What a header states is used. What it lacks, or states in a way that cannot be used, is derived and
written where the modern header has it, so that everything after reads one kind of header; a notice
names the card and what it was derived from. What a person has decided comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from astropy.io import fits

from reduction.errors import HeaderError
from reduction.fits import vocabulary
from reduction.fits.card_repair import Repaired
from reduction.fits.derivation import camera as cameras
from reduction.fits.derivation import purpose, readout, times
from reduction.fits.derivation.cards import Value, usable_number, usable_text
from reduction.fits.vocabulary import Card
from reduction.frames import FrameKind
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from reduction.readouts import completed, is_plausible

Given = Mapping[str, Value]
"""Cards that a person has decided: keyword → value."""
NOTHING: Final[Given] = {}
NONE_DECIDED: Final[Mapping[Path, Given]] = {}
DECIDABLE: Final = (
    vocabulary.INSTCONF,
    vocabulary.OBSTYPE,
    vocabulary.DATE_OBS,
    vocabulary.EXPTIME,
    vocabulary.CCDSUM,
)
"""What staff can decide where a header leaves it open."""


def complete(
    repaired: Repaired, shape: tuple[int, int], file_name: str = "", given: Given = NOTHING
) -> None:
    """Complete a repaired header; see the module.

    Parameters
    ----------
    repaired : Repaired
        Its header and notices are changed.
    shape : (int, int)
        Rows and columns of the image.
    file_name : str
        Name of the file, by which some exposures are identified.
    given : mapping
        What a person decided, which is written in place of what the header states.

    Raises
    ------
    HeaderError
        The frame is not one of Goodman, or the binning, the time of the exposure or its length
        cannot be derived.
    """
    for keyword, value in given.items():
        repaired.header[keyword] = value
    try:
        _complete(repaired, shape, file_name, given)
    except HeaderError as error:
        raise _explained(repaired, error) from error


def _explained(repaired: Repaired, error: HeaderError) -> HeaderError:
    """Return the refusal of a card that is missing because its value was lost as malformed."""
    is_lost = error.keyword in repaired.unread
    if error.notice.code is NoticeCode.CARD_MISSING and is_lost:
        return HeaderError(NoticeCode.CARD_MALFORMED, keyword=error.keyword)
    return error


def _complete(repaired: Repaired, shape: tuple[int, int], file_name: str, given: Given) -> None:
    header = repaired.header
    found = readout.binning(header, shape)
    if found.source:
        value = f"{found.xy[0]} {found.xy[1]}"
        code = NoticeCode.CARD_PRESUMED if found.is_presumed else NoticeCode.CARD_DERIVED
        _write(repaired, vocabulary.CCDSUM, value, found.source, code)
    begin = times.start(header)
    if begin.source:
        stated = begin.moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
        _write(repaired, vocabulary.DATE_OBS, stated, begin.source)
    _complete_purpose(repaired, file_name)
    _complete_camera(repaired, shape[0] * found.xy[1], begin, given)
    _complete_readout(repaired)


def camera_of(header: fits.Header) -> str:
    """Return the camera of a completed header, "" where it is open."""
    stated = usable_text(header, vocabulary.INSTCONF).capitalize()
    if stated in cameras.CAMERAS:
        return stated
    return cameras.judge_camera(header).camera


def _write(
    repaired: Repaired,
    card: Card,
    value: Value,
    source: str,
    code: NoticeCode = NoticeCode.CARD_DERIVED,
) -> None:
    for alias in card.aliases:
        repaired.header.remove(alias, ignore_missing=True)
    repaired.header[card.keyword] = (value, f"derived: {card.meaning}"[:40])
    repaired.notices.append(
        notice(code, keyword=card.keyword, meaning=card.meaning, value=value, source=source)
    )


def _complete_purpose(repaired: Repaired, file_name: str) -> None:
    """Derive exposure type and time, each of which is evidence of the other."""
    header = repaired.header
    exposed = times.exposure_time(header)
    obstype = usable_text(header, vocabulary.OBSTYPE).upper()
    if not obstype:
        exptime = None if exposed is None else exposed[0]
        judged = purpose.derive(header, exptime, file_name)
        obstype, evidence = judged.obstype, ", ".join(judged.evidence)
        if obstype:
            presumed = obstype == "OBJECT"
            code = NoticeCode.CARD_PRESUMED if presumed else NoticeCode.CARD_DERIVED
            _write(repaired, vocabulary.OBSTYPE, obstype, evidence, code)
        else:
            header.remove(vocabulary.OBSTYPE.keyword, ignore_missing=True)
            facts = {"keyword": vocabulary.OBSTYPE.keyword, "stored": "", "facts": judged.evidence}
            repaired.notices.append(notice(NoticeCode.OBSTYPE_DOUBTFUL, **facts))
    if exposed is not None:
        seconds, source = exposed
        if source not in (vocabulary.EXPTIME.keyword, *vocabulary.EXPTIME.aliases):
            _write(repaired, vocabulary.EXPTIME, seconds, source)
        elif source != vocabulary.EXPTIME.keyword:
            header[vocabulary.EXPTIME.keyword] = seconds
    elif obstype in {"BIAS", "ZERO"}:
        _write(repaired, vocabulary.EXPTIME, 0.0, f"OBSTYPE {obstype}")


def _complete_camera(repaired: Repaired, rows: int, begin: times.Start, given: Given) -> None:
    header, card = repaired.header, vocabulary.INSTCONF
    if card.keyword in given:
        return
    judged = cameras.judge_camera(header, rows, begin.moment)
    _complete_instrument(repaired, judged)
    stated = str(header.get(card.keyword, "")).strip()
    if stated and stated.capitalize() not in cameras.CAMERAS:
        repaired.ignore(card.keyword, stated)
    if judged.camera:
        header[card.keyword] = (judged.camera, card.meaning)
    else:
        header.remove(card.keyword, ignore_missing=True)
    facts = {"evidence": judged.evidence, "against": judged.against}
    if not judged.camera:
        repaired.notices.append(notice(NoticeCode.CAMERA_OPEN, facts=judged.against))
    elif judged.against:
        code = NoticeCode.CAMERA_DISPUTED
        repaired.notices.append(notice(code, camera=judged.camera, **facts))
    elif stated.capitalize() != judged.camera and not cameras.named_camera(
        usable_text(header, vocabulary.INSTRUME)
    ):
        code = NoticeCode.CAMERA_DERIVED
        repaired.notices.append(notice(code, camera=judged.camera, evidence=judged.evidence))


def _complete_instrument(repaired: Repaired, judged: cameras.CameraJudgement) -> None:
    """Refuse the frame of another instrument, or one of which nothing identifies the instrument."""
    card = vocabulary.INSTRUME
    instrument = usable_text(repaired.header, card)
    if cameras.is_goodman(instrument):
        return
    if instrument:
        raise HeaderError(
            NoticeCode.INSTRUMENT_UNKNOWN, keyword=card.keyword, value=repr(instrument)
        )
    if not judged.facts:
        raise HeaderError(NoticeCode.CARD_MISSING, keyword=card.keyword, meaning=card.meaning)
    name = f"ghts_{judged.camera.lower()}" if judged.camera else "Goodman"
    _write(repaired, card, name, ", ".join(fact.statement for fact in judged.facts))


def _complete_readout(repaired: Repaired) -> None:
    """Derive the gain from the read noise, or the reverse, where one of them is absent."""
    header = repaired.header
    gain = usable_number(header, vocabulary.GAIN)
    rdnoise = usable_number(header, vocabulary.RDNOISE)
    camera = usable_text(header, vocabulary.INSTCONF)
    usable = [None if v is None or not is_plausible(v) else v for v in (gain, rdnoise)]
    pair = completed(camera, *usable)
    if pair is None:
        return
    known, card, value = (
        (f"RDNOISE {rdnoise:g}", vocabulary.GAIN, pair[0])
        if usable[0] is None
        else (f"GAIN {gain:g}", vocabulary.RDNOISE, pair[1])
    )
    _write(repaired, card, value, f"{known} of the {camera} camera")


def exposure_of(repaired: Repaired, kind: FrameKind) -> float:
    """Return the exposure time of a completed header, s.

    Raises
    ------
    HeaderError
        It is absent, negative, or longer than a day.
    """
    card = vocabulary.EXPTIME
    value = usable_number(repaired.header, card)
    if value is not None and times.is_plausible(value):
        return value
    if kind is FrameKind.BIAS:
        return 0.0
    if value is not None:
        code = NoticeCode.EXPOSURE_NEGATIVE if value < 0 else NoticeCode.EXPOSURE_TOO_LONG
        raise HeaderError(code, keyword=card.keyword, seconds=value)
    missing = {"keyword": card.keyword, "meaning": card.meaning}
    raise _explained(repaired, HeaderError(NoticeCode.CARD_MISSING, **missing))
