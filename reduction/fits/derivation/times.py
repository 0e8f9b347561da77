"""Start and length of an exposure, from the cards that give them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from astropy.io import fits

from reduction.errors import HeaderError
from reduction.fits import header_values, vocabulary
from reduction.fits.derivation import controller
from reduction.fits.derivation.cards import number, usable_number, usable_text
from reduction.notice_codes import NoticeCode
from reduction.site import LONGITUDE

SIDEREAL: Final = 1.00273790935
"""Sidereal seconds of a second of universal time."""
_J2000: Final = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)
_MJD_ZERO: Final = dt.datetime(1858, 11, 17, tzinfo=dt.UTC)
_MJD_RANGE: Final = (50_000.0, 100_000.0)
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2}):(\d{2}(?:\.\d*)?)")
_LONGEST_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Start:
    """The start of an exposure, UTC; `source` names other cards than ``DATE-OBS`` it is from."""

    moment: dt.datetime
    source: str = ""


def start(header: fits.Header) -> Start:
    """Return the start of an exposure.

    It is that of ``DATE-OBS``, completed by ``TIME``, ``UT``, ``OPENTIME`` or the sidereal time;
    without a usable ``DATE-OBS`` that of ``DATE`` and one of these, of ``OPENDATE`` and
    ``OPENTIME``, or of ``MJD-OBS``.

    Raises
    ------
    HeaderError
        No card gives it.
    """
    stated = header.get(vocabulary.DATE_OBS.keyword)
    date = stated.strip() if isinstance(stated, str) else ""
    if header_values.has_time(date):
        found = _moment(date)
        if found is not None:
            return Start(found)
    elif date and _moment(f"{date}T00:00:00") is not None:
        completed = _completed(header, date)
        if completed is not None:
            return Start(completed.moment, completed.source if completed.source in _LATE else "")
    derived = _other(header)
    if derived is not None:
        return derived
    raise _refusal(header, date)


_LATE: Final = (vocabulary.OPEN_TIME.keyword, vocabulary.LST.keyword)
"""Cards that do not usually complete a date: a notice says so."""


def is_plausible(seconds: float) -> bool:
    """Return whether an exposure may have taken so many seconds: none takes longer than a day."""
    return 0 <= seconds <= _LONGEST_S


def plausible_exposure(header: fits.Header) -> float | None:
    """Return the exposure time of ``EXPTIME``, s; None if it is absent, negative or over a day."""
    stated = number(header, vocabulary.EXPTIME)
    return stated if stated is not None and is_plausible(stated) else None


def exposure_time(header: fits.Header) -> tuple[float, str] | None:
    """Return the exposure time, s, and the card it is from; None if no card gives it.

    ``EXPTIME`` is used if it is plausible, else the controller's exposure time, the time between
    the start and stop of ``TIME``, or that between ``OPENTIME`` and ``CLOSETIM``.
    """
    for keyword in (vocabulary.EXPTIME.keyword, *vocabulary.EXPTIME.aliases):
        stated = usable_number(header, vocabulary.Card(keyword, float, ""))
        if stated is not None and is_plausible(stated):
            return stated, keyword
    exposure = controller.values(header).get("exposure")
    if isinstance(exposure, float) and 0 <= exposure < _LONGEST_S:
        return exposure, vocabulary.CONTROLLER_COMMENTS["exposure"]
    begin, _, end = usable_text(header, vocabulary.TIME).partition(" to ")
    spans = (
        (vocabulary.TIME.keyword, begin, end),
        (
            f"{vocabulary.OPEN_TIME.keyword}, {vocabulary.CLOSE_TIME.keyword}",
            usable_text(header, vocabulary.OPEN_TIME),
            usable_text(header, vocabulary.CLOSE_TIME),
        ),
    )
    for source, first, last in spans:
        opened, closed = _seconds(first), _seconds(last)
        if opened is not None and closed is not None:
            return round((closed - opened) % _LONGEST_S, 3), source
    return None


def _completed(header: fits.Header, date: str) -> Start | None:
    """Return the moment of a date without time, by the first card that gives the time."""
    for card in (vocabulary.TIME, vocabulary.UT, vocabulary.OPEN_TIME):
        clock = usable_text(header, card).split(" to ")[0].strip()
        found = _moment(f"{date}T{clock}") if clock else None
        if found is not None:
            return Start(found, card.keyword)
    sidereal = _seconds(usable_text(header, vocabulary.LST))
    midnight = _moment(f"{date}T00:00:00")
    if sidereal is None or midnight is None:
        return None
    return Start(_of_sidereal_time(midnight, sidereal), vocabulary.LST.keyword)


def _other(header: fits.Header) -> Start | None:
    """Return the start of an exposure by other cards than ``DATE-OBS``."""
    written = usable_text(header, vocabulary.DATE)
    if written and not header_values.has_time(written):
        completed = _completed(header, written)
        if completed is not None:
            return Start(completed.moment, f"{vocabulary.DATE.keyword}, {completed.source}")
    opened = usable_text(header, vocabulary.OPEN_DATE), usable_text(header, vocabulary.OPEN_TIME)
    found = _moment("T".join(opened)) if all(opened) else None
    if found is not None:
        return Start(found, f"{vocabulary.OPEN_DATE.keyword}, {vocabulary.OPEN_TIME.keyword}")
    mjd = usable_number(header, vocabulary.MJD)
    if mjd is not None and _MJD_RANGE[0] < mjd < _MJD_RANGE[1]:
        moment = _MJD_ZERO + dt.timedelta(milliseconds=round(mjd * 86_400_000))
        return Start(moment, vocabulary.MJD.keyword)
    return None


def _refusal(header: fits.Header, date: str) -> HeaderError:
    keyword = vocabulary.DATE_OBS.keyword
    if keyword not in header or (isinstance(header[keyword], str) and not date):
        meaning = vocabulary.DATE_OBS.meaning
        return HeaderError(NoticeCode.CARD_MISSING, keyword=keyword, meaning=meaning)
    if _moment(f"{date}T00:00:00") is not None:
        return HeaderError(NoticeCode.TIME_MISSING, keyword=keyword, value=repr(date))
    value = date or str(header[keyword])
    return HeaderError(NoticeCode.DATE_INVALID, keyword=keyword, value=repr(value))


def _moment(value: str) -> dt.datetime | None:
    """Return a date and time, UTC, None if it is none."""
    try:
        return header_values.moment(value, "")
    except HeaderError:
        return None


def _seconds(clock: str) -> float | None:
    """Return the seconds of the day of the last clock time in a text, None without one."""
    found = _CLOCK.findall(clock)
    if not found:
        return None
    hour, minute, second = found[-1]
    total = int(hour) * 3600 + int(minute) * 60 + float(second)
    return total if total < _LONGEST_S else None


def _of_sidereal_time(midnight: dt.datetime, sidereal: float) -> dt.datetime:
    """Return the moment of a UTC day at which it is a local sidereal time at SOAR.

    Parameters
    ----------
    midnight : datetime
        Begin of the day, UTC.
    sidereal : float
        Seconds; mean sidereal time by the linear formula of Meeus (Astronomical Algorithms, 12.4),
        right to a few seconds.
    """
    days = (midnight - _J2000) / dt.timedelta(days=1)
    at_midnight = (280.46061837 + 360.98564736629 * days + LONGITUDE) * 240
    return midnight + dt.timedelta(seconds=((sidereal - at_midnight) % 86_400) / SIDEREAL)
