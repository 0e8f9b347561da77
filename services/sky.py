"""The part of the sky around a position: what the sky-cone search reads and asks."""

from __future__ import annotations

import math
import re

from peewee import Expression, fn

from db.models import File
from reduction.normalise import sexagesimal
from services.errors import Unacceptable

RADIUS_ARCMIN = 5.0
LARGEST_ARCMIN = 60 * 90.0

_NUMBER = re.compile(r"[+-]?\d{1,4}(\.\d*)?")
_MARKS = re.compile(r"[hHdDmM°'′:\s]+")
_UNITS = {"": 1.0, "'": 1.0, "′": 1.0, "m": 1.0, '"': 1 / 60, "″": 1 / 60, "s": 1 / 60}
_UNITS |= {"°": 60.0, "d": 60.0}


def right_ascension(text: str) -> float:
    """Return degrees of ``"13:23:35.26"``, ``"13h23m35.26s"`` (hours) or ``"200.897"`` (degrees).

    Raises
    ------
    Unacceptable
        It is neither; the field is ``ra``.
    """
    angle = _angle(text, hours=True)
    if angle is None or not 0 <= angle <= 360:
        raise Unacceptable(
            f"{text[:40]!r} is no right ascension: write 13:23:35.26 (hours) or 200.897 (degrees).",
            field="ra",
        )
    return angle % 360


def declination(text: str) -> float:
    """Return degrees of ``"-54:36:19.5"``, ``"-54d36m19.5s"`` or ``"-54.605"``.

    Raises
    ------
    Unacceptable
        It is neither; the field is ``dec``.
    """
    angle = _angle(text, hours=False)
    if angle is None or not -90 <= angle <= 90:
        raise Unacceptable(
            f"{text[:40]!r} is no declination: write -54:36:19.5 or -54.605 (degrees).",
            field="dec",
        )
    return angle


def radius(text: str) -> float:
    """Return degrees of ``"5"`` (arcminutes), ``"5'"``, ``'30"'`` or ``"0.5d"``.

    Raises
    ------
    Unacceptable
        It is none of these, or not above 0 and up to 90 degrees; the field is ``radius``.
    """
    value = text.strip()
    unit = value[-1:] if value[-1:] in _UNITS else ""
    number = value.removesuffix(unit).strip()
    arcmin = float(number) * _UNITS[unit] if _NUMBER.fullmatch(number) else 0.0
    if not 0 < arcmin <= LARGEST_ARCMIN:
        raise Unacceptable(
            f'{text[:40]!r} is no radius: write arcminutes (5), arcseconds (30") or degrees (1d).',
            field="radius",
        )
    return arcmin / 60


def _angle(text: str, *, hours: bool) -> float | None:
    value = text.strip().replace("−", "-")
    if _NUMBER.fullmatch(value):
        return float(value)
    value = _MARKS.sub(":", value.rstrip("sS\"″:' ")).strip(":")
    return sexagesimal(value if value.count(":") > 1 else f"{value}:00", hours=hours)


def cone(ra: float, dec: float, reach: float) -> Expression:
    """Return the condition that a file points within `reach` of a position, all in degrees.

    A box that the index of declinations serves comes first; the angle is asked of what is in it.
    """
    box = File.dec_deg.between(dec - reach, dec + reach)
    if abs(dec) + reach < 90:
        half = math.degrees(math.asin(math.sin(math.radians(reach)) / math.cos(math.radians(dec))))
        low, high = ra - half, ra + half
        if low < 0 or high > 360:
            box &= (File.ra_deg >= low % 360) | (File.ra_deg <= high % 360)
        else:
            box &= File.ra_deg.between(low, high)
    rad = math.pi / 180
    half_dec = (File.dec_deg - dec) * (rad / 2)
    half_ra = (File.ra_deg - ra) * (rad / 2)
    haversine = fn.sin(half_dec) * fn.sin(half_dec) + fn.cos(File.dec_deg * rad) * math.cos(
        dec * rad
    ) * fn.sin(half_ra) * fn.sin(half_ra)
    return box & File.ra_deg.is_null(False) & (haversine <= math.sin(reach * rad / 2) ** 2)
