"""The airmass of an exposure, and the direction of atmospheric dispersion.

The airmass is that of Young (1994, Applied Optics 33, 1108) for the true altitude, at the middle of
the exposure. It comes from the position of the target, the time and the site; the elevation of the
mount and the header's ``AIRMASS`` confirm it or, without a usable position, take its place. The
elevation that SOAR states is 0.3° lower than the target's altitude (frames of 2014 to 2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

from astropy.io import fits

from reduction.astrometry import pointing
from reduction.errors import HeaderError
from reduction.fits import headers, vocabulary
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

Source = Literal["position", "elevation", "header"]

LOWEST: Final = 10.0
"""Least altitude of an observation, degrees: an airmass of 5.6."""
AGREEMENT: Final = 1.5
"""Degrees by which the altitude by position and that of the mount may differ."""
ELEVATION_ERROR: Final = 0.3
"""Degrees: by how much the stated elevation is off."""
STATED_ERROR: Final = 0.02
"""Of a stated airmass: of its two decimals, and of the elevation it is from."""
NUMERICAL_ERROR: Final = 0.001
_STATED_AGREEMENT: Final = 0.05
"""Fraction by which a stated airmass may differ from that used."""
_FASTEST: Final = 15.04 / 3600 * math.cos(math.radians(30.238))
"""Degrees of altitude in a second, at most, at the latitude of SOAR."""


@dataclass(frozen=True, slots=True)
class Airmass:
    """The airmass of an exposure.

    Parameters
    ----------
    value : float
        At the middle of the exposure.
    error : float
        One sigma, with the change during the exposure if only its start is known.
    source : str
        ``position``, ``elevation`` (of the mount) or ``header`` (its ``AIRMASS``).
    parallactic : float or None
        Position angle of the zenith, degrees from north through east; None without a position.
    notices : tuple of Notice
        What the header states that is not so.
    """

    value: float
    error: float
    source: Source
    parallactic: float | None = None
    notices: tuple[Notice, ...] = ()


def airmass_of(header: fits.Header) -> Airmass | None:
    """Return the airmass at the middle of an exposure.

    Parameters
    ----------
    header : fits.Header
        With ``OBSRA`` and ``OBSDEC``, or ``RA`` and ``DEC``, and start and length of the exposure;
        else with ``MOUNT_EL``, else with ``AIRMASS``.

    Returns
    -------
    Airmass or None
        None if nothing gives an airmass, or only an impossible one: a position below `LOWEST`, an
        elevation beyond the zenith, an ``AIRMASS`` below 1 or above that of `LOWEST`.
    """
    elevation = _elevation(header)
    stated = _number(header, vocabulary.AIRMASS)
    found = _of_position(header, elevation)
    if found is None and elevation is not None:
        found = _of_elevation(elevation, _drift(header))
    if found is None and stated is not None and 1 <= stated <= young(LOWEST):
        slope = math.sqrt(max(stated**4 - stated**2, 0)) * math.radians(_drift(header))
        return Airmass(stated, math.hypot(STATED_ERROR, slope), "header")
    return None if found is None else _compared(found, elevation, stated)


def young(altitude: float) -> float:
    """Return the airmass at a true altitude, degrees (Young 1994, eq. 5)."""
    z = math.sin(math.radians(altitude))
    above = 1.002432 * z**2 + 0.148386 * z + 0.0096467
    return above / (z**3 + 0.149864 * z**2 + 0.0102963 * z + 0.000303978)


def _of_position(header: fits.Header, elevation: float | None) -> Airmass | None:
    """Return the airmass by the position that fits the elevation best, by default the target's."""
    exposed = pointing.exposed(header)
    if exposed is None:
        return None
    start, length = exposed
    tracks = []
    for position in (pointing.target(header), pointing.telescope(header)):
        if position is None:
            continue
        track = [pointing.horizontal(*position, start + part * length / 2) for part in range(3)]
        if min(place.altitude for place in track) >= LOWEST:
            tracks.append(track)
    if not tracks:
        return None
    best = tracks[0]
    if elevation is not None and abs(best[0].altitude - elevation) > AGREEMENT:
        best = min(tracks, key=lambda track: abs(track[0].altitude - elevation))
    first, middle, last = (young(place.altitude) for place in best)
    mean = (first + 4 * middle + last) / 6  # Simpson's rule (Stetson 1989)
    error = math.hypot(NUMERICAL_ERROR, mean - middle)
    return Airmass(middle, error, "position", best[1].parallactic)


def _of_elevation(elevation: float, drift: float) -> Airmass:
    value = young(elevation)
    slope = value - young(min(elevation + 1, 90.0))  # per degree
    return Airmass(value, max(slope * math.hypot(ELEVATION_ERROR, drift), 0.002), "elevation")


def _compared(found: Airmass, elevation: float | None, stated: float | None) -> Airmass:
    """Add what the header states differently."""
    notices = []
    error = found.error
    if found.source == "position" and elevation is not None:
        by_mount = young(elevation)
        off = (young(max(elevation - AGREEMENT, LOWEST)), young(min(elevation + AGREEMENT, 90.0)))
        if not off[1] - NUMERICAL_ERROR <= found.value <= off[0] + NUMERICAL_ERROR:
            error = max(error, abs(found.value - by_mount) / 2)
            keyword = vocabulary.ELEVATION.keyword
            notices.append(_differs(found, keyword, elevation, by_mount))
    if stated is not None and abs(stated / found.value - 1) > _STATED_AGREEMENT + found.error:
        notices.append(_differs(found, vocabulary.AIRMASS.keyword, stated, stated))
    return replace(found, error=error, notices=tuple(notices))


def _differs(found: Airmass, keyword: str, stated: float, airmass: float) -> Notice:
    return notice(
        NoticeCode.AIRMASS_DIFFERS,
        airmass=round(found.value, 3),
        source=found.source,
        keyword=keyword,
        stated=stated,
        stated_airmass=round(airmass, 3),
    )


def _elevation(header: fits.Header) -> float | None:
    """Return the elevation of the mount, degrees, if an observation can be made there."""
    elevation = _number(header, vocabulary.ELEVATION)
    return elevation if elevation is not None and LOWEST <= elevation <= 90 else None


def _drift(header: fits.Header) -> float:
    """Return by how much the altitude may change until the middle of the exposure, degrees."""
    exposed = pointing.exposed(header)
    return 0.0 if exposed is None else _FASTEST * exposed[1].total_seconds() / 2


def _number(header: fits.Header, card: vocabulary.Card) -> float | None:
    try:
        value = headers.number(header, card)
    except HeaderError:
        return None
    return value if value is not None and math.isfinite(value) else None
