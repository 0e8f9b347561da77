"""The trace, aperture and background zones of a spectrum, on frames of any binning and trim."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from numpy.polynomial import Chebyshev, Polynomial

from reduction.detector import geometry
from reduction.errors import HeaderError
from reduction.extraction.trace_cards import read_trace
from reduction.fits import vocabulary
from reduction.notice_codes import NoticeCode

Edges = tuple[float, float]

_ZONE = re.compile(r"\s*(-?[\d.]+):(-?[\d.]+) column 1\s*")


@dataclass(frozen=True, slots=True)
class Footprint:
    """Trace, aperture and background zones on a frame, in its 0-based pixels.

    Parameters
    ----------
    trace : Polynomial
        Row of a column.
    aperture : (float, float)
        Lower and upper edge relative to the trace, rows.
    zones : tuple of (float, float)
        Edges of the background zones relative to the trace, rows; empty when no background was
        subtracted.
    target : int
        Number of the target on its frame; 0 for a lamp.
    """

    trace: Polynomial
    aperture: Edges
    zones: tuple[Edges, ...]
    target: int

    def seen_on(self, x: Axis, y: Axis) -> Footprint:
        """Return the footprint on another frame, given the relations of its axes to this frame."""
        trace = (self.trace(Polynomial([x.offset, x.scale])) - y.offset) / y.scale
        edges = [(low / y.scale, high / y.scale) for low, high in (self.aperture, *self.zones)]
        return Footprint(trace, edges[0], tuple(edges[1:]), self.target)


@dataclass(frozen=True, slots=True)
class Axis:
    """Relation of an axis of two frames: ``pixel here = offset + scale × pixel there``, 0-based."""

    offset: float
    scale: float

    def there(self, here: float) -> float:
        """Convert a pixel of the first frame to one of the second."""
        return (here - self.offset) / self.scale


def read_footprint(header: fits.Header) -> Footprint:
    """Return the footprint that the header of an extracted spectrum records.

    Raises
    ------
    HeaderError
        The header lacks it: the spectrum was not extracted by this software.
    """
    trace, aperture = read_trace(header)
    first = float(trace(0.0))
    zones = []
    for keyword in (vocabulary.GSP_BKG1, vocabulary.GSP_BKG2):
        match = _ZONE.fullmatch(str(header.get(keyword, "")))
        if match is not None:
            # Written as rows of the first column, counted from 1.
            zones.append((float(match[1]) - 1 - first, float(match[2]) - 1 - first))
    number = header.get(vocabulary.GSP_TNUM, 0)
    target = number if isinstance(number, int) else 0
    return Footprint(trace, aperture, tuple(zones), target)


def axes_between(here: fits.Header, there: fits.Header) -> tuple[Axis, Axis]:
    """Return how the axes (dispersion, slit) of a product `here` and a frame `there` are related.

    Both headers need ``LTM`` and ``LTV``; for a raw frame see `geometry.set_physical`.

    Raises
    ------
    HeaderError
        The cards are missing or implausible.
    """
    axes = []
    for axis in (1, 2):
        origin, following = (
            float(geometry.to_logical(here, axis, geometry.to_physical(there, axis, pixel)))
            for pixel in (0.0, 1.0)
        )
        axes.append(Axis(origin, following - origin))
    return axes[0], axes[1]


def read_scale(header: fits.Header) -> Chebyshev:
    """Return the wavelength solution of the frame that a spectrum was extracted from.

    The argument of the polynomial in the header is the unscaled pixel. The result is scaled to the
    range of columns, so that it can be evaluated without loss of precision.

    Returns
    -------
    Chebyshev
        Column of the frame (0-based) → air wavelength, Å.

    Raises
    ------
    HeaderError
        The spectrum is not wavelength calibrated.
    """
    keyword = vocabulary.GSP_ORDR
    try:
        order, n = int(header[keyword]), int(header[vocabulary.GSP_NPIX])
        coefficients = []
        for number in range(order + 1):
            keyword = f"{vocabulary.GSP_C}{number:03d}"
            coefficients.append(float(header[keyword]))
    except (KeyError, TypeError, ValueError) as error:
        raise HeaderError(NoticeCode.WAVELENGTHS_MISSING, keyword=keyword) from error
    bare = Chebyshev(coefficients)
    columns = np.linspace(0.0, n - 1.0, 4 * order + 8)
    scale: Chebyshev = Chebyshev.fit(columns, bare(columns), order, domain=[0.0, n - 1.0])
    return scale
