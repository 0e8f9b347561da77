"""The velocity of the observatory towards a target, for the solar system's barycentre.

Wavelengths stay topocentric; the correction is recorded. Nothing is downloaded: UT1 comes from the
tables that are installed, and from UTC beyond them, which is right to 0.9 s or 0.03 m/s; the
builtin ephemeris of astropy (erfa) is right to a few m/s.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

import astropy.units as u
from astropy.coordinates import FK5, EarthLocation, SkyCoord
from astropy.io import fits
from astropy.time import Time
from astropy.utils import iers

from reduction.errors import HeaderError
from reduction.fits import header_values, headers, vocabulary

iers.conf.auto_download = False
iers.conf.auto_max_age = None
iers.conf.iers_degraded_accuracy = "ignore"

SITE: Final = EarthLocation.from_geodetic(-70.7337 * u.deg, -30.238 * u.deg, 2738 * u.m)
"""The SOAR telescope on Cerro Pachón."""
LOWEST: Final = 5.0
"""Least altitude, degrees: a target lower than that was not observed, its coordinates are stale."""
DAYS: Final = (dt.datetime(1990, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))


@dataclass(frozen=True, slots=True)
class Correction:
    """Velocity to add to a measured one, km/s, and the middle of the exposure it is for, UTC."""

    velocity: float
    middle: dt.datetime


def correction(header: fits.Header) -> Correction | None:
    """Return the barycentric correction of an exposure.

    Parameters
    ----------
    header : fits.Header
        With the position of the target (equinox 2000 unless ``EQUINOX`` says another), and start
        and length of the exposure.

    Returns
    -------
    Correction or None
        None without usable coordinates or times, or if the target was not above the horizon.
    """
    position = _position(header)
    middle = _middle(header)
    if position is None or middle is None:
        return None
    ra, dec, equinox = position
    time = Time(middle.replace(tzinfo=None), scale="utc", location=SITE)
    target = SkyCoord(ra * u.deg, dec * u.deg, frame=FK5(equinox=f"J{equinox}")).icrs
    if _altitude(target, time) < LOWEST:
        return None
    shift = target.radial_velocity_correction("barycentric", obstime=time)
    return Correction(float(shift.to_value(u.km / u.s)), middle)


def put(header: fits.Header, found: Correction | None) -> None:
    """Write the frame of the wavelengths, and the correction if there is one, to a header."""
    header["SPECSYS"] = ("TOPOCENT", "wavelengths are those of the observatory")
    for keyword in (vocabulary.BARYCORR, vocabulary.DATE_AVG, vocabulary.MJD_AVG):
        header.remove(keyword, ignore_missing=True)
    if found is None:
        return
    comment = "km/s, add to velocities: barycentric (not applied)"
    header[vocabulary.BARYCORR] = (round(found.velocity, 4), comment)
    middle = found.middle.replace(tzinfo=None).isoformat(timespec="milliseconds")
    header[vocabulary.DATE_AVG] = (middle, "middle of the exposure, UTC, of BARYCORR")
    days = round(Time(middle, scale="utc").mjd, 8)
    header[vocabulary.MJD_AVG] = (days, "MJD of DATE-AVG")


def _position(header: fits.Header) -> tuple[float, float, float] | None:
    """Return right ascension, declination and equinox, degrees and years."""
    try:
        ra = header_values.sexagesimal(headers.text(header, vocabulary.OBSRA), hours=True)
        dec = header_values.sexagesimal(headers.text(header, vocabulary.OBSDEC), hours=False)
        equinox = headers.number(header, vocabulary.EQUINOX)
    except HeaderError:
        return None
    if ra is None or dec is None or (ra == 0 and dec == 0):
        return None
    is_plausible = equinox is not None and 1900 <= equinox <= 2100
    return ra, dec, equinox if is_plausible and equinox is not None else 2000.0


def _middle(header: fits.Header) -> dt.datetime | None:
    try:
        start = headers.read_date(header)
        exposed = headers.number(header, vocabulary.EXPTIME)
    except HeaderError:
        return None
    if exposed is None or exposed < 0 or not DAYS[0] <= start <= DAYS[1]:
        return None
    return start + dt.timedelta(seconds=exposed / 2)


def _altitude(target: SkyCoord, time: Time) -> float:
    """Return the altitude of a target at SOAR, degrees, without refraction."""
    hour_angle = time.sidereal_time("mean").rad - target.ra.rad
    latitude, declination = math.radians(SITE.lat.deg), target.dec.rad
    sine = math.sin(latitude) * math.sin(declination)
    sine += math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))
