"""How many cosmic rays an exposure can have, and structure that is none.

Cosmic rays fall at a known rate, everywhere alike and in every direction. Marks that are more than
the exposure time allows, that crowd in a few rows or columns, or that follow one of them are parts
of the scene: a slit image, a lamp, the edge of a source.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.cosmic_rays.events import events

Bools = NDArray[np.bool_]

RATE = 3.2
"""Visible events per cm² and minute: muons at 2700 m, and Compton electrons (Groom 2002, Exp.
Astron. 14, 45)."""
RATE_FACTOR = 4.0
"""Largest rate over that: showers, a radioactive window, a deep-depletion chip."""
PIXEL_CM = 15e-4
READ_OUT = 60.0
"""Seconds during which charge is collected besides the exposure."""
MOST_WITHOUT = 20
"""Events that any frame may have."""
PIXELS_OF_AN_EVENT = 12.0
"""Mean number of unbinned pixels of an event, at most."""
ALIGNED, ALIGNED_WIDTH = 40, 3
"""Length and width, pixels, of marks along a row or a column that are no track."""
SOLID, SOLID_WIDTH = 60, 5.0
"""Pixels, and pixels over the longer side, from which connected marks are too solid for a track."""
STRIP = 4
"""Rows or columns whose events are counted together."""
CROWDED = 4.0
"""Events of a strip over the typical number, at most."""


@dataclass(frozen=True, slots=True)
class Plausible:
    """What is left of the marks, and why the others are no cosmic rays.

    Parameters
    ----------
    hits : (n_rows, n_columns) bool
    n_found : int
        Events found.
    too_many : bool
        There are more than `most`: none is left.
    n_protected : int
        Pixels that were marked and belong to structure of the scene.
    """

    hits: Bools
    n_found: int
    too_many: bool
    n_protected: int


def most_events(n_pixels: int, binning: tuple[float, float], seconds: float) -> int:
    """Return the largest number of events of an exposure.

    Parameters
    ----------
    n_pixels : int
        Pixels of the frame.
    binning : (float, float)
        Columns and rows of the detector per pixel.
    seconds : float
        Exposure time.
    """
    area = n_pixels * binning[0] * binning[1] * PIXEL_CM**2
    expected = RATE_FACTOR * RATE * area * (seconds + READ_OUT) / 60
    return round(MOST_WITHOUT + expected + 5 * np.sqrt(expected))


def judge(
    hits: Bools, most: int | None, pixels_of_an_event: float = PIXELS_OF_AN_EVENT
) -> Plausible:
    """Return the marks that can be cosmic rays.

    Parameters
    ----------
    hits : (n_rows, n_columns) bool
        Marked pixels.
    most : int or None
        Largest number of events; None if the exposure time is not known.
    pixels_of_an_event : float
        Largest mean number of pixels of an event.
    """
    found = events(hits)
    n_pixels = found.places.size
    if most is not None and (found.count > most or n_pixels > most * pixels_of_an_event):
        return Plausible(np.zeros_like(hits), found.count, True, n_pixels)
    if not found.count:
        return Plausible(hits, 0, False, 0)
    width, height = found.extent(found.column), found.extent(found.row)
    longer, shorter = np.maximum(width, height), np.minimum(width, height)
    size = found.size
    # A track neither follows a row or a column for long nor fills an area.
    scene = (longer >= ALIGNED) & (shorter <= ALIGNED_WIDTH)
    scene |= (size >= SOLID) & (size > SOLID_WIDTH * longer)
    for position, length in zip((found.row, found.column), hits.shape, strict=True):
        scene |= _crowded(found.middle(position), length)
    if not scene.any():
        return Plausible(hits, found.count, False, 0)
    left = hits.copy()
    left.ravel()[found.places[scene[found.label]]] = False
    return Plausible(left, found.count, False, int(size[scene].sum()))


def _crowded(position: NDArray[np.float64], length: int) -> Bools:
    """Return the events in strips that have many more of them than the others."""
    strip = (position / STRIP).astype(int)
    counts = np.bincount(strip, minlength=-(-length // STRIP))
    typical = max(float(np.median(counts)), len(position) / max(len(counts), 1) / 2)
    limit = CROWDED * typical + 6 * np.sqrt(typical) + 8
    return np.asarray((counts > limit)[strip])
