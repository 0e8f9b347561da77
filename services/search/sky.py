"""Cone search: parsing of positions and radii, and the condition on files."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from peewee import Expression, fn

from db.models import File
from reduction.fits.header_values import sexagesimal
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
            f"{text[:40]!r} is not a valid right ascension. "
            "Use 13:23:35.26 (hours) or 200.897 (degrees).",
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
            f"{text[:40]!r} is not a valid declination. Use -54:36:19.5 or -54.605 (degrees).",
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
            f"{text[:40]!r} is not a valid radius. "
            'Use arcminutes (5), arcseconds (30") or degrees (1d).',
            field="radius",
        )
    return arcmin / 60


def _angle(text: str, *, hours: bool) -> float | None:
    value = text.strip().replace("−", "-")
    if _NUMBER.fullmatch(value):
        return float(value)
    value = _MARKS.sub(":", value.rstrip("sS\"″:' ")).strip(":")
    return sexagesimal(value if value.count(":") > 1 else f"{value}:00", hours=hours)


@dataclass(frozen=True, slots=True)
class Cone:
    """The part of the sky within `reach` of a position; all in degrees.

    A box that an index of declinations serves comes first; the angle is asked of what is in it.
    """

    ra: float
    dec: float
    reach: float

    @classmethod
    def of(cls, ra: str, dec: str, reach: str | None) -> Cone:
        """Parse a position and a radius as they are typed.

        Raises
        ------
        Unacceptable
            One of them makes no sense; names it.
        """
        wide = RADIUS_ARCMIN / 60 if reach is None else radius(reach)
        return cls(right_ascension(ra), declination(dec), wide)

    def _sides(self) -> tuple[float, float] | None:
        """Return the range of right ascension; None when the cone contains a pole."""
        if abs(self.dec) + self.reach >= 90:
            return None
        sine = math.sin(math.radians(self.reach)) / math.cos(math.radians(self.dec))
        half = math.degrees(math.asin(sine))
        return self.ra - half, self.ra + half

    def condition(self) -> Expression:
        """Return the condition that a file's pointing is inside the cone."""
        box = File.dec_deg.between(self.dec - self.reach, self.dec + self.reach)
        sides = self._sides()
        if sides is not None:
            low, high = sides
            if low < 0 or high > 360:
                box &= (File.ra_deg >= low % 360) | (File.ra_deg <= high % 360)
            else:
                box &= File.ra_deg.between(low, high)
        rad = math.pi / 180
        half_dec = (File.dec_deg - self.dec) * (rad / 2)
        half_ra = (File.ra_deg - self.ra) * (rad / 2)
        haversine = fn.sin(half_dec) * fn.sin(half_dec) + fn.cos(File.dec_deg * rad) * math.cos(
            self.dec * rad
        ) * fn.sin(half_ra) * fn.sin(half_ra)
        return box & File.ra_deg.is_null(False) & (haversine <= math.sin(self.reach * rad / 2) ** 2)

    def holds(self, ra: NDArray[np.float64], dec: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return for each position, shape (n,) in degrees, whether it is inside; NaN is not."""
        inside = (dec >= self.dec - self.reach) & (dec <= self.dec + self.reach) & np.isfinite(ra)
        near = np.flatnonzero(inside)
        half_dec, half_ra = np.radians(dec[near] - self.dec) / 2, np.radians(ra[near] - self.ra) / 2
        cosines = np.cos(np.radians(dec[near])) * math.cos(math.radians(self.dec))
        haversine = np.sin(half_dec) ** 2 + cosines * np.sin(half_ra) ** 2
        inside[near] = haversine <= math.sin(math.radians(self.reach) / 2) ** 2
        return inside
