"""Where a target was during an exposure: its position, and its height above the horizon.

UT1 is taken as UTC, which differs by less than 0.9 s or 14″, and aberration (20″) is left out: no
tables are needed, and nothing is downloaded.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

import erfa
import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.errors import HeaderError
from reduction.fits import header_values, headers, vocabulary
from reduction.fits.derivation import times
from reduction.site import LATITUDE, LONGITUDE

DAYS: Final = (dt.datetime(1990, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
"""Moments that can be those of an exposure."""
J2000: Final = 2_451_545.0
EPOCH: Final = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)
DAY: Final = dt.timedelta(days=1)

STALE: Final = 900.0
"""Arcsec between target and telescope: twice the field of view."""

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Horizontal:
    """Place of a target in the sky of the telescope.

    Parameters
    ----------
    altitude : float
        Degrees, without refraction.
    parallactic : float
        Position angle of the zenith at the target, degrees from north through east, -180 to 180.
    """

    altitude: float
    parallactic: float


def target(header: fits.Header) -> tuple[float, float] | None:
    """Return right ascension and declination of the target, degrees, equinox 2000.

    None if ``OBSRA`` and ``OBSDEC`` (or ``RA`` and ``DEC``) cannot be used.
    """
    return _position(header, vocabulary.OBSRA, vocabulary.OBSDEC)


def telescope(header: fits.Header) -> tuple[float, float] | None:
    """Return where the telescope points, degrees, equinox 2000; None without ``RA`` and ``DEC``."""
    return _position(header, vocabulary.TELESCOPE_RA, vocabulary.TELESCOPE_DEC)


def observed(header: fits.Header) -> tuple[float, float] | None:
    """Return the position that was observed, degrees, equinox 2000.

    That of the target, unless the telescope points elsewhere: then the target's coordinates are
    stale. None if the header has neither.
    """
    of_target, of_telescope = target(header), telescope(header)
    if of_target is None or of_telescope is None:
        return of_target or of_telescope
    is_stale = separation(of_target, of_telescope) > STALE
    return of_telescope if is_stale else of_target


def exposed(header: fits.Header) -> tuple[dt.datetime, dt.timedelta] | None:
    """Return start and length of an exposure; None if they are not known or cannot be."""
    try:
        start = headers.read_date(header)
        seconds = times.plausible_exposure(header)
    except HeaderError:
        return None
    if seconds is None or not DAYS[0] <= start <= DAYS[1]:
        return None
    return start, dt.timedelta(seconds=seconds)


def middle(header: fits.Header) -> dt.datetime | None:
    """Return the middle of an exposure, UTC; None if it is not known."""
    found = exposed(header)
    return None if found is None else found[0] + found[1] / 2


def horizontal(ra: float, dec: float, when: dt.datetime) -> Horizontal:
    """Return where a position is in the sky of the telescope.

    Parameters
    ----------
    ra, dec : float
        Degrees, ICRS.
    when : datetime
    """
    utc = (when - EPOCH) / DAY
    # terrestrial time, of which precession and nutation are, is 70 s later: nothing here
    of_date = np.asarray(erfa.c2i06a(J2000, utc)) @ direction(ra, dec)
    angle = float(erfa.era00(J2000, utc)) + math.radians(LONGITUDE)
    hour = angle - math.atan2(of_date[1], of_date[0])
    declination = math.asin(max(-1.0, min(1.0, float(of_date[2]))))
    latitude = math.radians(LATITUDE)
    sine = math.sin(latitude) * math.sin(declination) + (
        math.cos(latitude) * math.cos(declination) * math.cos(hour)
    )
    parallactic = math.atan2(
        math.sin(hour) * math.cos(latitude),
        math.sin(latitude) * math.cos(declination)
        - math.cos(latitude) * math.sin(declination) * math.cos(hour),
    )
    altitude = math.asin(max(-1.0, min(1.0, sine)))
    return Horizontal(math.degrees(altitude), math.degrees(parallactic))


def direction(ra: float, dec: float) -> Vector:
    """Return the unit vector of a position, degrees."""
    return np.asarray(erfa.s2c(math.radians(ra), math.radians(dec)), dtype=float)


def separation(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the angle between two positions (right ascension, declination), arcsec."""
    angle = erfa.sepp(direction(*one), direction(*other))
    return math.degrees(float(angle)) * 3600


def _position(
    header: fits.Header, ra_card: vocabulary.Card, dec_card: vocabulary.Card
) -> tuple[float, float] | None:
    try:
        ra = header_values.sexagesimal(headers.text(header, ra_card), hours=True)
        dec = header_values.sexagesimal(headers.text(header, dec_card), hours=False)
        equinox = headers.number(header, vocabulary.EQUINOX)
    except HeaderError:
        return None
    if ra is None or dec is None or (ra == 0 and dec == 0):
        return None
    if equinox is None or equinox == 2000 or not 1900 <= equinox <= 2100:
        return ra, dec
    precession = np.asarray(erfa.pmat76(J2000, (equinox - 2000) * 365.25))
    vector = precession.T @ direction(ra, dec)
    return math.degrees(math.atan2(vector[1], vector[0])) % 360, math.degrees(
        math.asin(max(-1.0, min(1.0, float(vector[2]))))
    )
