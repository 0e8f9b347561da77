"""The velocity of the observatory towards a target, for the solar system's barycentre.

Wavelengths stay topocentric; the correction is recorded. It is that of Wright & Eastman (2014, PASP
126, 838, eq. 28) without parallax and proper motion: velocity, time dilation and the potentials of
Sun and Earth. The Earth's velocity is that of ERFA (``epv00``, right to 0.01 m/s in this century),
and UT1 is taken as UTC, which differs by less than 0.9 s or 0.03 m/s: no tables are needed, and
nothing is downloaded.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

import erfa
import numpy as np
from astropy.io import fits

from reduction.astrometry import pointing
from reduction.astrometry.pointing import DAY, EPOCH, J2000
from reduction.fits import vocabulary
from reduction.site import HEIGHT, LATITUDE, LONGITUDE

LOWEST: Final = 5.0
"""Least altitude, degrees: a target lower than that was not observed, its coordinates are stale."""
LIGHT: Final = 299_792.458
"""Speed of light, km/s."""
AU_PER_DAY: Final = 149_597_870.7 / 86_400
"""km/s."""
_POTENTIAL: Final = 9.87e-9 + 6.96e-10
"""Of Sun and Earth at the observatory, in units of the speed of light squared."""
_MJD_OF_EPOCH: Final = 51_544.5


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
    position = pointing.target(header)
    middle = pointing.middle(header)
    if position is None or middle is None:
        return None
    utc = (middle - EPOCH) / DAY
    leap = float(erfa.dat(middle.year, middle.month, middle.day, 0.0))
    tt = utc + (leap + 32.184) / 86_400
    to_celestial = np.asarray(erfa.c2i06a(J2000, tt)).T  # from the equator of date
    longitude, latitude = math.radians(LONGITUDE), math.radians(LATITUDE)
    place = erfa.pvtob(longitude, latitude, HEIGHT, 0.0, 0.0, 0.0, erfa.era00(J2000, utc))
    target = pointing.direction(*position)
    up = to_celestial @ np.asarray(place["p"], dtype=float)
    if math.degrees(math.asin(float(target @ up) / float(np.linalg.norm(up)))) < LOWEST:
        return None
    _, earth = erfa.epv00(J2000, tt)
    rotation = to_celestial @ np.asarray(place["v"], dtype=float) / 1000
    beta = (np.asarray(earth["v"], dtype=float) * AU_PER_DAY + rotation) / LIGHT
    gamma = 1 / math.sqrt(1 - float(beta @ beta))
    shift = gamma * (1 + float(beta @ target)) / (1 - _POTENTIAL) - 1
    return Correction(LIGHT * shift, middle)


def put(header: fits.Header, found: Correction | None) -> None:
    """Write the frame of the wavelengths, and the correction if there is one, to a header."""
    header["SPECSYS"] = ("TOPOCENT", "wavelengths are those of the observatory")
    for keyword in (vocabulary.BARYCORR, vocabulary.DATE_AVG, vocabulary.MJD_AVG):
        header.remove(keyword, ignore_missing=True)
    if found is None:
        return
    comment = "km/s to add for the barycentre (not applied)"
    header[vocabulary.BARYCORR] = (round(found.velocity, 4), comment)
    middle = found.middle.replace(tzinfo=None).isoformat(timespec="milliseconds")
    header[vocabulary.DATE_AVG] = (middle, "UTC, middle of the exposure, of BARYCORR")
    days = round(_MJD_OF_EPOCH + (found.middle - EPOCH) / DAY, 8)
    header[vocabulary.MJD_AVG] = (days, "MJD of DATE-AVG")
