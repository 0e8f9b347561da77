"""Which standard star an exposure shows, by its position and by the name of its object.

The position is that of the star at the time of the exposure, with its proper motion since 2000. The
coordinates of a header are up to half an arcminute from the star (frames of SOAR of 2014 to 2018),
or were entered for another epoch; the stars of the library are at least `NEAREST` from each other.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.astrometry import pointing
from reduction.errors import HeaderError
from reduction.fits import headers, vocabulary
from reduction.flux.references.library import Star, star_of, stars
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

By = Literal["both", "position", "name", "person", ""]

NAMED: Final = 180.0
"""Arcsec: how far from a star an object of its name may be."""
UNNAMED: Final = 60.0
"""Arcsec: how far from a star an object of another name may be, or of none."""
NEAREST: Final = 3000.0
"""Arcsec: less than the distance of any two stars of the library."""
_EPOCH: Final = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)
_YEAR: Final = dt.timedelta(days=365.25)
_YEARS: Final = 200.0
"""Proper motions are not followed further."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was recognised.

    Parameters
    ----------
    star : str or None
        Name of the standard star.
    by : str
        ``both``, ``position``, ``name``, ``person``, or empty.
    separation : float or None
        Arcsec between the coordinates and that star; of a star that was not taken for it, if the
        notices are about one.
    notices : tuple of Notice
    """

    star: str | None = None
    by: By = ""
    separation: float | None = None
    notices: tuple[Notice, ...] = ()


def recognise(
    object_name: str, ra_deg: float | None, dec_deg: float | None, when: dt.datetime
) -> Recognition:
    """Return the standard star of an exposure.

    Parameters
    ----------
    object_name : str
        As the observer wrote it.
    ra_deg, dec_deg : float or None
        Coordinates of the target, degrees (ICRS, or equinox 2000).
    when : datetime
        Time of the exposure; without a time zone it is UTC.

    Returns
    -------
    Recognition
        Position and name agree: the star. No name of a standard star at the position of one, or
        such a name without coordinates: the star, with a notice. The name of one star at the
        position of another, or far from its own: no star, with a warning.
    """
    named = star_of(object_name)
    toward = _direction(ra_deg, dec_deg)
    if toward is None:
        if named is None:
            return Recognition()
        remark = notice(NoticeCode.STANDARD_BY_NAME, star=named.name)
        return Recognition(named.name, "name", None, (remark,))
    nearest, distance = _nearest(toward, when)
    if named is nearest and distance <= NAMED:
        return Recognition(nearest.name, "both", round(distance, 2))
    if named is not None:
        return _disputed(named, nearest, distance, toward, when)
    if distance > UNNAMED:
        return Recognition()
    remark = notice(
        NoticeCode.STANDARD_BY_POSITION,
        star=nearest.name,
        object=object_name.strip(),
        separation=round(distance, 1),
    )
    return Recognition(nearest.name, "position", round(distance, 2), (remark,))


def recognise_frame(header: fits.Header) -> Recognition:
    """Return the standard star of a frame, by its header.

    The position is that of the target, or that of the telescope if it points elsewhere: else the
    coordinates of a standard star that were left in the header would make one of the next target.
    """
    when = pointing.middle(header)
    try:
        name = headers.text(header, vocabulary.OBJECT)
    except HeaderError:
        name = ""
    position = pointing.observed(header)
    if position is None or when is None:
        return recognise(name, None, None, _EPOCH)
    return recognise(name, position[0], position[1], when)


def place(star: Star, when: dt.datetime) -> tuple[float, float]:
    """Return right ascension and declination of a star at a time, degrees, ICRS."""
    x, y, z = _places((star,), when)[0]
    return math.degrees(math.atan2(y, x)) % 360, math.degrees(math.atan2(z, math.hypot(x, y)))


def _disputed(
    named: Star, nearest: Star, distance: float, toward: NDArray[np.float64], when: dt.datetime
) -> Recognition:
    """Return that an object has the name of a star that is elsewhere."""
    own = _angle(_places((named,), when)[0], toward)
    if distance <= UNNAMED:
        remark = notice(
            NoticeCode.STANDARD_DISPUTED,
            named=named.name,
            star=nearest.name,
            separation=round(distance, 1),
        )
        return Recognition(None, "", round(distance, 2), (remark,))
    remark = notice(NoticeCode.STANDARD_ELSEWHERE, star=named.name, separation=round(own, 1))
    return Recognition(None, "", round(own, 2), (remark,))


def _nearest(toward: NDArray[np.float64], when: dt.datetime) -> tuple[Star, float]:
    """Return the star nearest to a direction, and its distance, arcsec."""
    places = _places(stars(), when)
    number = int(np.argmax(places @ toward))
    return stars()[number], _angle(places[number], toward)


def _places(which: tuple[Star, ...], when: dt.datetime) -> NDArray[np.float64]:
    """Return the directions of stars at a time, (n, 3)."""
    moment = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
    years = max(-_YEARS, min(_YEARS, (moment - _EPOCH) / _YEAR))
    columns = [[s.ra, s.dec, s.pm_ra, s.pm_dec] for s in which]
    ra, dec, pm_ra, pm_dec = np.radians(np.array(columns, dtype=float)).T
    moved_ra, moved_dec = (years * motion / 3_600_000 for motion in (pm_ra, pm_dec))
    zero = np.zeros_like(ra)
    radial = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
    east = np.stack([-np.sin(ra), np.cos(ra), zero], axis=1)
    north = np.stack([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)], axis=1)
    moved = radial + moved_ra[:, None] * east + moved_dec[:, None] * north
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=float)


def _direction(ra: float | None, dec: float | None) -> NDArray[np.float64] | None:
    """Return a unit vector; None without usable coordinates."""
    if ra is None or dec is None or not (math.isfinite(ra) and math.isfinite(dec)):
        return None
    if abs(dec) > 90 or (ra == 0 and dec == 0):
        return None
    alpha, delta = math.radians(ra), math.radians(dec)
    cosine = math.cos(delta)
    return np.array([cosine * math.cos(alpha), cosine * math.sin(alpha), math.sin(delta)])


def _angle(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the angle between unit vectors, arcsec."""
    sine = float(np.linalg.norm(np.cross(one, other)))
    return math.degrees(math.atan2(sine, float(one @ other))) * 3600
