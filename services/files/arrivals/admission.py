"""Files whose headers do not state what is needed, accepted by staff who state it.

Only what a header could not be used for is overcome in this way: the pixels must be readable, and a
product stays a product.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.models import File, User
from reduction import notice_text
from reduction.errors import HeaderError, ReductionError
from reduction.fits import header_values, vocabulary
from reduction.fits.classification import kind_of
from reduction.fits.derivation.camera import CAMERAS
from reduction.frames import FrameKind, Technique
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import access, logs, notices
from services.access import Action
from services.calibration import acceptance
from services.calibration.reclassify import reclassify
from services.errors import Conflict, Unacceptable, Unavailable
from services.files import ingest
from services.files.arrivals import inspector
from services.files.arrivals.decisions import open_arrival
from services.files.arrivals.inspection import Inspection
from services.files.arrivals.names import real_path
from services.files.arrivals.outcomes import Outcome
from services.files.file_integrity import IncompleteFile, Stamp
from services.unit_of_work import transaction

ADMISSIBLE = frozenset(
    {
        NoticeCode.CARD_MISSING,
        NoticeCode.CARD_MALFORMED,
        NoticeCode.CARD_NOT_TEXT,
        NoticeCode.CARD_NOT_NUMBER,
        NoticeCode.CARD_NOT_FINITE,
        NoticeCode.EXPOSURE_NEGATIVE,
        NoticeCode.EXPOSURE_TOO_LONG,
        NoticeCode.BINNING_INVALID,
        NoticeCode.LARGER_THAN_DETECTOR,
        NoticeCode.INSTRUMENT_UNKNOWN,
        NoticeCode.CAMERA_UNKNOWN,
        NoticeCode.CAMERA_CONTRADICTION,
        NoticeCode.TIME_MISSING,
        NoticeCode.DATE_INVALID,
    }
)
"""Reasons of a quarantine that a statement of staff overcomes."""


_OF_THE_FILE = "the time at which the file was written"


@dataclass(frozen=True, slots=True)
class Stated:
    """What a member of the staff states of a frame; "" and None are left to the header.

    Attributes
    ----------
    obstype : str
        Exposure type, as ``OBSTYPE`` has it.
    technique : str
        A `reduction.frames.Technique`.
    camera : str
        ``"Red"`` or ``"Blue"``.
    date_obs : datetime, optional
        Start of the exposure, UTC.
    exptime : float, optional
        Seconds.
    binning : str
        As ``CCDSUM``: ``"2 2"``.
    """

    obstype: str = ""
    technique: str = ""
    camera: str = ""
    date_obs: dt.datetime | None = None
    exptime: float | None = None
    binning: str = ""

    def cards(self) -> dict[str, Any]:
        """Return the header cards that are stated: keyword → value.

        Raises
        ------
        Unacceptable
            One of them has no meaning.
        """
        _check(self)
        date = self.date_obs
        utc = None if date is None else date.astimezone(dt.UTC).replace(tzinfo=None)
        stated = {
            vocabulary.OBSTYPE: self.obstype.upper(),
            vocabulary.INSTCONF: self.camera,
            vocabulary.DATE_OBS: utc and utc.isoformat(timespec="milliseconds"),
            vocabulary.EXPTIME: self.exptime,
            vocabulary.CCDSUM: self.binning,
        }
        return {card.keyword: value for card, value in stated.items() if value not in ("", None)}


def _check(stated: Stated) -> None:
    technique = Technique.SPECTROSCOPY
    if stated.technique:
        if stated.technique not in set(Technique):
            raise Unacceptable("There is no such technique.", field="technique")
        technique = Technique(stated.technique)
    if stated.obstype and kind_of(stated.obstype, technique) is FrameKind.UNKNOWN:
        raise Unacceptable("This is no exposure type of Goodman.", field="obstype")
    if stated.camera and stated.camera not in CAMERAS:
        raise Unacceptable("The camera is Red or Blue.", field="camera")
    if stated.exptime is not None and not 0 <= stated.exptime <= 86_400:
        raise Unacceptable("An exposure takes between 0 and 86400 s.", field="exptime")
    if stated.binning:
        try:
            header_values.binning(stated.binning)
        except HeaderError as error:
            raise Unacceptable(notice_text.text(error.notice), field="binning") from error


def admit(user: User, arrival_id: int, stated: Stated) -> File:
    """Index a refused file with what a member of the staff states of it.

    What is stated is kept with the frame (`File.overrides`) and used wherever its header is read.
    If the header tells no date and none is stated, the time of the file is taken, with a notice.

    Raises
    ------
    NotFound
        There is no such arrival, or its file has gone.
    Conflict
        The file was not refused, is still being written, or is one that is indexed already.
    Unacceptable
        It cannot be used even so; the sentence says why.
    """
    arrival = open_arrival(user, arrival_id)
    if arrival.outcome != Outcome.QUARANTINED:
        raise Conflict("Only a file in quarantine can be accepted in this way.", field="id")
    path = real_path(Path(arrival.path))
    cards, found = _examined(path, stated.cards())
    settled = ingest.ingest(path, inspected=found, again=True)
    file: File | None = settled.file
    if settled.outcome != Outcome.INDEXED or file is None:
        raise Conflict(f"{path.name} is indexed already.", field="id")
    with transaction() as work:
        _record(user, file, cards, stated)
        shown = [f"{keyword} {value}" for keyword, value in cards.items()]
        facts = {"person": user.full_name, "file": file.file_name, "cards": shown}
        entry = notice(NoticeCode.FILE_ADMITTED, **facts)
        work.events.append(logs.write(entry, proposal=file.proposal, file=file))
    if stated.technique and stated.technique != file.technique:
        reclassify(user, file.id, technique=stated.technique)
    return access.file_for(user, Action.VIEW, file.id)


def _examined(path: Path, cards: dict[str, Any]) -> tuple[dict[str, Any], Inspection]:
    """Examine a file with stated cards; see `admit` for what is missing still."""
    try:
        stamp = Stamp.of(path)
        while True:
            try:
                return cards, inspector.inspect(path, cards)
            except ReductionError as error:
                further = _further(error, stamp, cards)
                if not further:
                    raise
                cards = cards | further
    except IncompleteFile as error:
        raise Conflict(error.message, field="id") from error
    except ReductionError as error:
        raise Unacceptable(notice_text.text(error.notice), field="id") from error
    except OSError as error:
        raise Unavailable(f"{path.name} can't be read now.", retry_after=30) from error


def _further(error: ReductionError, stamp: Stamp, cards: dict[str, Any]) -> dict[str, Any]:
    """Return a card that overcomes a refusal, empty if there is none."""
    keyword = error.notice.params.get("keyword")
    if error.notice.code not in ADMISSIBLE or keyword in cards:
        return {}
    if keyword == vocabulary.INSTRUME.keyword:
        return {vocabulary.INSTRUME.keyword: "Goodman"}
    if keyword == vocabulary.DATE_OBS.keyword:
        written = dt.datetime.fromtimestamp(stamp.mtime_ns / 1e9, dt.UTC).replace(tzinfo=None)
        return {vocabulary.DATE_OBS.keyword: written.isoformat(timespec="milliseconds")}
    return {}


def _record(user: User, file: File, cards: dict[str, Any], stated: Stated) -> None:
    """Keep what was stated with the frame; staff who state it accept it for shared masters."""
    file.overrides = {**file.overrides, "cards": cards}
    file.accepted_by = user.id
    added = [
        notice(NoticeCode.CARD_DECIDED, keyword=keyword, value=value, person=user.full_name)
        for keyword, value in stated.cards().items()
    ]
    date = vocabulary.DATE_OBS
    if stated.date_obs is None and date.keyword in cards:
        facts = {"keyword": date.keyword, "meaning": date.meaning, "value": cards[date.keyword]}
        added.append(notice(NoticeCode.CARD_PRESUMED, **facts, source=_OF_THE_FILE))
    file.notices = [*file.notices, *notices.dump_all(added)]
    acceptance.remember(file)
    file.save(only=[File.overrides, File.accepted_by, File.notices])
