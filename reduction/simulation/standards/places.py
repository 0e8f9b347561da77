"""Where the standard stars are, and which of them can be observed."""

from __future__ import annotations

import datetime as dt

import numpy as np

from reduction.flux.references.library import Star, stars
from reduction.simulation.cards import EPOCH, Pointing, altitude
from reduction.simulation.standards.spectra import find_star, magnitude

LOWEST = 25.0
"""Altitude below which no standard star is observed, degrees."""

HIGH = 35.0
"""Altitude from which a star of the best ranks is preferred, degrees: an airmass of 1.74."""

BRIGHT_ENOUGH, FAINT_ENOUGH = 9.5, 14.0
"""AB magnitudes between which `visible` chooses."""


def position(name: str, when: dt.datetime) -> Pointing:
    """Return where a standard star is: J2000 coordinates, with its proper motion until `when`."""
    star = find_star(name)
    years = (when - EPOCH).total_seconds() / 31557600
    dec = star.dec + star.pm_dec * years / 3.6e6
    ra = star.ra + star.pm_ra * years / 3.6e6 / np.cos(np.radians(star.dec))
    return Pointing(float(ra) % 360, float(dec), precessed=True)


def visible(when: dt.datetime, without: tuple[str, ...] = ()) -> str:
    """Choose the standard star to observe at a time.

    Parameters
    ----------
    when : datetime
    without : tuple of str
        Stars that are not wanted.

    Returns
    -------
    str
        The highest star of the two best ranks, of any rank when these are low.
    """
    suitable = [
        star
        for star in stars()
        if star.name not in without and BRIGHT_ENOUGH < magnitude(star.name) < FAINT_ENOUGH
    ]

    def height(star: Star) -> float:
        return altitude(when, position(star.name, when))

    best = [star for star in suitable if star.references[0].rank <= 2]
    return max([one for one in best if height(one) > HIGH] or suitable, key=height).name
