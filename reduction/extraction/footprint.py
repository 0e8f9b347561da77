"""Where a spectrum was taken on its frame, as its header tells, also for frames of another trim."""

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
        Lower and upper edge against the trace, rows.
    zones : tuple of (float, float)
        Edges of the background zones against the trace, rows; empty when none was subtracted.
    target : int
        Number of the target on its frame; 0 for a lamp.
    """

    trace: Polynomial
    aperture: Edges
    zones: tuple[Edges, ...]
    target: int

    def seen_on(self, x: Axis, y: Axis) -> Footprint:
        """Return the footprint on another frame, whose axes are told against this one's."""
        trace = (self.trace(Polynomial([x.offset, x.scale])) - y.offset) / y.scale
        edges = [(low / y.scale, high / y.scale) for low, high in (self.aperture, *self.zones)]
        return Footprint(trace, edges[0], tuple(edges[1:]), self.target)


@dataclass(frozen=True, slots=True)
class Axis:
    """``pixel here = offset + scale × pixel there``, 0-based, of one axis of two frames."""

    offset: float
    scale: float

    def there(self, here: float) -> float:
        """Return the pixel there of a pixel here."""
        return (here - self.offset) / self.scale


def read_footprint(header: fits.Header) -> Footprint:
    """Return where an extracted spectrum comes from.

    Raises
    ------
    HeaderError
        The header does not tell: the spectrum was not extracted here.
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
    """Return the axes (dispersion, slit) of a frame there against a product here.

    Both headers need ``LTM`` and ``LTV``; for a raw frame see `geometry.set_physical`.
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
    """Return the wavelength (air, Å) of the columns of the frame that a spectrum was taken from.

    The polynomial of the header is in bare pixels; the one returned is scaled to the columns it
    holds for, so that it can be evaluated without loss.

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
