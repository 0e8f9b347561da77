"""Dates of frames that cannot be true: a camera's clock was wrong.

Everything that is new comes first: Tonight, the queue, lists and calibrations all go by the date.
A frame from the future is therefore filed whole centuries earlier, where it leads nothing. The
times between frames of the same wrong clock stay as they are, so that these calibrate each other.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

from reduction.fits.vocabulary import DATE_OBS
from reduction.frames import FrameDescription
from reduction.notice_codes import NoticeCode
from reduction.notices import notice

FIRST_LIGHT = dt.datetime(2004, 1, 1, tzinfo=dt.UTC)
"""No frame of the spectrograph is older."""
TOLERANCE = dt.timedelta(hours=1)
"""By which the clock of a camera may be ahead."""
_CENTURY = dt.timedelta(days=36_525)


def dated(frame: FrameDescription, now: dt.datetime) -> FrameDescription:
    """Return a frame with the date that it is filed under, and a notice if that cannot be true.

    Parameters
    ----------
    frame : FrameDescription
        As its header describes it.
    now : datetime
        The present, UTC.
    """
    stated = frame.date_obs
    facts = {"keyword": DATE_OBS.keyword, "stored": stated.isoformat(timespec="seconds")}
    if stated < FIRST_LIGHT:
        told = notice(NoticeCode.DATE_TOO_EARLY, **facts)
        return replace(frame, notices=(*frame.notices, told))
    if stated <= now + TOLERANCE:
        return frame
    filed = stated - math.ceil((stated - FIRST_LIGHT) / _CENTURY) * _CENTURY
    told = notice(NoticeCode.DATE_IN_FUTURE, **facts, filed=filed.date().isoformat())
    return replace(frame, date_obs=filed, notices=(*frame.notices, told))
