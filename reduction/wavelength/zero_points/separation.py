"""What lies between two frames, and by how much the instrument bends in between."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

STILL: Final = 0.3
"""Shift between two frames at one pointing and time, unbinned pixels (one sigma)."""
DRIFT_PER_HOUR: Final = 2.5
"""Shift at one pointing while the telescope tracks, unbinned pixels per hour: the moonlit sky of
2018-02-05 moved by 0.7 pixels in 17 minutes."""
OTHER_POINTING: Final = 2.0
"""Shift between pointings of one night, unbinned pixels (one sigma)."""
OTHER_NIGHT: Final = 3.0
"""Shift between nights, unbinned pixels (one sigma): gratings, camera and slit wheel have been
moved."""
OTHER_SETUP: Final = 1.0
"""Difference of a mask's offset between settings of grating and camera, unbinned pixels (one
sigma)."""
SAME_POINTING: Final = 1.0
"""Degrees between two pointings that count as one."""
SAME_ORIENTATION: Final = 2.0
"""Degrees of elevation and rotator within which flexure is the same."""


@dataclass(frozen=True, slots=True)
class Separation:
    """What lies between two frames.

    Parameters
    ----------
    hours : float
        Between the middles of their exposures; not negative.
    same_pointing, same_night, same_setup : bool
    """

    hours: float
    same_pointing: bool
    same_night: bool = True
    same_setup: bool = True


def flexure(between: Separation) -> float:
    """Return the shift to expect between two frames, unbinned pixels (one sigma)."""
    if not between.same_night:
        shift = OTHER_NIGHT
    elif not between.same_pointing:
        shift = OTHER_POINTING
    else:
        shift = min(DRIFT_PER_HOUR * between.hours, OTHER_POINTING)
    return float(np.hypot(np.hypot(STILL, shift), 0.0 if between.same_setup else OTHER_SETUP))


def same_pointing(first: tuple[float, float] | None, second: tuple[float, float] | None) -> bool:
    """Return whether two directions (right ascension, declination; degrees) are one pointing."""
    if first is None or second is None:
        return False
    across = (first[0] - second[0] + 180) % 360 - 180
    across *= math.cos(math.radians(first[1]))
    return math.hypot(across, first[1] - second[1]) < SAME_POINTING


def same_orientation(first: Sequence[float | None], second: Sequence[float | None]) -> bool:
    """Return whether the instrument hung in the same way: elevation and rotator, degrees.

    A parked telescope keeps them while its right ascension runs on.
    """
    pairs = list(zip(first, second, strict=True))
    if any(a is None or b is None for a, b in pairs):
        return False
    return all(
        abs((a - b + 180) % 360 - 180) < SAME_ORIENTATION
        for a, b in pairs
        if a is not None and b is not None
    )
