"""Normalise the values of header cards, which are spelled in several ways."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from reduction.errors import HeaderError
from reduction.notice_codes import NoticeCode


def binning(value: str) -> tuple[int, int]:
    """Return the binning (x, y) of ``CCDSUM`` such as ``'1 2'``; x is the dispersion axis.

    Raises
    ------
    HeaderError
        The value is not a binning.
    """
    match = re.fullmatch(r"([1-9])[\sxX,]+([1-9])", value)
    if match is None:
        raise HeaderError(NoticeCode.BINNING_INVALID, keyword="CCDSUM", value=repr(value))
    return int(match[1]), int(match[2])


def lamp_state(value: str) -> bool | None:
    """Return whether a lamp was on, None if the value of its card is neither."""
    word = value.strip().upper()
    if word in {"TRUE", "T", "ON", "1", "YES"}:
        return True
    return False if word in {"FALSE", "F", "OFF", "0", "NO", ""} else None


_LOOSE_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_LOOSE_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d*)?)")


def has_time(date: str) -> bool:
    """Return whether a ``DATE-OBS`` tells the time of day."""
    return "T" in date or ":" in date


def repaired_date(value: str) -> str | None:
    """Return a date, or a date and time, as FITS has it; None if it is no date.

    Slashes, one-digit numbers and the second 60 (the first of the next minute) are understood.
    """
    value = re.sub(r"(\.\d{6})\d+", r"\1", value.strip())
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        pass
    else:
        return value
    date, _, clock = value.replace("T", " ", 1).partition(" ")
    days, time = _LOOSE_DATE.fullmatch(date), _LOOSE_TIME.fullmatch(clock.strip())
    if days is None or (clock and time is None):
        return None
    try:
        begin = dt.datetime(int(days[1]), int(days[2]), int(days[3]))
    except ValueError:
        return None
    if time is None:
        return begin.date().isoformat()
    hour, minute, second = int(time[1]), int(time[2]), float(time[3])
    if hour > 23 or minute > 59 or second >= 61:
        return None
    taken = begin + dt.timedelta(hours=hour, minutes=minute, seconds=second)
    return taken.isoformat(timespec="microseconds" if taken.microsecond % 1000 else "milliseconds")


def moment(date: str, clock: str) -> dt.datetime:
    """Return a UTC date and time from ``DATE-OBS``; `clock` completes a date without time.

    Raises
    ------
    HeaderError
        The date is invalid, or there is no time.
    """
    value = date
    if not has_time(value):
        if not clock:
            raise HeaderError(NoticeCode.TIME_MISSING, keyword="DATE-OBS", value=repr(date))
        value = f"{value}T{clock}"
    try:
        parsed = dt.datetime.fromisoformat(repaired_date(value) or "")
        if parsed.tzinfo is None:
            return parsed.replace(tzinfo=dt.UTC)
        return parsed.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise HeaderError(NoticeCode.DATE_INVALID, keyword="DATE-OBS", value=repr(value)) from error


def sexagesimal(value: str, *, hours: bool) -> float | None:
    """Return an angle such as ``'-54:36:19.5'`` in degrees, None if it is invalid."""
    match = re.fullmatch(r"([+-]?)(\d{1,3})[:\s](\d{1,2})[:\s](\d{1,2}(?:\.\d*)?)", value.strip())
    if match is None:
        return None
    angle = int(match[2]) + int(match[3]) / 60 + float(match[4]) / 3600
    limit = 24 if hours else 90
    if angle > limit:
        return None
    return (-angle if match[1] == "-" else angle) * (15 if hours else 1)


def _words(value: str) -> str:
    """Return text without quotes and angle brackets, with words joined by underscores."""
    return re.sub(r"[\s_]+", "_", re.sub(r"[<>\"]", " ", value).strip())


_GLASS = re.compile(r"(GG|OG|RG|BG|KG|UG|WG)[_-]*(\d{2,4})", re.IGNORECASE)


def filter_name(value: str) -> str:
    """``<NO FILTER>`` → ``NO_FILTER``, ``GG-455`` → ``GG455``; other names keep their case."""
    name = _words(value)
    glass = _GLASS.fullmatch(name)
    if glass:
        return f"{glass[1].upper()}{glass[2]}"
    return name.upper() if name.upper().startswith("NO_") else name


def slit_name(value: str) -> str:
    """``0.45" long slit`` → ``0.45_LONG_SLIT``."""
    return _words(value).upper()


def grating_name(value: str) -> str:
    """``SYZY_400`` → ``400_SYZY``."""
    name = _words(value).upper()
    swapped = re.fullmatch(r"([A-Z]+)_(\d{3,4}(?:-[A-Z]+)?)", name)
    return f"{swapped[2]}_{swapped[1]}" if swapped else name


def wavmode_name(value: str) -> str:
    """``400 m1`` → ``400_M1``; any spelling of custom → ``Custom``."""
    name = _words(value)
    return "Custom" if name.lower() == "custom" else name.upper()


def lamp_name(names: Sequence[str]) -> str:
    """Return the library's name for lamps that were on together: ``("HgAr", "Ne")`` → HgArNe."""
    library = {"Fe": "FeHeAr", "Cu": "CuHeAr"}
    return "".join(library.get(name, name) for name in names)
