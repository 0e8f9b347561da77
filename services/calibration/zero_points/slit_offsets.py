"""The offsets of the slit masks that spectra have shown, for staff."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from db.models import File, User, ZeroPoint
from services import access
from services.access import Action
from services.calibration.zero_points.evidence import newest


@dataclass(frozen=True, slots=True)
class SlitOffset:
    """Offset of the spectra behind a slit mask from arcs through another.

    Parameters
    ----------
    camera, arc_mask, mask : str
    offset, scatter : float
        Mean and standard deviation of the nights, unbinned pixels; sky minus arc scale. The scatter
        of a single night is 0.
    spectra, nights : int
    last : datetime.date
        The last night.
    """

    camera: str
    arc_mask: str
    mask: str
    offset: float
    scatter: float
    spectra: int
    nights: int
    last: dt.date


def listing(user: User) -> list[SlitOffset]:
    """Return what was learnt of each pair of masks, by camera and mask.

    Raises
    ------
    AccessDenied
        The person is not staff.
    """
    access.require_site(user, Action.MANAGE)
    return known()


def known() -> list[SlitOffset]:
    """Return what was learnt of each pair of masks, by camera and mask."""
    rows = (
        ZeroPoint.select(ZeroPoint, File)
        .join(File)
        .where(
            ZeroPoint.offset.is_null(False),
            ZeroPoint.arc_mask != "",
            ZeroPoint.arc_mask != ZeroPoint.mask,
            File.state == "current",
        )
        .order_by(ZeroPoint.camera, ZeroPoint.arc_mask, ZeroPoint.mask, ZeroPoint.night)
    )
    pairs: dict[tuple[str, str, str], list[ZeroPoint]] = {}
    for row in newest(rows):
        pairs.setdefault((row.camera, row.arc_mask, row.mask), []).append(row)
    return [_summary(pair, rows) for pair, rows in sorted(pairs.items())]


def _summary(pair: tuple[str, str, str], rows: list[ZeroPoint]) -> SlitOffset:
    by_night: dict[dt.date, list[float]] = {}
    for row in rows:
        by_night.setdefault(row.night, []).append(row.offset)
    nights = np.array([np.mean(offsets) for offsets in by_night.values()])
    scatter = float(np.std(nights, ddof=1)) if nights.size > 1 else 0.0
    mean = float(nights.mean())
    return SlitOffset(*pair, mean, scatter, len(rows), nights.size, max(by_night))
